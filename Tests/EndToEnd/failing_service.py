#!/usr/bin/env python3
"""Commands against services that fail: tried again a few times, then a sentence.

STRIKEBOOK is the path of the program.
"""
import http.server
import json
import threading
import unittest

from program import run
from signing import Maker


class Answers(unittest.TestCase):
    def test_a_lost_connection_and_a_503_are_tried_again(self):
        receipt = {"offerHash": "0x" + "00" * 32, "seq": 1, "status": "open"}
        for answers, tries, code in ((["drop", 503, (201, receipt)], 3, 0), ([503] * 9, 4, 1), (["drop"] * 9, 4, 1),
                                     ([(500, "<html>")], 1, 1), ([(200, "no JSON")], 1, 1)):
            with Broken(answers) as broken:
                done = run("offer", "post", "-", "--url", broken.url, given=json.dumps(Maker("x").post_body()[0]), code=code)
                self.assertEqual(broken.asked, tries, answers)
                self.assertEqual(done.errors == "", code == 0)

    def test_nobody_listening_is_said_so(self):
        done = run("book", "weth", "--url", "http://127.0.0.1:1", code=1)
        self.assertIn("does not answer: nothing listens there", done.errors)
        run("book", "weth", "--url", "ftp://127.0.0.1:1", code=2)
        run("book", "weth", "--url", "http://", code=2)


class Broken(http.server.ThreadingHTTPServer):
    """A service that answers POSTs in turn: with a status, a status and a body, or by closing the connection."""

    def __init__(self, answers):
        super().__init__(("127.0.0.1", 0), BrokenAnswer)
        self.answers, self.asked = list(answers), 0
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass

    def __exit__(self, *_):
        self.shutdown()
        super().__exit__()


class BrokenAnswer(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = self.server.answers[self.server.asked]
        self.server.asked += 1
        if answer == "drop":
            self.close_connection = True
            return
        status, body = answer if isinstance(answer, tuple) else (answer, {"code": "not_stored", "detail": "Not stored."})
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    unittest.main()
