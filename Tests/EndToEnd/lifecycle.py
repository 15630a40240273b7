#!/usr/bin/env python3
"""A service's ends and starts: draining, the same book after a restart, one start a directory, settings refused.

STRIKEBOOK is the path of the program.
"""
import http.client
import json
import os
import signal
import subprocess
import threading
import time
import unittest

from service import PROGRAM, Databases, Service, scratch
from signing import Maker, encode


class Draining(unittest.TestCase):
    def drain(self, *flags):
        """Posts from many threads, asks the service to end, and compares the answers with what it stored."""
        service = Service(*flags)
        makers = [Maker(f"drain {n}") for n in range(12)]
        bodies = [[(encode(body), hash) for body, hash in (maker.post_body(n) for n in range(400))] for maker in makers]
        answered, broken, started = [], [], threading.Barrier(len(makers) + 1)

        def post(bodies):
            connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
            connection.connect()
            started.wait()
            for number, (body, hash) in enumerate(bodies):
                try:
                    connection.request("POST", "/offers", body, {"Content-Type": "application/json"})
                except OSError:
                    return  # nothing of it was taken
                try:
                    response = connection.getresponse()
                    status, reply = response.status, response.read()
                except (http.client.RemoteDisconnected, ConnectionResetError):
                    return broken.append(hash)  # closed between two requests: it may be sent again elsewhere
                except (OSError, http.client.HTTPException) as error:
                    return broken.append(repr(error))
                answered.append((status, hash))
                if status not in (200, 201):
                    return broken.append(reply)
                if response.getheader("Connection") == "close":
                    return

        threads = [threading.Thread(target=post, args=(part,)) for part in bodies]
        for thread in threads:
            thread.start()
        started.wait()
        time.sleep(0.4)
        begin = time.monotonic()
        self.assertEqual(service.stop(signal.SIGTERM), 0, service.tail)
        self.assertLess(time.monotonic() - begin, 15)
        for thread in threads:
            thread.join()
        self.assertGreater(len(answered), 12)
        self.assertEqual({status for status, _ in answered}, {201}, broken[:3])
        again = Service(*flags, data=service.data)
        stored = {row["offerHash"] for row in again.rows("weth?side=call&limit=1000")}
        self.assertEqual({hash for _, hash in answered} - stored, set())
        # No request was taken whose answer was then kept back.
        self.assertEqual(set(broken) & stored, set())
        self.assertEqual({text for text in broken if not str(text).startswith("0x")}, set())
        again.end()

    def test_no_accepted_request_is_dropped(self):
        self.drain("--offer-rate-limit", "0", "--redis-url", "none")

    def test_nor_one_that_is_rate_limited(self):
        self.drain("--offer-rate-limit", "100000", "--redis-url", "none")

    def test_idle_and_half_sent_connections_do_not_hold_it_up_for_long(self):
        service = Service("--redis-url", "none")
        idle = [service.connect() for _ in range(50)]
        for number, connection in enumerate(idle[:20]):
            connection.sendall(b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n" if number % 2 else b"GET /li")
        begin = time.monotonic()
        self.assertEqual(service.stop(signal.SIGINT, 60), 0)
        self.assertLess(time.monotonic() - begin, 10)
        for connection in idle:
            connection.close()


class Restarting(unittest.TestCase):
    def test_a_restarted_service_shows_the_same_bytes(self):
        service = Service("--offer-rate-limit", "0")
        maker, other = Maker("restart"), Maker("restart too")
        kept, closed = [], []
        for number in range(60):
            body, hash = (maker, other)[number % 2].post_body(number, isCall=number % 3 > 0, premiumPerDay=1 + number * 37 % 11)
            self.assertEqual(service.post("/offers", body).status, 201)
            if number % 4 == 0:
                self.assertEqual(service.post("/offers/cancel", (maker, other)[number % 2].cancel(hash)).status, 200)
                closed.append(hash)
            else:
                kept.append(hash)
        early, tombstoned = maker.post_body(99)
        service.post("/offers/cancel", maker.cancel(tombstoned))
        # Prices move on; everything else is as it was.
        books = ["weth", "weth?side=call&limit=7", "weth?side=put&sort=created", "weth?sort=-premium", "wbtc"]
        offers = ["?limit=20", "?status=cancelled", "/" + kept[0] + "?pricing=off", "/" + closed[0] + "?pricing=off"]
        paths = [f"/orderbook/{book}{'&' if '?' in book else '?'}pricing=off" for book in books]
        paths += ["/offers" + offer for offer in offers] + ["/depth/weth"]
        cursor = service.get(paths[1]).json["calls"]["nextCursor"]
        paths.append(f"{paths[1]}&cursor={cursor}")

        def look(service):
            return {path: (answer.body, answer.headers["ETag"]) for path in paths for answer in [service.get(path)]}

        before, health = look(service), service.get("/health").json
        self.assertEqual(service.stop(), 0)
        again = Service("--offer-rate-limit", "0", data=service.data)
        self.assertEqual(look(again), before)
        for name in ("epoch", "seq"):
            self.assertEqual(again.get("/health").json[name], health[name])
        tag = before[paths[0]][1]
        self.assertEqual(again.get(paths[0], If_None_Match=tag).status, 304)
        self.assertEqual(again.post("/offers", early).json["status"], "cancelled")
        again_body = maker.post_body(0, isCall=False, premiumPerDay=1)[0]
        self.assertEqual((again.post("/offers", again_body).status, again.post("/offers", again_body).json["status"]),
                         (200, "cancelled"))
        again.end()

    def test_a_second_start_on_the_same_directory_says_so_and_ends(self):
        service = Service("--redis-url", "none")
        second = Service("--redis-url", "none", data=service.data, wait=False)
        self.assertEqual(second.process.wait(30), 3)
        self.assertIn(str(service.data), second.tail)
        self.assertEqual(service.get("/ready").status, 200)
        service.end()


class Refusals(unittest.TestCase):
    def run_serve(self, *flags, **environment):
        done = subprocess.run([PROGRAM, "serve", "--data-dir", str(scratch("refused")), *flags], capture_output=True, text=True,
                              timeout=60, env=os.environ | environment)
        return done.returncode, done.stderr

    def test_a_bad_setting_ends_with_2_and_its_name(self):
        broken = scratch("broken.json")
        broken.write_text('{"prot": 1}')
        for flags, environment, name in (
                (("--port", "70000"), {}, "--port"), (("--prot", "1"), {}, "--prot"), ((), {"STRIKEBOOK_PROT": "1"}, "STRIKEBOOK_PROT"),
                ((), {"STRIKEBOOK_CHAIN_ID": "x"}, "--chain-id"), (("--verifying-contract", "0x12"), {}, "--verifying-contract"),
                (("--offer-rate-limit", "-1"), {}, "--offer-rate-limit"), (("--trusted-proxies", "x"), {}, "--trusted-proxies"),
                (("--tokens", "/nowhere.json"), {}, "/nowhere.json"), (("--config", str(broken)), {}, "prot"),
                (("--log-level", "loud"), {}, "--log-level")):
            with self.subTest(name):
                status, text = self.run_serve(*flags, **environment)
                self.assertEqual(status, 2, text)
                self.assertIn(name, text)

    def test_a_database_that_is_not_there_ends_with_3(self):
        status, text = self.run_serve("--database-url", "postgresql://127.0.0.1:1/none")
        self.assertEqual(status, 3, text)

    def test_a_database_of_another_deployment_or_without_schema_is_refused(self):
        databases = Databases()
        flags = ("--database-url", databases.url, "--redis-url", "none")
        self.assertEqual(self.run_serve(*flags)[0], 4)
        service = Service(*flags, "--migrate", "on")
        service.end()
        for more in (("--chain-id", "1"), ("--verifying-contract", "0x" + "12" * 20)):
            status, text = self.run_serve(*flags, *more)
            self.assertEqual(status, 2, text)
            self.assertIn("31337", text)
        databases.end()


if __name__ == "__main__":
    unittest.main()
