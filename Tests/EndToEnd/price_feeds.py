#!/usr/bin/env python3
"""Chainlink-style price feeds on a real EVM: their answers are the price in every process, and what must not be believed is
refused and said so.

STRIKEBOOK is the path of the program.
"""
import json
import math
import signal
import time
import unittest

from eth_abi import encode

from chain_node import Node, Protocol, selector
from service import Databases, Service, eventually, scratch

NOBODY = "0x00000000000000000000000000000000000000f1"


class Feeds(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = Node()
        cls.protocol = Protocol(cls.node)
        cls.weth, cls.wbtc = cls.node.deploy("Aggregator", ("uint8", 8)), cls.node.deploy("Aggregator", ("uint8", 18))
        cls.round = 0
        cls.set(cls.weth, 2_500 * 10**8)
        cls.set(cls.wbtc, 61_234_567_891_234_567_891_999)
        tokens = [
            {"symbol": "WETH", "address": "0x4200000000000000000000000000000000000006", "decimals": 18, "startPrice": 1,
             "volatility": 0.6, "feed": cls.weth},
            {"symbol": "WBTC", "address": "0x2260fac5e5542a773aa44fbcfedf7c193bc2c599", "decimals": 8, "feed": cls.wbtc,
             "heartbeat": 60},
            {"symbol": "USDC", "address": "0x036cbd53842c5426634e7929541ec2318f3dcf7e", "decimals": 6, "stablecoin": True},
            {"symbol": "VOID", "address": "0x" + "d1" * 20, "decimals": 18, "feed": NOBODY},
            {"symbol": "ODD", "address": "0x" + "d2" * 20, "decimals": 18, "feed": cls.protocol.address},
        ]
        cls.tokens = scratch("tokens.json")
        cls.tokens.write_text(json.dumps(tokens))
        cls.databases = Databases()
        cls.flags = cls.protocol.flags(
            "--database-url", cls.databases.url, "--redis-url", "none", "--migrate", "on", "--tokens", str(cls.tokens))
        cls.services = [Service(*cls.flags), Service(*cls.flags)]

    @classmethod
    def set(cls, feed, answer, updated=None, round=None, answered=None):
        """A new answer; by default a good one, as of now."""
        cls.round += 1
        round = cls.round if round is None else round
        cls.node.send(cls.node.accounts[0], selector("set(uint80,int256,uint256,uint80)") + encode(
            ["uint80", "int256", "uint256", "uint80"],
            [round, answer, int(time.time()) if updated is None else updated, round if answered is None else answered]),
            feed)

    def price(self, symbol, service=0):
        return self.services[service].get(f"/prices/{symbol}").json

    def shows(self, symbol, price, services=(0, 1)):
        for service in services:
            eventually(f"{symbol} is {price}: {self.price(symbol, service)}",
                       lambda: self.price(symbol, service).get("priceE8") == str(price))

    def problem(self, symbol):
        """What is wrong, in the words of whichever process asks the feeds."""
        return [words for service in range(len(self.services))
                if (words := self.price(symbol, service)["feed"]["problem"])]

    def health(self):
        return [next(part for part in service.get("/health").json["dependencies"] if part["name"] == "price feeds")
                for service in self.services]

    def test_1_the_answer_is_the_price_in_every_process(self):
        self.shows("weth", 2_500 * 10**8)
        self.shows("wbtc", 61_234_56789123)
        for service in (0, 1):
            shown = self.price("weth", service)
            self.assertEqual((shown["source"], shown["stale"], shown["feed"]["address"], shown["feed"]["problem"]),
                             ("feed", False, self.weth, None))
        self.set(self.weth, 2_600 * 10**8, int(time.time()) + 1)
        self.shows("weth", 2_600 * 10**8)
        listed = {price["symbol"]: price for price in self.services[0].get("/prices").json["prices"]}
        self.assertIsNone(listed["USDC"]["feed"])
        self.assertEqual(listed["WBTC"]["feed"]["heartbeatSeconds"], 60)

    def test_2_what_must_not_be_believed_is_refused_and_said_so(self):
        self.shows("weth", 2_600 * 10**8)
        later = int(time.time()) + 5
        for words, arguments in {
                "not above 0": (0, later), "above 0": (-5, later), "earlier round": (5 * 10**8, later, 1_000, 999),
                "not complete": (5 * 10**8, 0), "from the future": (5 * 10**8, later + 86_400),
                "no price": (2**70, later)}.items():
            self.set(self.weth, *arguments)
            eventually(f"{words}: {self.problem('weth')}", lambda: any(words in said for said in self.problem("weth")))
            self.assertTrue(any(f"WETH: {said}" in (part.get("detail") or "") for part in self.health()
                                for said in self.problem("weth")))
            self.assertEqual({self.price("weth", service)["priceE8"] for service in (0, 1)}, {str(2_600 * 10**8)})
        self.assertTrue(any("VOID: there is no price feed at this address" in part["detail"] for part in self.health()))
        self.assertTrue(any("ODD: the node refuses the call" in part["detail"] or "ODD: the answer is not that of a price feed"
                            in part["detail"] for part in self.health()))
        answers = [service.get("/prices/void") for service in self.services]
        self.assertEqual({answer.json["code"] for answer in answers}, {"price_unknown"})
        self.assertTrue(any("no price feed at this address" in answer.json["detail"] for answer in answers))
        self.assertEqual(self.services[0].get("/ready").status, 200)
        self.set(self.weth, 2_700 * 10**8, later + 1)
        self.shows("weth", 2_700 * 10**8)
        self.assertEqual(self.problem("weth"), [])

    def test_3_an_answer_older_than_the_heartbeat_is_stale(self):
        self.services[0].stop()
        self.services[1].stop()
        self.set(self.wbtc, 60_000 * 10**18, int(time.time()) - 59)
        self.databases.query("DELETE FROM price_feeds")
        self.services[:] = [Service(*self.flags), Service(*self.flags)]
        self.shows("wbtc", 60_000 * 10**8)
        for service in (0, 1):
            eventually("it is stale", lambda: self.price("wbtc", service)["stale"], 15)
            self.assertGreaterEqual(self.price("wbtc", service)["staleSeconds"], 60)
            self.assertIn("heartbeat of 60 s", self.price("wbtc", service)["feed"]["problem"])
        self.set(self.wbtc, 60_001 * 10**18)
        self.shows("wbtc", 60_001 * 10**8)
        self.assertFalse(self.price("wbtc")["stale"])

    def test_4_volatility_is_estimated_from_the_answers(self):
        begin, returns = int(time.time()) + 10, []
        self.set(self.weth, 2_000 * 10**8, begin)
        self.shows("weth", 2_000 * 10**8, (0,))
        self.databases.query("UPDATE price_feeds SET return_squares = 0, return_seconds = 0, return_count = 25")
        last = 2_000 * 10**8
        for number in range(1, 8):
            price = 2_000 * 10**8 + (number % 3) * 10**7 * number
            self.set(self.weth, price, begin + number)
            self.shows("weth", price, (0,))
            returns.append(math.log(price / last))
            last = price
        shown = self.price("weth")
        # Answers of the same moment come in as the clock allows: the sum of squares is exact, the time nearly.
        rows = self.databases.query("SELECT return_squares, return_seconds, return_count FROM price_feeds "
                                    "WHERE encode(token_address, 'hex') LIKE '42%'")
        squares, seconds, count = map(float, rows[0])
        self.assertEqual((count, shown["volatilitySource"]), (32, "estimated"))
        self.assertAlmostEqual(squares / sum(move * move for move in returns), 1, delta=1e-3)
        self.assertAlmostEqual(shown["volatility"] / math.sqrt(squares / seconds * 365 * 86_400), 1, delta=1e-9)

    def test_5_another_process_goes_on_and_a_node_away_is_said(self):
        leader = next(n for n, service in enumerate(self.services)
                      if "this process" in str(service.get("/ready").json["dependencies"]))
        self.services.pop(leader).stop(signal.SIGKILL)
        self.set(self.weth, 2_800 * 10**8, int(time.time()) + 120)
        self.shows("weth", 2_800 * 10**8, (0,))
        self.node.end()
        eventually("it says so", lambda: "no node answers" in (self.price("weth")["feed"]["problem"] or ""), 20)
        self.assertEqual(self.price("weth")["priceE8"], str(2_800 * 10**8))

    def test_6_feeds_without_a_node_are_said_to_be_unread(self):
        service = Service("--redis-url", "none", "--tokens", str(self.tokens))
        part = next(part for part in service.get("/health").json["dependencies"] if part["name"] == "price feeds")
        self.assertEqual(part["state"], "down")
        self.assertIn("--rpc-url", part["detail"])
        self.assertTrue(service.get("/prices/weth").json["stale"])


if __name__ == "__main__":
    unittest.main(failfast=True, verbosity=2)
