#!/usr/bin/env python3
"""HTTP itself, byte by byte over raw connections: pipelining, keep-alive, chunks, limits, garbage.

STRIKEBOOK is the path of the program.
"""
import socket
import time
import unittest

from signing import Maker, encode
from wire import WireCase, get, post


class Requests(WireCase):
    def test_pipelined_requests_are_answered_in_order(self):
        maker = Maker("pipeline")
        posts = [maker.post_body(n, underlying="0x" + "91" * 20) for n in range(40)]
        wire = self.wire()
        data = b""
        for body, hash in posts:
            data += post(encode(body)) + get(f"/offers/{hash}").encode() + get("/orderbook/weth?limit=1").encode()
            data += get("/live").encode() + get("/nowhere").encode() + post(b"{", headers="X-Request-Id: bad\r\n")
        wire.send(data)
        for _, hash in posts:
            answers = [wire.answer() for _ in range(6)]
            self.assertEqual([a.status for a in answers], [201, 200, 200, 200, 404, 400])
            self.assertEqual([answers[0].json["offerHash"], answers[1].json["offerHash"]], [hash, hash])
            self.assertEqual(answers[5].headers["X-Request-Id"], "bad")

    def test_a_body_in_chunks_or_byte_by_byte_is_the_same(self):
        maker = Maker("chunks")
        wire = self.wire()
        for number, size in enumerate((1, 7, 1000)):
            body, hash = maker.post_body(number)
            text = encode(body)
            chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in
                              (text[i:i + size] for i in range(0, len(text), size))) + b"0\r\n\r\n"
            wire.send("POST /offers HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                      "Transfer-Encoding: chunked\r\n\r\n").send(chunks)
            answer = wire.answer()
            self.assertEqual((answer.status, answer.json["offerHash"]), (201, hash))
        body, hash = maker.post_body(9)
        for byte in post(encode(body)):
            wire.send(bytes([byte]))
        self.assertEqual(wire.answer().json["offerHash"], hash)

    def test_one_connection_serves_many_and_closes_when_asked(self):
        wire = self.wire()
        for _ in range(200):
            self.assertEqual(wire.send(get("/orderbook/weth")).answer().status, 200)
            self.assertEqual(wire.send(get("/version")).answer().status, 200)
        for path in ("/orderbook/weth", "/version"):
            wire = self.wire()
            answer = wire.send(get(path, "Connection: close\r\n")).answer()
            self.assertEqual((answer.status, answer.headers["Connection"]), (200, "close"))
            self.assertTrue(wire.is_closed())
        for path in ("/orderbook/weth", "/version"):
            with self.subTest("HTTP/1.0 " + path):
                wire = self.wire()
                self.assertEqual(wire.send(get(path, version="1.0")).answer().status, 200)
                self.assertTrue(wire.is_closed())

    def test_a_client_that_half_closes_has_its_answer(self):
        body, hash = Maker("half closed").post_body(1)
        for request, check in ((post(encode(body)), lambda a: a.json["offerHash"] == hash),
                               (get("/version").encode(), lambda a: a.status == 200),
                               (get("/orderbook/weth").encode(), lambda a: a.status == 200)):
            wire = self.wire()
            wire.send(request)
            wire.socket.shutdown(socket.SHUT_WR)
            answer = wire.answer()
            self.assertTrue(answer and check(answer), answer)
            self.assertTrue(wire.is_closed())

    def test_a_client_that_leaves_before_its_answer_harms_nobody(self):
        maker = Maker("leaver")
        hashes = []
        for number in range(20):
            body, hash = maker.post_body(number)
            wire = self.wire()
            wire.send(post(encode(body)))
            wire.close()
            hashes.append(hash)
        self.assertEqual(self.service.get("/live").status, 200)
        self.assertEqual(self.post_offer(maker, 99), maker.post_body(99)[1])

    def test_expect_100_continue_is_answered_before_the_body(self):
        body, hash = Maker("expect").post_body(1)
        wire = self.wire()
        request = post(encode(body), headers="Expect: 100-continue\r\n")
        head, text = request.split(b"\r\n\r\n", 1)
        self.assertEqual(wire.send(head + b"\r\n\r\n").answer().status, 100)
        answer = wire.send(text).answer()
        self.assertEqual((answer.status, answer.json["offerHash"]), (201, hash))
        self.assertEqual(wire.send(get("/version")).answer().status, 200)
        answer = self.wire().send(
            "POST /offers/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\nExpect: 100-continue\r\n\r\n").answer()
        self.assert_problem(answer, 413, "body_too_large")

    def test_an_upgrade_nobody_takes_is_ignored(self):
        body, hash = Maker("upgrade").post_body(1)
        h2c = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"
        socket = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n"
        for headers in (h2c, socket, "Upgrade: x\r\n"):
            for request, status in ((get("/version", headers), 200), (get("/orderbook/weth", headers), 200),
                                    (get("/nowhere", headers), 404), (post(encode(body), headers=headers), (200, 201)),
                                    (get("/nowhere", headers, method="CONNECT"), (400, 404, 405))):
                with self.subTest(request):
                    wire = self.wire()
                    answer = wire.send(request).answer()
                    self.assertIn(answer.status, status if isinstance(status, tuple) else (status,))
                    # Nothing more would be read from it.
                    self.assertEqual(answer.headers["Connection"], "close")
                    self.assertTrue(wire.is_closed())
        self.assertEqual(self.offer(hash)["status"], "open")


class Refusals(WireCase):
    def test_garbage_is_answered_400_and_closed(self):
        for name, data in (
                ("text", b"hello\r\n\r\n"), ("bytes", bytes(range(256))), ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"),
                ("no version", b"GET /\r\n\r\n"), ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
                ("a space in a name", b"GET /live HTTP/1.1\r\nHo st: x\r\n\r\n"),
                ("two lengths", b"POST /offers HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
                ("length and chunks", b"POST /offers HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}"),
                ("a negative length", b"POST /offers HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
                ("a huge length", b"POST /offers HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n"),
                ("a broken chunk", b"POST /offers HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")):
            with self.subTest(name):
                wire = self.wire()
                answer = wire.send(data).answer()
                self.assertIsNotNone(answer, "closed without an answer")
                self.assert_problem(answer, 400)
                self.assertTrue(wire.is_closed())
        wire = self.wire()
        wire.send(get("/version") + "nonsense\r\n\r\n")
        self.assertEqual([wire.answer().status, wire.answer().status], [200, 400])
        self.assertTrue(wire.is_closed())
        self.assertEqual(self.service.get("/live").status, 200)

    def test_headers_have_limits(self):
        for name, headers, status in (
                ("60 fields", "".join(f"X-{n}: 1\r\n" for n in range(60)), 200),
                ("65 fields", "".join(f"X-{n}: 1\r\n" for n in range(65)), 400),
                ("15 KiB", "X-Long: " + "a" * 15_000 + "\r\n", 200), ("17 KiB", "X-Long: " + "a" * 17_000 + "\r\n", 400),
                ("17 KiB in small ones", "".join(f"X-{n}: {'a' * 400}\r\n" for n in range(43)), 400),
                ("endless", "X-Long: " + "a" * 1_000_000, 400)):
            with self.subTest(name):
                wire = self.wire()
                try:
                    wire.send(get("/version", headers))
                except (BrokenPipeError, ConnectionResetError):
                    pass
                answer = wire.answer()
                self.assertIsNotNone(answer, "closed without an answer")
                self.assertIn(answer.status, (status, 431 if status == 400 else status))
        wire = self.wire()
        self.assertIn(wire.send(get("/" + "a" * 20_000)).answer().status, (400, 414, 431))

    def test_bodies_have_limits_whether_their_length_is_told_or_not(self):
        for path, limit in (("/offers", 16_384), ("/offers/cancel", 65_536), ("/offers/batch", 1 << 20)):
            for length in (limit + 1, 4 << 20):
                with self.subTest(f"{path}, {length} told"):
                    wire = self.wire()
                    wire.send(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n")
                    self.flood(wire, [b" " * length])
                    self.assert_problem(wire.answer(), 413, "body_too_large")
                with self.subTest(f"{path}, {length} in chunks"):
                    wire = self.wire()
                    wire.send(f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
                    self.flood(wire, [b"1000\r\n" + b" " * 4096 + b"\r\n"] * (length // 4096 + 1) + [b"0\r\n\r\n"])
                    self.assert_problem(wire.answer(), 413, "body_too_large")
            with self.subTest(f"{path}, {limit} are read"):
                self.assert_problem(self.service.post(path, b" " * limit), 400)
        self.assert_problem(self.wire().send(
            "GET /version HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx").answer(), 413)

    def flood(self, wire, parts):
        """Sends until the other side has had enough."""
        try:
            for part in parts:
                wire.send(part)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def test_the_connection_lives_after_an_ordinary_refusal(self):
        wire = self.wire()
        for request, status in (
                (get("/nowhere"), 404), (get("/offers", method="DELETE"), 405), (post(b"{"), 400),
                (post(b"x" * 20_000), 413), (get("/orderbook/weth?limit=0"), 400), (get("/orderbook/none"), 404),
                (post(b"{}", headers="").replace(b"application/json", b"text/plain"), 415)):
            self.assertEqual(wire.send(request).answer().status, status, request)
        self.assertEqual(wire.send(get("/version")).answer().status, 200)

    def test_slow_and_silent_clients_hold_up_nobody(self):
        wires = [self.wire() for _ in range(300)]
        for number, wire in enumerate(wires):
            wire.send(("", "GET /ver", "POST /offers HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{")[number % 3])
        begin = time.monotonic()
        self.assertEqual(self.service.request("GET", "/orderbook/weth", fresh=True).status, 200)
        self.assertLess(time.monotonic() - begin, 5)


if __name__ == "__main__":
    unittest.main()
