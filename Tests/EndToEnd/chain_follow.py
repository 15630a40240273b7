#!/usr/bin/env python3
"""A real EVM is followed: takes, partial takes, reorgs by snapshot and revert, a node away, a restart in the middle; and a
fresh database ends as the one that lived through it.

STRIKEBOOK is the path of the program.
"""
import signal
import subprocess
import unittest

from chain_node import Followed
from service import PROGRAM, Service, eventually, psql
from signing import Maker, encoded_hash

TABLES = {
    "fills": "SELECT block_hash, log_index, offer_hash, amount, premium, status FROM fills WHERE status <> 'reverted' "
             "ORDER BY 1, 2",
    "filled": "SELECT offer_hash, filled_amount FROM filled_amounts WHERE filled_amount > 0 ORDER BY 1",
    "options": "SELECT token_id, offer_hash, writer, taker, holder, collateral_locked, strike_price, premium, start_time, "
               "expiry_time, settled, settled_at, status FROM active_options WHERE status <> 'reverted' ORDER BY 1",
    "contract": "SELECT c.name, s.key, s.value FROM smart_contracts.contracts c LEFT JOIN smart_contracts.contract_state s "
                "USING (address) ORDER BY 2",
    "executions": "SELECT execution_id, function_name, caller, executed_at FROM smart_contracts.execution_history ORDER BY 1",
    "books": "SELECT offer_hash, remaining FROM readable_books ORDER BY 1",
}


class Following(Followed):
    def remaining(self, hash):
        for row in self.service.rows("weth?side=call"):
            if row["offerHash"] == hash:
                return int(row["remaining"])
        return None

    def test_1_takes_fill_an_offer_until_it_leaves_the_book(self):
        maker = Maker("chain 1")
        offer, hash = self.post(maker)
        self.protocol.take(maker, offer, 4 * 10**17)
        self.filled(hash, 4 * 10**17)
        self.assertEqual(self.offer(hash)["status"], "partially_filled")
        eventually("the row shows what remains", lambda: self.remaining(hash) == 6 * 10**17)
        self.protocol.take(maker, offer, 6 * 10**17, taker=2)
        self.filled(hash, 10**18)
        self.assertEqual(self.offer(hash)["status"], "filled")
        eventually("it left the book", lambda: self.remaining(hash) is None)
        self.node.mine(3)
        eventually("the takes are confirmed", lambda: self.databases.query(
            "SELECT count(*) FROM fills WHERE status = 'confirmed'") == [["2"]])

    def test_2_a_reorg_gives_back_and_takes_anew(self):
        maker = Maker("chain 2")
        offer, hash = self.post(maker)
        snapshot = self.node.rpc("evm_snapshot")
        self.protocol.take(maker, offer, 10**18)
        self.filled(hash, 10**18)
        eventually("it left the book", lambda: self.remaining(hash) is None)
        self.node.rpc("evm_revert", snapshot)
        self.protocol.take(maker, offer, 3 * 10**17, taker=2)
        self.filled(hash, 3 * 10**17)
        eventually("it is back in the book", lambda: self.remaining(hash) == 7 * 10**17)
        snapshot = self.node.rpc("evm_snapshot")
        self.protocol.take(maker, offer, 2 * 10**17)
        self.filled(hash, 5 * 10**17)
        self.node.rpc("evm_revert", snapshot)
        self.filled(hash, 3 * 10**17)
        self.assertGreaterEqual(self.service.get("/chain/status").json["reorgs"], 2)

    def test_3_a_cancel_on_chain_lasts_as_long_as_its_block(self):
        maker = Maker("chain 3")
        offer, hash = self.post(maker)
        named = encoded_hash(offer)
        body = {"events": [{
            "name": "OfferCancelled", "blockNumber": 7_000_000, "blockHash": "0x" + "77" * 32,
            "blockTimestamp": self.node.time, "txHash": "0x" + "78" * 32, "logIndex": 0,
            "args": {"offerHash": named, "writer": maker.address}}]}
        self.assertEqual(self.service.post("/chain/events", body).status, 401)
        self.assertEqual(self.service.post("/chain/events", body, Authorization="Bearer wrong").status, 403)
        answer = self.service.post("/chain/events", body, Authorization="Bearer secret")
        self.assertEqual((answer.status, answer.json["applied"]), (200, 1), answer)
        self.assertEqual(self.offer(hash)["status"], "cancelled")
        eventually("it left the book", lambda: self.remaining(hash) is None)
        answer = self.service.post("/chain/events", body, Authorization="Bearer secret")
        self.assertEqual((answer.json["applied"], answer.json["known"]), (0, 1), answer)
        answer = self.service.post(
            "/chain/events", {"reverted": ["0x" + "77" * 32]}, Authorization="Bearer secret")
        self.assertEqual((answer.status, answer.json["reverted"]), (200, 1), answer)
        self.assertEqual(self.offer(hash)["status"], "open")
        eventually("it is back in the book", lambda: self.remaining(hash) == 10**18)

    def test_4_fills_of_an_offer_that_comes_later_count(self):
        maker = Maker("chain 4")
        offer = maker.offer(4, deadline=self.node.time + 86_400 * 300)
        self.protocol.take(maker, offer, 2 * 10**17)
        eventually("the fill is kept", lambda: self.databases.query(
            "SELECT count(*) FROM fills WHERE offer_hash IS NULL AND status <> 'reverted'") == [["1"]])
        answer = self.service.post("/offers", maker.body(offer))
        self.posted.append(maker.body(offer))
        self.assertEqual((answer.status, answer.json["filled"]), (201, str(2 * 10**17)), answer)
        self.assertEqual(answer.json["status"], "partially_filled")

    def test_5_a_node_away_and_a_restart_in_the_middle_lose_nothing(self):
        maker = Maker("chain 5")
        offer, hash = self.post(maker)
        self.node.process.send_signal(signal.SIGSTOP)
        eventually("the node is missed", lambda: self.service.get("/chain/status").json["phase"] == "failing", 40)
        self.assertEqual(self.service.get("/ready").status, 200)
        self.assertEqual(self.service.get("/orderbook/weth").status, 200)
        self.node.process.send_signal(signal.SIGCONT)
        self.protocol.take(maker, offer, 10**17)
        self.filled(hash, 10**17)
        self.service.stop(signal.SIGKILL)
        self.protocol.take(maker, offer, 10**17)
        self.node.mine(80)
        self.protocol.take(maker, offer, 10**17)
        type(self).service = Service(*self.flags)
        self.filled(hash, 3 * 10**17)

    def test_5_options_and_positions_are_shown(self):
        option = self.service.get("/options/1").json
        self.assertEqual((option["tokenId"], option["status"], option["collateralLocked"]), ("1", "confirmed", str(4 * 10**17)))
        self.assertEqual(option["holder"].lower(), self.node.accounts[1].lower())
        self.assertEqual(self.service.get("/options/99").json["code"], "option_not_found")
        page = self.service.get(f"/options?holder={self.node.accounts[1].lower()}&limit=1").json
        self.assertEqual([o["tokenId"] for o in page["options"]], ["1"])
        self.assertIsNotNone(page["nextCursor"])
        positions = self.service.get(f"/positions/{Maker('chain 1').address}").json["positions"]
        self.assertEqual([(p["tokenId"], p["role"]) for p in positions], [("1", "writer"), ("2", "writer")])
        self.assertEqual(self.service.get("/options?limit=0").status, 400)

    def test_5_the_contract_is_on_record_with_its_fills_and_transactions(self):
        path = f"/smart-contracts/{self.protocol.address}"
        record = self.service.get(path).json
        self.assertEqual((record["name"], record["isActive"]), ("OptionsProtocol", True))
        maker = Maker("chain record")
        offer, hash = self.post(maker)
        self.assertEqual(self.service.get(f"{path}/state/filled:{hash}").status, 404)
        snapshot = self.node.rpc("evm_snapshot")
        receipt = self.protocol.take(maker, offer, 4 * 10**17)
        self.filled(hash, 4 * 10**17)
        value = self.service.get(f"{path}/state/filled:{hash}")
        self.assertEqual((value.status, value.headers["Content-Type"]), (200, "application/octet-stream"))
        self.assertEqual(int.from_bytes(value.body, "big"), 4 * 10**17)
        newest = self.service.get(f"{path}/executions?limit=1").json["executions"][0]
        self.assertEqual((newest["executionId"], newest["functionName"], newest["success"], newest["gasUsed"]),
                         (receipt["transactionHash"], "OptionTaken", True, None))
        self.assertEqual(newest["caller"].lower(), self.node.accounts[1].lower())
        self.node.rpc("evm_revert", snapshot)
        self.protocol.take(maker, offer, 10**17, taker=2)
        self.filled(hash, 10**17)
        self.assertEqual(int.from_bytes(self.service.get(f"{path}/state/filled:{hash}").body, "big"), 10**17)
        ids = [e["executionId"] for e in self.service.get(f"{path}/executions").json["executions"]]
        self.assertNotIn(receipt["transactionHash"], ids)
        self.assertEqual(len(ids), len(set(ids)))

    def test_6_a_fresh_database_ends_alike(self):
        self.protocol.call("settle(uint256,uint256)", 1, 5)
        self.node.mine(4)
        head = self.node.head
        eventually("the head is reached", lambda: self.service.get("/chain/status").json["cursor"] == head)
        lived = {name: self.databases.query(sql) for name, sql in TABLES.items()}
        self.databases.query("CREATE DATABASE fresh")
        url = self.databases.url.replace("/strikebook?", "/fresh?")
        fresh = Service(*[url if flag == self.databases.url else flag for flag in self.flags])
        for body in self.posted[::2]:
            self.assertEqual(fresh.post("/offers", body).status, 201)
        eventually("the head is reached", lambda: fresh.get("/chain/status").json["cursor"] == head)
        for body in self.posted[1::2]:
            self.assertEqual(fresh.post("/offers", body).status, 201)
        for name, sql in TABLES.items():
            self.assertEqual(psql(url, sql), lived[name], name)
        self.assertGreater(len(lived["fills"]), 5)
        self.assertEqual(self.run_program("log", "verify", "--database-url", self.databases.url), 0)

    @staticmethod
    def run_program(*arguments):
        return subprocess.run([PROGRAM, *arguments], timeout=60).returncode


if __name__ == "__main__":
    unittest.main(failfast=True, verbosity=2)
