#!/usr/bin/env python3
"""Two services follow one chain on a real EVM: one at a time, the other goes on when it dies, nothing counts twice; and what
either says of positions is the same, whatever lies in the Redis they share.

STRIKEBOOK is the path of the program.
"""
import signal
import subprocess
import unittest

from chain_node import Node, Protocol
from service import Databases, Service, eventually
from signing import Maker


class Processes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = Node()
        cls.protocol = Protocol(cls.node)
        cls.databases = Databases()
        cls.flags = cls.protocol.flags(
            "--database-url", cls.databases.url, "--redis-url", cls.databases.redis_url, "--migrate", "on",
            "--confirmations", "3", "--operator-key", "secret")
        cls.services = [Service(*cls.flags), Service(*cls.flags)]
        cls.maker = Maker("two followers")
        cls.offer = cls.maker.offer(0, deadline=cls.node.time + 86_400 * 300, minFillAmount=1)
        answer = cls.services[0].post("/offers", cls.maker.body(cls.offer))
        assert answer.status == 201, answer
        cls.hash, cls.taken = answer.json["offerHash"], 0

    def take(self, amount=10**16):
        self.protocol.take(self.maker, self.offer, amount)
        type(self).taken += amount

    def everywhere(self):
        for service in self.services:
            eventually("the fills are seen", lambda: service.get(f"/offers/{self.hash}").json["filled"] == str(self.taken), 20)
            eventually("the book shows them", lambda: any(
                row["offerHash"] == self.hash and int(row["filled"]) == self.taken for row in service.rows("weth?side=call")))

    def phases(self):
        return sorted(service.get("/chain/status").json["phase"] for service in self.services)

    def redis(self, *words):
        return subprocess.run(
            ["redis-cli", "-s", self.databases.redis_url.removeprefix("unix://"), *words], capture_output=True, text=True,
            check=True).stdout.strip()

    def test_1_one_follows_and_the_other_goes_on_when_it_dies(self):
        eventually("one follows", lambda: self.phases() == ["following", "standby"])
        self.take()
        self.everywhere()
        leader = next(n for n, service in enumerate(self.services)
                      if service.get("/chain/status").json["phase"] == "following")
        self.take()
        dead = self.services.pop(leader)
        dead.stop(signal.SIGKILL)
        self.take()
        self.everywhere()
        self.assertEqual(self.phases(), ["following"])
        self.services.append(Service(*self.flags))
        self.take()
        self.everywhere()
        eventually("one follows", lambda: self.phases() == ["following", "standby"])

    def test_2_one_that_was_stopped_and_goes_on_writes_nothing_twice(self):
        leader = next(service for service in self.services if service.get("/chain/status").json["phase"] == "following")
        other = next(service for service in self.services if service is not leader)
        leader.process.send_signal(signal.SIGSTOP)
        self.databases.query("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted")
        eventually("the other follows", lambda: other.get("/chain/status").json["phase"] == "following", 20)
        self.take()
        eventually("it sees the take", lambda: other.get(f"/offers/{self.hash}").json["filled"] == str(self.taken), 20)
        leader.process.send_signal(signal.SIGCONT)
        self.take()
        self.everywhere()
        eventually("one follows", lambda: self.phases() == ["following", "standby"])
        rows = self.databases.query("SELECT count(*), count(DISTINCT (block_hash, log_index)) FROM fills")
        self.assertEqual(rows[0][0], rows[0][1])
        self.assertEqual(self.databases.query("SELECT sum(amount) FROM fills")[0][0], str(self.taken))
        self.assertEqual(self.databases.query(
            "SELECT count(*) FROM transaction_logs WHERE event_type = 'option_taken'")[0][0], rows[0][0])

    def test_3_positions_are_the_same_whatever_lies_in_redis(self):
        key = f"strikebook:positions:{self.maker.address}"
        path = f"/positions/{self.maker.address}"

        def tokens(service):
            return [(position["tokenId"], position["role"]) for position in service.get(path).json["positions"]]

        expected = tokens(self.services[0])
        self.assertEqual(len(expected), self.taken // 10**16)
        eventually("a page was left", lambda: tokens(self.services[0]) and self.redis("EXISTS", key) == "1")
        self.assertLessEqual(int(self.redis("TTL", key)), 30)
        self.assertEqual(len(self.services[1].get(path + "?limit=1").json["positions"]), 1)
        epoch, seq = self.redis("HGET", key, "epoch"), self.redis("HGET", key, "seq")
        for poison in (("DEL", key), ("SET", key, "x"), ("HSET", key, "positions", "old", "seq", "1"),
                       ("HSET", key, "epoch", "00", "positions", "other", "seq", seq),
                       ("HSET", key, "epoch", epoch, "seq", seq, "asOf", "1", "positions", "stale")):
            self.redis("DEL", key)
            self.redis(*poison)
            for service in self.services:
                self.assertEqual(tokens(service), expected, poison)
        self.take()
        self.everywhere()
        for service in self.services:
            self.assertEqual(len(tokens(service)), len(expected) + 1)

    def test_4_what_expires_soon_is_found(self):
        option = self.services[0].get("/options/1").json
        expiry = int(self.databases.query("SELECT extract(epoch FROM expiry_time)::bigint FROM active_options "
                                          "WHERE token_id = 1")[0][0])
        for path in ("/options?", f"/positions/{self.maker.address}?"):
            name = "options" if path.startswith("/options") else "positions"
            def ids(moment):
                return [row["tokenId"] for row in self.services[0].get(f"{path}expiringBefore={moment}").json[name]]
            self.assertNotIn("1", ids(expiry))
            self.assertIn("1", ids(expiry + 1))
            self.assertNotIn("1", ids(option["startTime"]))
        self.assertEqual(self.services[0].get("/options?expiringBefore=soon").status, 400)

    def test_5_marks_follow_the_price(self):
        """protocol.md §6: a call's payoff is floor(collateral × max(S − K, 0) × 10^dS / 10^(dU+8))."""
        key = {"Authorization": "Bearer secret"}
        for price in (3_500 * 10**8, 2_900 * 10**8):
            self.assertEqual(self.services[0].post("/prices/weth", {"priceE8": str(price)}, **key).status, 200)
            mark = eventually("the mark is of this price", lambda: (
                mark := self.services[0].get("/options/1").json["mark"])["priceE8"] == str(price) and mark)
            payoff = 10**16 * max(price - 3_000 * 10**8, 0) * 10**6 // 10**26
            self.assertEqual(int(mark["payoff"]), payoff)
            self.assertGreaterEqual(int(mark["value"]), payoff)
            writer = next(p for p in self.services[0].get(f"/positions/{self.maker.address}").json["positions"]
                          if p["tokenId"] == "1" and p["mark"]["priceE8"] == str(price))
            self.assertEqual(int(writer["profitAndLoss"]), int(writer["premium"]) - int(writer["mark"]["value"]))


if __name__ == "__main__":
    unittest.main(failfast=True, verbosity=2)
