#!/usr/bin/env python3
"""A running service whose PostgreSQL or Redis dies, freezes or is tampered with: every answer stays true.

STRIKEBOOK is the path of the program.
"""
import json
import os
import signal
import subprocess
import threading
import time
import unittest
from pathlib import Path

from checks import ServiceCase
from log_chain import verify
from service import Databases, Service, eventually, psql
from signing import Maker


def pid_of(service, server):
    """The process that the service said it had started last."""
    lines = [json.loads(line) for line in service.log.read_text().splitlines() if line.startswith("{")]
    return int([line["pid"] for line in lines if line["message"] == "started" and line.get("server") == server][-1])


class KilledDatabase(unittest.TestCase):
    def test_answers_around_a_killed_postgresql_are_true_and_it_is_soon_ready_again(self):
        service = Service("--offer-rate-limit", "0")
        stop, told, refused, wrong = threading.Event(), {}, [], []

        def write(number):
            maker = Maker(f"outage {number}")
            for count in range(100_000):
                if stop.is_set():
                    return
                body, hash = maker.post_body(count)
                begin = time.monotonic()
                answer = service.post("/offers", body)
                took = time.monotonic() - begin
                if answer.status == 503:
                    refused.append((hash, answer.json["code"], answer.headers["Retry-After"], took))
                    time.sleep(0.05)
                elif answer.status in (200, 201) and took < 30:
                    told[hash] = answer.json["seq"]
                else:
                    wrong.append((answer, took))

        threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(3):
            time.sleep(1)
            before = len(told)
            os.kill(pid_of(service, "PostgreSQL"), signal.SIGKILL)
            # Reads of the book go on from memory.
            self.assertEqual(service.get("/orderbook/weth").status, 200)
            eventually("posts are taken again", lambda: len(told) > before + 20, 60)
            eventually("it is ready", lambda: service.get("/ready").status == 200, 30)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        self.assertEqual({retry for _, _, retry, _ in refused} - {"1"}, set())
        url = f"postgresql:///strikebook?user=strikebook&host={Path(service.data / 'run').resolve()}"
        rows = verify(lambda sql: psql(url, sql))
        created = {related: seq for seq, kind, related in rows if kind == "offer_created"}
        self.assertEqual(len(created), len(rows))
        self.assertEqual({hash: created.get(hash) for hash in told}, told)
        # "not stored" is a promise as well.
        self.assertEqual({hash for hash, code, _, _ in refused if code == "not_stored"} & created.keys(), set())
        eventually("the book shows the log", lambda: {
            row["offerHash"] for row in service.rows("weth?side=call&limit=1000")} == created.keys())
        # It leads again: a deadline is seen.
        hash = Maker("after").post_body(1, deadline=int(time.time()) + 2)
        self.assertEqual(service.post("/offers", hash[0]).status, 201)
        eventually("an expiry is logged", lambda: service.get(f"/offers?hashes={hash[1]}&status=expired").json["offers"])
        service.end()


class Redis(ServiceCase):
    """One service with a Redis of the test's own."""

    @classmethod
    def setUpClass(cls):
        cls.databases = Databases()
        cls.service = Service("--database-url", cls.databases.url, "--redis-url", cls.databases.redis_url, "--migrate", "on",
                              "--trusted-proxies", "127.0.0.1")

    def redis(self, *words):
        path = str(self.databases.directory / "redis.sock")
        done = subprocess.run(["redis-cli", "-s", path, *words], check=True, capture_output=True, text=True)
        return done.stdout.splitlines()

    def post(self, maker, number, client):
        answer = self.service.post("/offers", maker.post_body(number)[0], X_Forwarded_For=client)
        return answer.status, answer.headers["RateLimit-Remaining"]

    def book(self):
        return self.service.get("/orderbook/weth").body

    def test_1_what_is_committed_appears_there_with_its_seq(self):
        maker = Maker("mirrored")
        body, hash = maker.post_body(1)
        receipt = self.service.post("/offers", body, X_Forwarded_For="192.0.2.1").json
        key = "strikebook:offer:" + hash
        eventually("the offer is there", lambda: self.redis("HGET", key, "status") == ["open"])
        self.assertEqual(self.redis("HGET", key, "seq"), [str(receipt["seq"])])
        self.assertEqual(self.redis("HGET", "strikebook:filled:" + hash, "remaining"), [receipt["remaining"]])
        [keys] = [self.redis("KEYS", "strikebook:orderbook:*:call")]
        self.assertEqual(len(keys), 1)
        rendered = json.loads("\n".join(self.redis("HGET", keys[0], "book")))
        self.assertEqual([row["offerHash"] for row in rendered["rows"]], [hash])
        self.service.post("/offers/cancel", maker.cancel(hash))
        eventually("the cancel is there", lambda: self.redis("HGET", key, "status") == ["cancelled"])

    def test_2_a_wiped_or_poisoned_keyspace_changes_no_answer(self):
        maker = Maker("poisoned")
        status, left = self.post(maker, 1, "192.0.2.2")
        self.assertEqual((status, left), (201, "99"))
        book = self.book()
        for words in (("FLUSHALL",), ("SCRIPT", "FLUSH")):
            self.redis(*words)
            self.assertEqual(self.book(), book)
        self.assertEqual(self.post(maker, 2, "192.0.2.2")[0], 201)
        body, hash = maker.post_body(3)
        name = "strikebook:orderbook:0x4200000000000000000000000000000000000006:call"
        for key in (name, "strikebook:offer:" + hash, "strikebook:filled:" + hash,
                    "strikebook:ratelimit:offers:client:192.0.2.3", f"strikebook:ratelimit:offers:writer:{maker.address}"):
            self.redis("DEL", key)
            self.redis("LPUSH", key, "poison")
        self.assertEqual(self.service.post("/offers", body, X_Forwarded_For="192.0.2.3").status, 201)
        eventually("the offer is there", lambda: self.redis("HGET", "strikebook:offer:" + hash, "status") == ["open"])
        self.redis("HSET", "strikebook:offer:" + hash, "seq", "nonsense")
        self.redis("HSET", name, "seq", "nonsense", "book", "nonsense")
        self.service.post("/offers/cancel", maker.cancel(hash))
        eventually("the cancel is there", lambda: self.redis("HGET", "strikebook:offer:" + hash, "status") == ["cancelled"])
        eventually("the book is there", lambda: self.redis("HGET", name, "book")[0].startswith("{"))

    def test_3_a_frozen_redis_slows_a_post_by_its_time_out_at_most(self):
        maker, pid = Maker("frozen"), self.databases.processes[1].pid
        os.kill(pid, signal.SIGSTOP)
        try:
            for number in range(10):
                begin = time.monotonic()
                self.assertEqual(self.post(maker, number, "192.0.2.4")[0], 201)
                self.assertLess(time.monotonic() - begin, 6)
            self.assertEqual(self.service.get("/ready").status, 200)
        finally:
            os.kill(pid, signal.SIGCONT)
        eventually("it is used again", lambda: self.service.get("/stats").json["redis_connected"] == 1)

    def test_4_without_redis_everything_still_works(self):
        maker = Maker("bereft")
        self.databases.processes[1].terminate()
        self.databases.processes[1].wait(10)
        eventually("it notices", lambda: self.service.get("/stats").json["redis_connected"] == 0)
        self.assertEqual(self.service.get("/ready").status, 200)
        self.assertEqual(self.service.get("/health").json["status"], "degraded")
        left = [self.post(maker, number, "192.0.2.5") for number in range(101)]
        self.assertEqual(left, [(201, str(99 - number)) for number in range(100)] + [(429, "0")])
        hash = maker.post_body(5)[1]
        self.assertEqual(self.service.post("/offers/cancel", maker.cancel(hash)).json["results"][0]["status"], "cancelled")
        self.assertNotIn(hash.encode(), self.book())
        self.assertEqual(len(self.service.rows("weth?side=call&limit=50")), len(self.service.get(
            "/offers?status=open&limit=1000").json["offers"]))


if __name__ == "__main__":
    unittest.main()
