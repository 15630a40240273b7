#!/usr/bin/env python3
"""What writers can deliver, on a real EVM: offers whose collateral is not there are hidden by every process and shown
again, by their better-priced first; tokens that cannot be asked hide nothing.

STRIKEBOOK is the path of the program.
"""
import json
import subprocess
import time
import unittest

import signing
from chain_node import Node, Protocol, selector
from checks import ServiceCase
from eth_abi import encode
from live import Live, LiveBook
from service import PROGRAM, Databases, Service, eventually
from signing import Maker

ETHER = 10**18


class Funds(ServiceCase):
    @classmethod
    def setUpClass(cls):
        cls.node = Node()
        cls.protocol = Protocol(cls.node)
        cls.databases = Databases()
        cls.flags_used = cls.protocol.flags(
            "--database-url", cls.databases.url, "--redis-url", cls.databases.redis_url, "--migrate", "on")
        cls.services = [Service(*cls.flags_used), Service(*cls.flags_used)]
        cls.service = cls.services[0]

    # Tokens and writers

    def token(self, mode=0):
        address = self.node.deploy("Token")
        if mode:
            self.call(address, "setMode(uint256)", mode)
        return address

    def call(self, token, signature, *arguments):
        kinds = signature[signature.index("(") + 1:-1].split(",")
        self.node.send(self.node.accounts[3], selector(signature) + encode(kinds, list(arguments)), token)

    def give(self, token, maker, amount):
        self.call(token, "give(address,uint256)", maker.address, amount)

    def allow(self, token, maker, amount):
        self.call(token, "allow(address,address,uint256)", maker.address, self.protocol.address, amount)

    # Books

    def listed(self, token, side="call", service=None):
        rows = (service or self.service).rows(f"{token}?side={side}&pricing=off", side + "s")
        return [row["offerHash"] for row in rows]

    def shows(self, token, hashes, side="call"):
        """Both processes show these, in their order."""
        for service in self.services:
            eventually(f"{hashes} in the book", lambda: self.listed(token, side, service) == hashes, 10)

    def shown(self, hash, service=None):
        answer = (service or self.service).get(f"/offers/{hash}?pricing=off")
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def rule(self, hash, service=None):
        rules = (service or self.service).get(f"/offers/{hash}/explain").json["rules"]
        return next((rule for rule in rules if rule["rule"] == "funded"), None)

    def takeable(self, hash):
        return self.service.get(f"/offers/{hash}/explain").json["takeable"]

    def entries(self, hash):
        return [(kind, json.loads(data)) for kind, data in self.databases.query(
            "SELECT event_type, data FROM transaction_logs WHERE event_type IN ('offer_funded', 'offer_unfunded') "
            f"AND related_id = '{hash}' ORDER BY seq")]

    def test_offers_come_and_go_with_what_their_writer_has(self):
        token, maker = self.token(), Maker("funded")
        self.give(token, maker, ETHER)
        self.allow(token, maker, ETHER)
        live = Live(self.services[1])
        book = LiveBook(live.subscribe(f"orderbook:{token}:call"))
        hash = self.post_offer(maker, underlying=token)
        time.sleep(0.5)
        self.shows(token, [hash])
        self.assertEqual(self.entries(hash), [])
        self.assertEqual(self.rule(hash)["pass"], True)
        for change, listed in (
                (lambda: self.give(token, maker, 0), False), (lambda: self.give(token, maker, ETHER), True),
                (lambda: self.allow(token, maker, 0), False), (lambda: self.allow(token, maker, 2 * ETHER), True)):
            change()
            self.shows(token, [hash] if listed else [])
            for service in self.services:
                self.assertEqual(self.shown(hash, service)["status"], "open" if listed else "unfunded")
                self.assertEqual(self.rule(hash, service)["pass"], listed)
            self.assertEqual(self.takeable(hash), listed)
            for status, expected in (("open", listed), ("unfunded", not listed)):
                found = self.service.get(f"/offers?writer={maker.address}&status={status}").json["offers"]
                self.assertEqual([offer["offerHash"] for offer in found], [hash] if expected else [])
            quote = self.service.get(f"/quote?underlying={token}&side=call&amount={ETHER}&duration=7").json
            self.assertEqual([fill["offerHash"] for fill in quote["fills"]], [hash] if listed else [])
        self.assertEqual([kind for kind, _ in self.entries(hash)], ["offer_unfunded", "offer_funded"] * 2)
        data = self.entries(hash)[2][1]
        self.assertEqual((data["balance"], data["allowance"], data["fundable"]), (str(ETHER), "0", "0"))
        # A client of the other process heard each of it.
        seq = self.service.get(f"/orderbook/{token}?side=call").json["seq"]
        self.assertEqual(self.follow(live, book, seq), {hash: ETHER})
        live.close()

    def follow(self, live, book, seq):
        limit = time.monotonic() + 15
        while book.seq is None or book.seq < seq:
            self.assertLess(time.monotonic(), limit, (book.seq, seq))
            book.take(live.receive())
        return {hash: int(row["remaining"]) for hash, row in book.rows.items()}

    def test_the_better_price_is_served_first_and_the_rest_is_shared_out(self):
        token, maker = self.token(), Maker("sharing")
        self.allow(token, maker, 10**30)
        self.give(token, maker, 5 * ETHER // 2)
        cheap, middle, dear = [
            self.post_offer(maker, number, underlying=token, premiumPerDay=price, minFillAmount=ETHER // 4)
            for number, price in enumerate((1_000_000, 2_000_000, 3_000_000))]
        # Its other tokens and other writers have nothing to do with it.
        other = Maker("beside")
        self.give(token, other, ETHER)
        self.allow(token, other, ETHER)
        beside = self.post_offer(other, underlying=token, premiumPerDay=4_000_000)
        self.shows(token, [cheap, middle, dear, beside])
        eventually("half of the dear one is funded", lambda: self.shown(dear).get("fundable") == str(ETHER // 2))
        row = self.service.rows(f"{token}?side=call&pricing=off")[2]
        self.assertEqual((row["remaining"], row["fundable"]), (str(ETHER), str(ETHER // 2)))
        self.assertNotIn("fundable", self.service.rows(f"{token}?side=call&pricing=off")[0])
        quote = self.service.get(f"/quote?underlying={token}&side=call&amount={5 * ETHER}&duration=7").json
        self.assertEqual([int(fill["amount"]) for fill in quote["fills"]], [ETHER, ETHER, ETHER // 2, ETHER])
        explained = self.service.get(f"/offers/{dear}/explain?amount={ETHER}").json
        self.assertEqual([r["rule"] for r in explained["rules"] if not r["pass"]], ["funded"])
        self.assertTrue(self.takeable(dear))
        # Less than its least fill: nobody can take it.
        self.give(token, maker, 2 * ETHER + ETHER // 5)
        self.shows(token, [cheap, middle, beside])
        # What is taken from one no longer needs funds; what is cancelled leaves them to the others.
        self.cancel(maker.cancel(cheap))
        self.shows(token, [middle, dear, beside])
        self.assertEqual(self.shown(dear)["status"], "open")
        # A new offer at a better price comes first.
        best = self.post_offer(maker, 9, underlying=token, premiumPerDay=500_000, minFillAmount=ETHER)
        self.shows(token, [best, middle, beside])
        self.assertEqual(self.shown(dear)["status"], "unfunded")
        self.cancel(maker.cancel(dear))
        self.assertEqual(self.shown(dear)["status"], "cancelled")

    def test_a_put_is_funded_by_its_stablecoin(self):
        token, stable, maker = self.token(), self.token(), Maker("put")
        hash = self.post_offer(maker, underlying=token, stablecoin=stable, isCall=False)
        self.shows(token, [], "put")
        self.give(stable, maker, ETHER)
        self.allow(stable, maker, ETHER)
        self.shows(token, [hash], "put")

    def test_a_take_leaves_what_is_left_funded(self):
        token, maker = self.token(), Maker("taken")
        self.give(token, maker, ETHER)
        self.allow(token, maker, ETHER)
        offer = maker.offer(underlying=token, minFillAmount=ETHER // 10)
        hash = self.post_offer(maker, underlying=token, minFillAmount=ETHER // 10)
        self.protocol.take(maker, offer, ETHER // 4)
        self.give(token, maker, 3 * ETHER // 4)
        eventually("the take is seen", lambda: self.shown(hash)["status"] == "partially_filled")
        time.sleep(0.5)
        self.assertNotIn("fundable", self.shown(hash))
        self.give(token, maker, 0)
        self.shows(token, [])
        # Hidden, but it lives: the chain may still fill it, and its remainder comes back.
        self.give(token, maker, 3 * ETHER // 4)
        self.shows(token, [hash])
        self.assertEqual(self.shown(hash)["filled"], str(ETHER // 4))

    def test_tokens_that_cannot_be_asked_hide_nothing(self):
        maker = Maker("unknown")
        nowhere = "0x" + "b1" * 20
        good = self.token()
        unfunded = self.post_offer(maker, underlying=good)
        for token in (nowhere, *[self.token(mode) for mode in (1, 2, 3, 4)]):
            hash = self.post_offer(maker, underlying=token)
            time.sleep(0.3)
            self.shows(token, [hash])
            for service in self.services:
                # While the chain cannot be asked in time, it says that instead.
                rule = eventually("it says why", lambda: (
                    lambda rule: rule if "Unknown: " in rule["detail"] else None)(self.rule(hash, service)), 20)
                self.assertTrue(rule["pass"])
            self.assertEqual(self.entries(hash), [])
        # Nor do they keep those from being looked at that can.
        self.shows(good, [])
        # One that stops answering hides no more.
        self.call(good, "setMode(uint256)", 1)
        self.shows(good, [unfunded])
        self.assertIn("reason", self.entries(unfunded)[-1][1])

    def test_the_log_proves_it_and_a_start_knows_it(self):
        token, maker = self.token(), Maker("proof")
        hashes = [self.post_offer(maker, number, underlying=token, minFillAmount=ETHER // 2) for number in range(3)]
        self.shows(token, [])
        self.allow(token, maker, 10**30)
        self.give(token, maker, 3 * ETHER // 2)
        self.shows(token, hashes[:2])
        done = subprocess.run([PROGRAM, "log", "verify", "--database-url", self.databases.url], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        third = Service(*self.flags_used)
        self.assertEqual(self.listed(token, service=third), hashes[:2])
        self.assertEqual(self.shown(hashes[2], third)["status"], "unfunded")
        self.assertEqual(self.shown(hashes[1], third)["fundable"], str(ETHER // 2))
        self.assertEqual(
            third.get(f"/orderbook/{token}?side=call&pricing=off").body,
            self.service.get(f"/orderbook/{token}?side=call&pricing=off").body)
        third.stop()

    def test_redis_says_so_too(self):
        token, maker = self.token(), Maker("mirrored")
        hash = self.post_offer(maker, underlying=token)
        self.shows(token, [])
        socket = self.databases.redis_url.removeprefix("unix://")

        def status():
            return subprocess.run(["redis-cli", "-s", socket, "HGET", f"strikebook:offer:{hash}", "status"],
                                  capture_output=True, text=True).stdout.strip()
        eventually("Redis says unfunded", lambda: status() == "unfunded", 5)


class WhenItIsOff(ServiceCase):
    @classmethod
    def setUpClass(cls):
        pass

    def test_what_was_hidden_is_shown_when_funds_are_not_looked_at(self):
        node = Node()
        protocol = Protocol(node)
        databases = Databases()
        flags = protocol.flags("--database-url", databases.url, "--redis-url", databases.redis_url, "--migrate", "on")
        self.service = Service(*flags)
        token, maker = node.deploy("Token"), Maker("off")
        hash = self.post_offer(maker, underlying=token)
        eventually("it is hidden", lambda: not self.service.rows(f"{token}?side=call"))
        # The chain goes away: what was found last stands.
        node.end()
        time.sleep(1)
        self.assertEqual(self.service.rows(f"{token}?side=call"), [])
        self.assertEqual(self.service.get(f"/offers/{hash}").json["status"], "unfunded")
        self.service.stop()
        self.service = Service(*flags, "--check-funds", "off")
        eventually("it is shown", lambda: len(self.service.rows(f"{token}?side=call")) == 1)
        other = self.post_offer(maker, 2, underlying=token)
        time.sleep(0.3)
        self.assertEqual(len(self.service.rows(f"{token}?side=call")), 2)
        rules = self.service.get(f"/offers/{other}/explain").json["rules"]
        self.assertNotIn("funded", [rule["rule"] for rule in rules])


if __name__ == "__main__":
    unittest.main()
