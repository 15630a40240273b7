#!/usr/bin/env python3
"""What HTTP promises beside the body: methods, HEAD, compression and ETags, request ids, other origins.

STRIKEBOOK is the path of the program.
"""
import json
import unittest

from signing import Maker, encode
from wire import WireCase, get, post


class Methods(WireCase):
    def test_another_method_is_405_and_says_which_there_are(self):
        for path, allow in (("/offers", "GET, HEAD, POST"), ("/offers/batch", "POST"), ("/offers/cancel", "POST"),
                            ("/offers/0x" + "ab" * 32, "GET, HEAD"), ("/orderbook/weth", "GET, HEAD"),
                            ("/depth/weth", "GET, HEAD"), ("/quote", "GET, HEAD"), ("/live", "GET, HEAD"),
                            ("/metrics", "GET, HEAD"), ("/offers/0x" + "ab" * 32 + "/explain", "GET, HEAD")):
            for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND") + (("POST",) if "POST" not in allow else ()):
                with self.subTest(f"{method} {path}"):
                    answer = self.service.request(method, path)
                    self.assert_problem(answer, 405, "method_not_allowed")
                    self.assertEqual(answer.headers["Allow"], allow)
        self.assert_problem(self.service.get("/offers/batch"), 405, "method_not_allowed")

    def test_an_unknown_path_is_404(self):
        for path in ("/", "/nothing", "/orderbook", "/orderbook/weth/x", "/offers/0x/y/z", "/offers/../../etc/passwd",
                     "/%2e%2e/", "/health/x"):
            with self.subTest(path):
                self.assert_problem(self.service.get(path), 404)

    def test_head_has_the_headers_of_get_and_no_body(self):
        maker = Maker("head")
        for number in range(8):
            hash = self.post_offer(maker, number)
        for coding in ("identity", "gzip", "gzip, deflate, br"):
            for path in ("/orderbook/weth?pricing=off", f"/offers/{hash}?pricing=off", "/offers", "/depth/weth", "/version", "/protocol", "/nowhere"):
                with self.subTest(f"{path}, {coding}"):
                    wire = self.wire()
                    headers = f"Accept-Encoding: {coding}\r\nX-Request-Id: same\r\n"
                    head = wire.send(get(path, headers, method="HEAD")).answer(head=True)
                    body = wire.send(get(path, headers)).answer()
                    self.assertEqual(head.status, body.status)
                    for name in ("Content-Type", "ETag", "Vary", "X-Request-Id", "X-Content-Type-Options"):
                        self.assertEqual(head.headers[name], body.headers[name], name)
                    if coding == "identity":
                        self.assertEqual(head.headers["Content-Length"], body.headers["Content-Length"])

    def test_replies_are_compressed_only_as_asked_and_tagged_accordingly(self):
        maker = Maker("gzip")
        for number in range(8):
            self.post_offer(maker, number)
        for path in ("/orderbook/weth?pricing=off", "/offers", f"/offers?writer={maker.address}"):
            plain = self.wire().send(get(path)).answer()
            self.assertIsNone(plain.headers["Content-Encoding"])
            tags = {plain.headers["ETag"]: plain.body}
            for accepted, coding in (("gzip", "gzip"), ("deflate, gzip;q=0.5", "gzip"), ("gzip;q=0", None), ("br", None),
                                     ("identity", None), ("gzip, deflate", "gzip"), ("*", None), ("deflate", None),
                                     ("gzip;q=0, deflate", None), ("", None)):
                with self.subTest(f"{path}, {accepted}"):
                    answer = self.wire().send(get(path, f"Accept-Encoding: {accepted}\r\n")).answer()
                    self.assertEqual(answer.headers["Content-Encoding"], coding)
                    self.assertIn("Accept-Encoding", answer.headers["Vary"])
                    self.assertEqual(answer.json, json.loads(plain.body))
                    # One tag never names two different sequences of bytes.
                    self.assertEqual(tags.setdefault(answer.headers["ETag"], answer.body), answer.body)
                    again = self.wire().send(get(
                        path, f"Accept-Encoding: {accepted}\r\nIf-None-Match: {answer.headers['ETag']}\r\n")).answer()
                    self.assertEqual((again.status, again.body, again.headers["ETag"]), (304, b"", answer.headers["ETag"]))

    def test_the_request_id_goes_in_and_out(self):
        for path in ("/version", "/orderbook/weth", "/nowhere", "/orderbook/none"):
            self.assertEqual(self.service.get(path, X_Request_Id="abc-123").headers["X-Request-Id"], "abc-123")
            for bad in ("", "a b", "a" * 129, "\xe4"):
                given = self.service.get(path, X_Request_Id=bad).headers["X-Request-Id"]
                self.assertRegex(given, r"\A[0-9a-f]{16}\Z")
        answer = self.wire().send("POST /offers/batch HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\n"
                                  "Content-Length: 9999999\r\n\r\n").answer()
        self.assertEqual((answer.status, answer.headers["X-Request-Id"]), (413, "mine"))


class Origins(WireCase):
    flags = ("--offer-rate-limit", "0", "--allowed-origins", "https://a.example,https://b.example", "--redis-url", "none")

    def test_allowed_origins_may_read_and_others_may_not(self):
        for path in ("/version", "/orderbook/weth", "/nowhere"):
            for origin, allowed in (("https://a.example", True), ("https://b.example", True), ("https://c.example", False),
                                    ("null", False), ("http://a.example", False)):
                answer = self.service.get(path, Origin=origin)
                self.assertEqual(answer.headers["Access-Control-Allow-Origin"], origin if allowed else None)
                if allowed:
                    self.assertIn("Origin", ", ".join(answer.headers.get_all("Vary")))
            self.assertIsNone(self.service.get(path).headers["Access-Control-Allow-Origin"])

    def test_a_preflight_is_answered_and_the_connection_goes_on(self):
        wire = self.wire()
        for origin, status in (("https://a.example", 204), ("https://c.example", 403), ("https://b.example", 204)):
            wire.send(get("/offers", f"Origin: {origin}\r\nAccess-Control-Request-Method: POST\r\n", method="OPTIONS"))
            answer = wire.answer(head=status == 204)
            self.assertEqual(answer.status, status)
            if status == 204:
                self.assertEqual(answer.headers["Access-Control-Allow-Origin"], origin)
                self.assertIn("POST", answer.headers["Access-Control-Allow-Methods"])
                self.assertIn("Content-Type", answer.headers["Access-Control-Allow-Headers"])
            wire.socket.settimeout(5)
            self.assertEqual(wire.send(get("/version")).answer().status, 200)
        body, hash = Maker("preflight").post_body(1)
        self.assertEqual(wire.send(post(encode(body), headers="Origin: https://a.example\r\n")).answer().json["offerHash"], hash)


if __name__ == "__main__":
    unittest.main()
