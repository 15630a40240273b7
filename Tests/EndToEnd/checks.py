"""What the test programs here share: a case with one running service, and assertions about answers."""
import re
import unittest

from service import Service

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z")
_services = {}


class ServiceCase(unittest.TestCase):
    """Tests against one service with `flags`; classes with the same flags share it."""
    flags = ("--offer-rate-limit", "0")
    longMessage = True

    @classmethod
    def setUpClass(cls):
        if cls.flags not in _services:
            _services[cls.flags] = Service(*cls.flags)
        cls.service = _services[cls.flags]

    def assert_problem(self, answer, status, code=None, field=None):
        """A problem document with this status; `code` may be several."""
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json", answer)
        problem = answer.json
        self.assertLessEqual({"type", "title", "status", "detail", "code", "requestId"}, problem.keys())
        self.assertEqual(problem["status"], status)
        self.assertRegex(problem["code"], r"\A[a-z0-9]+(_[a-z0-9]+)*\Z")
        self.assertEqual(problem["requestId"], answer.headers["X-Request-Id"], answer)
        self.assertNotRegex(problem["detail"], "SELECT|INSERT|pg_|transaction_logs")
        if code is not None:
            self.assertIn(problem["code"], (code,) if isinstance(code, str) else code, answer)
        if field is not None:
            self.assertEqual(problem.get("field"), field, answer)
        return problem

    def post_offer(self, maker, number=0, status=201, **changes):
        """Posts an offer; its hash."""
        body, hash = maker.post_body(number, **changes)
        answer = self.service.post("/offers", body)
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.json["offerHash"], hash)
        return hash

    def cancel(self, body):
        """Posts a cancel; the reply."""
        answer = self.service.post("/offers/cancel", body)
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def offer(self, hash):
        answer = self.service.get(f"/offers/{hash}?pricing=off")
        self.assertEqual(answer.status, 200, answer)
        return answer.json
