#!/usr/bin/env python3
"""What one client of `/ws` can do to the others: nothing. Slow readers by the hundred, floods, too many connections,
and the end of the service.

STRIKEBOOK is the path of the program.
"""
import resource
import socket
import threading
import time
import unittest

from checks import ServiceCase
from live import PING, TEXT, Live, LiveBook, Refused, frame
from service import Service, eventually
from signing import Maker

resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)


def memory(service):
    """Resident bytes of the service's own process."""
    for line in open(f"/proc/{service.process.pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


class Slow(ServiceCase):
    def test_slow_readers_by_the_hundred_beside_fast_ones(self):
        service, maker = self.service, Maker("slow")
        fast = Live(service)
        book = LiveBook(fast.subscribe("offers"))
        slow = []
        for _ in range(200):
            live = Live(service, receive_buffer=4_096)
            live.send(type="subscribe", channel="offers")
            slow.append(live)
        latencies, stop = [], threading.Event()
        sent = {}

        def read():
            while not stop.is_set() or book.seq < last[0]:
                message = fast.receive()
                book.take(message)
                if message["type"] == "delta":
                    for change in message["changes"]:
                        if change["op"] == "add" and change["offerHash"] in sent:
                            latencies.append(time.monotonic() - sent[change["offerHash"]])

        last, reader = [0], threading.Thread(target=read)
        reader.start()
        before = memory(service)
        # Some 8 MB for each of them, who read nothing.
        for start in range(0, 6_000, 100):
            bodies = [maker.post_body(number) for number in range(start, start + 100)]
            answer = service.post("/offers/batch", {"offers": [body for body, _ in bodies]})
            now = time.monotonic()
            for _, hash in bodies:
                sent[hash] = now
            last[0] = max(result["seq"] for result in answer.json["results"])
        stop.set()
        reader.join(30)
        self.assertFalse(reader.is_alive(), "the fast reader was held up")
        self.assertEqual(len(book.rows), 6_000)
        grown = memory(service) - before
        # Their 200 queues of 1 MiB share the bytes of the messages; offers and rows are most of this.
        self.assertLess(grown, 200 << 20, f"{grown >> 20} MiB more")
        codes = []
        for live in slow[:20]:
            codes.append(live.closed().code)
        self.assertEqual(set(codes), {1013})
        print(f"slow: {len(latencies)} deliveries to the fast one, worst {max(latencies, default=0) * 1e3:.0f} ms after the "
              f"answer; {grown >> 20} MiB more", flush=True)
        # What an operator sees of it.
        metrics = {line.split()[0]: float(line.split()[1]) for line in service.get("/metrics").body.decode().splitlines()
                   if line.startswith("strikebook_websocket_")}
        self.assertGreaterEqual(metrics["strikebook_websocket_connections"], 1)
        self.assertGreaterEqual(metrics["strikebook_websocket_subscriptions"], 1)
        self.assertGreaterEqual(metrics["strikebook_websocket_closed_slow_total"], 200)
        self.assertGreaterEqual(metrics["strikebook_websocket_deliveries_total"], 60)
        self.assertEqual(metrics["strikebook_websocket_queued_bytes"], 0, "nothing is kept for who is closed")
        for live in slow:
            live.close()
        # And the next client is served.
        self.assertEqual(Live(service).welcome["type"], "welcome")

    def test_slow_readers_of_a_large_snapshot_take_no_memory(self):
        service, maker = self.service, Maker("slow snapshot")
        for start in range(0, 3_000, 500):
            bodies = [maker.post_body(number, isCall=False)[0] for number in range(start, start + 500)]
            service.post("/offers/batch", {"offers": bodies})
        Live(service).subscribe("orderbook:weth:put")
        before = memory(service)
        slow = []
        for _ in range(100):
            live = Live(service, receive_buffer=4_096)
            live.send(type="subscribe", channel="orderbook:weth:put")
            slow.append(live)
        time.sleep(0.5)
        grown = memory(service) - before
        self.assertLess(grown, 60 << 20, f"{grown >> 20} MiB more for 100 snapshots of 3 MB that nobody reads")
        for live in slow:
            live.close()


class Floods(ServiceCase):
    def test_messages_beyond_the_limit_are_refused_and_at_last_the_client(self):
        live = Live(self.service)
        live.send_raw(frame(TEXT, b'{"type":"ping"}') * 400)
        kinds = [message for message in (live.receive() for _ in range(400)) if message["type"] != "heartbeat"]
        pongs = sum(message["type"] == "pong" for message in kinds)
        self.assertTrue(250 <= pongs < 300, pongs)
        self.assertEqual({message["code"] for message in kinds if message["type"] == "error"}, {"rate_limited"})
        time.sleep(0.2)
        live.send(type="ping")
        live.until("pong")
        try:
            live.send_raw(frame(PING) * 2_000)
        except (BrokenPipeError, ConnectionResetError):
            pass
        self.assertEqual(live.closed().code, 1008)

    def test_pings_of_a_client_that_reads_nothing(self):
        live = Live(self.service, receive_buffer=4_096)
        before = memory(self.service)
        try:
            for _ in range(200):
                live.send_raw(frame(PING, bytes(125)) * 100)
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            pass
        self.assertLess(memory(self.service) - before, 20 << 20)

    def test_more_connections_than_one_address_may_have(self):
        flags = ("--trusted-proxies", "127.0.0.1", "--offer-rate-limit", "0")
        service = Service(*flags)
        self.addCleanup(service.end)
        lives, refusal = [], None
        while refusal is None and len(lives) < 1_100:
            try:
                lives.append(Live(service, headers=["X-Forwarded-For: 203.0.113.7"], greeted=False))
            except Refused as refused:
                refusal = refused.answer
        self.assertEqual(len(lives), 1_000)
        self.assert_problem(refusal, 429, "too_many_connections")
        self.assertIn("Retry-After", refusal.headers)
        # Another client comes in, and so does this one once it has left.
        other = Live(service, headers=["X-Forwarded-For: 203.0.113.8"])
        lives.pop().close()
        eventually("there is room", lambda: self.enters(service))
        # The end: everybody is told.
        begin = time.monotonic()
        service.process.terminate()
        self.assertEqual({live.closed().code for live in [other, *lives]}, {1001})
        for live in lives:
            live.close()
        self.assertEqual(service.process.wait(20), 0)
        self.assertLess(time.monotonic() - begin, 10)

    def enters(self, service):
        try:
            return Live(service, headers=["X-Forwarded-For: 203.0.113.7"])
        except Refused:
            return None


class Allowed(ServiceCase):
    flags = ("--offer-rate-limit", "0", "--allowed-origins", "https://shop.example,https://other.example")

    def test_listed_origins(self):
        Live(self.service, headers=["Origin: https://shop.example"])
        with self.assertRaises(Refused) as caught:
            Live(self.service, headers=["Origin: https://evil.example"])
        self.assert_problem(caught.exception.answer, 403, "origin_not_allowed")


class End(ServiceCase):
    def test_a_client_that_does_not_answer_the_goodbye_does_not_hold_the_service(self):
        service = Service("--offer-rate-limit", "0")
        self.addCleanup(service.end)
        silent = [Live(service, receive_buffer=4_096) for _ in range(20)]
        half = socket.create_connection(("127.0.0.1", service.port))
        half.sendall(b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgr")
        begin = time.monotonic()
        service.process.terminate()
        self.assertEqual(service.process.wait(30), 0)
        self.assertLess(time.monotonic() - begin, 12)
        for live in silent:
            live.close()
        half.close()


if __name__ == "__main__":
    unittest.main()
