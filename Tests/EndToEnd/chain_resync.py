#!/usr/bin/env python3
"""`strikebook chain status` and `resync` on a real EVM: out of a reorg that is too deep, without a service, and from any
block; done twice it changes nothing, and what is left is what a fresh database has.

STRIKEBOOK is the path of the program.
"""
import signal
import unittest

from chain_follow import TABLES
from chain_node import Followed, Node
from program import run
from service import Service, eventually, psql
from signing import Maker


class Resync(Followed):
    @property
    def status(self):
        return run("chain", "status", "--json", "--url", f"http://127.0.0.1:{self.service.port}").json

    def at_head(self):
        head = self.node.head
        eventually("the head is reached", lambda: self.status["cursor"] == head, 20)

    def resync(self, *more, code=0):
        return run("chain", "resync", "--json", "--database-url", self.databases.url, "--rpc-url", self.node.url,
                   "--confirmations", "3", *more, code=code)

    def seq(self):
        return self.databases.query("SELECT seq FROM log_head")

    def test_1_a_reorg_too_deep_stops_the_service_until_it_is_resynced(self):
        maker = Maker("resync 1")
        offer, hash = self.post(maker)
        self.protocol.take(maker, offer, 10**17)
        snapshot = self.node.rpc("evm_snapshot")
        self.protocol.take(maker, offer, 9 * 10**17)
        type(self).token = 2
        self.node.mine(70)
        self.filled(hash, 10**18)
        self.at_head()
        self.node.rpc("evm_revert", snapshot)
        self.protocol.take(maker, offer, 3 * 10**17, taker=2)
        self.node.mine(75)
        eventually("it says so", lambda: self.status["phase"] == "reorg_too_deep", 20)
        self.assertEqual(self.service.get("/ready").status, 503)
        shown = run("chain", "status", "--url", f"http://127.0.0.1:{self.service.port}").text
        self.assertIn("reorg_too_deep", shown)
        self.assertIn("cursor", shown)
        self.filled(hash, 10**18)
        done = self.resync().json
        self.assertEqual((done["withdrawnEvents"], done["applied"], done["cursor"]), (1, 1, self.node.head), done)
        self.filled(hash, 4 * 10**17)
        eventually("it follows again", lambda: self.status["phase"] == "following")
        self.assertEqual(self.service.get("/ready").status, 200)
        self.protocol.take(maker, offer, 10**17)
        self.filled(hash, 5 * 10**17)

    def test_2_twice_or_from_any_block_it_changes_nothing(self):
        self.node.mine(4)
        self.at_head()
        before = self.seq()
        for more in ((), ("--from", "0"), ("--from", "5"), ("--from", str(self.node.head))):
            done = self.resync(*more).json
            self.assertEqual((done["withdrawnEvents"], done["applied"]), (0, 0), (more, done))
        self.assertEqual(self.seq(), before)
        self.assertEqual(self.status["phase"], "following")

    def test_3_without_a_service_and_over_many_events(self):
        maker = Maker("resync 3")
        offer, hash = self.post(maker)
        snapshot = self.node.rpc("evm_snapshot")
        for _ in range(3):
            self.protocol.take(maker, offer, 10**17)
            self.node.mine(40)
        self.filled(hash, 3 * 10**17)
        self.at_head()
        self.service.stop(signal.SIGKILL)
        self.node.rpc("evm_revert", snapshot)
        for _ in range(5):
            self.protocol.take(maker, offer, 10**17, taker=2)
            self.node.mine(33)
        text = run("chain", "resync", "--database-url", self.databases.url, "--confirmations", "3",
                   STRIKEBOOK_RPC_URL=self.node.url).text
        self.assertIn("3 events of 3 blocks withdrawn, 5 taken in", text)
        type(self).service = Service(*self.flags)
        self.filled(hash, 5 * 10**17)

    def test_4_a_fresh_database_ends_alike(self):
        self.node.mine(4)
        self.at_head()
        lived = {name: self.databases.query(sql) for name, sql in TABLES.items()}
        self.databases.query("CREATE DATABASE fresh")
        url = self.databases.url.replace("/strikebook?", "/fresh?")
        fresh = Service(*[url if flag == self.databases.url else flag for flag in self.flags])
        for body in self.posted:
            self.assertEqual(fresh.post("/offers", body).status, 201)
        head = self.node.head
        eventually("the head is reached", lambda: fresh.get("/chain/status").json["cursor"] == head)
        for name, sql in TABLES.items():
            self.assertEqual(psql(url, sql), lived[name], name)
        run("log", "verify", "--database-url", self.databases.url)

    def test_5_what_cannot_be_done_is_said(self):
        self.assertIn("--rpc-url", run("chain", "resync", "--database-url", self.databases.url, code=2).errors)
        self.assertIn("no node answers", run(
            "chain", "resync", "--database-url", self.databases.url, "--rpc-url", "http://127.0.0.1:9", code=1).errors)
        self.assertIn("--from 99999999", self.resync("--from", "99999999", code=1).errors)
        other = Node("--chain-id", "5")
        self.assertIn("chain 5", run(
            "chain", "resync", "--database-url", self.databases.url, "--rpc-url", other.url, code=1).errors)
        self.databases.query("CREATE DATABASE empty")
        empty = self.databases.url.replace("/strikebook?", "/empty?")
        run("migrate", "up", "--database-url", empty)
        self.assertIn("never served", run(
            "chain", "resync", "--database-url", empty, "--rpc-url", self.node.url, code=1).errors)


if __name__ == "__main__":
    unittest.main(failfast=True, verbosity=2)
