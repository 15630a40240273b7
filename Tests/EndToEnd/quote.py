#!/usr/bin/env python3
"""Asking a running service for a price and for reasons, and watching it: /quote, /explain, the status routes.

STRIKEBOOK is the path of the program.
"""
import itertools
import re
import time
import unittest

from checks import TIME, ServiceCase
from service import eventually
from signing import CHAIN, CONTRACT, OTHER_STABLE, SEPARATOR, USDC, Maker, hexed


def token(number):
    return "0x" + f"{number:02x}" * 20


def premium(offer, fill, days):
    return offer["premiumPerDay"] * days * fill // offer["collateralAmount"]


class Quotes(ServiceCase):
    def quote(self, underlying, amount, duration=7, more=""):
        answer = self.service.get(f"/quote?underlying={underlying}&side=call&amount={amount}&duration={duration}{more}")
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def test_a_quote_is_legal_adds_up_and_is_the_cheapest(self):
        maker, underlying = Maker("quote"), token(0xb0)
        offers = {}
        for number, (collateral, least, price) in enumerate(((10, 4, 300), (7, 1, 250), (5, 5, 100), (12, 6, 390))):
            offer = dict(collateralAmount=collateral, minFillAmount=least, premiumPerDay=price)
            offers[self.post_offer(maker, number, underlying=underlying, **offer)] = offer
        for amount in range(1, 36):
            quote = self.quote(underlying, amount)
            self.assertEqual(list(quote)[:2], ["fills", "totalPremium"])
            total = 0
            for fill in quote["fills"]:
                offer, size = offers[fill["offerHash"]], int(fill["amount"])
                self.assertTrue(offer["minFillAmount"] <= size <= offer["collateralAmount"] or size == offer["collateralAmount"])
                self.assertEqual(int(fill["premium"]), premium(offer, size, 7))
                total += int(fill["premium"])
            self.assertEqual(int(quote["totalPremium"]), total)
            self.assertEqual(int(quote["filledAmount"]), sum(int(fill["amount"]) for fill in quote["fills"]))
            best = min((sum(premium(o, x, 7) for o, x in zip(offers.values(), sizes)) for sizes in itertools.product(
                *[[0, *range(o["minFillAmount"], o["collateralAmount"] + 1)] for o in offers.values()])
                if sum(sizes) == amount), default=None)
            self.assertEqual(quote["complete"], best is not None, amount)
            if best is not None:
                self.assertTrue(quote["optimal"])
                self.assertEqual((total, int(quote["filledAmount"])), (best, amount))

    def test_nothing_legal_is_an_empty_incomplete_quote(self):
        maker, underlying = Maker("nothing"), token(0xb1)
        self.post_offer(maker, 1, underlying=underlying, minDuration=3, maxDuration=5)
        for quote in (self.quote(token(0xb2), 5), self.quote(underlying, 10**18, duration=2)):
            self.assertEqual((quote["fills"], quote["complete"], quote["totalPremium"], quote["filledAmount"]),
                             ([], False, "0", "0"))
            self.assertIsNone(quote["fairPremium"])

    def test_several_stablecoins_need_one_to_be_named(self):
        maker, underlying = Maker("stablecoins"), token(0xb3)
        self.post_offer(maker, 1, underlying=underlying)
        self.assertTrue(self.quote(underlying, 10**18)["complete"])
        self.post_offer(maker, 2, underlying=underlying, stablecoin=OTHER_STABLE)
        path = f"/quote?underlying={underlying}&side=call&amount={10**18}&duration=7"
        self.assert_problem(self.service.get(path), 400, "stablecoin_required", "stablecoin")
        for stablecoin in ("usdc", USDC, OTHER_STABLE):
            self.assertTrue(self.quote(underlying, 10**18, more="&stablecoin=" + stablecoin)["complete"])
        self.assertFalse(self.quote(underlying, 2 * 10**18, more="&stablecoin=usdc")["complete"])

    def test_what_is_missing_or_broken_is_named(self):
        good = {"underlying": "weth", "side": "call", "amount": "1", "duration": "7"}
        for name in good:
            query = "&".join(f"{key}={value}" for key, value in good.items() if key != name)
            self.assert_problem(self.service.get("/quote?" + query), 400, "missing_parameter", name)
        for name, value in (("side", "both"), ("amount", "0"), ("amount", "1.5"), ("amount", str(2**256)), ("duration", "0"),
                            ("duration", "70000"), ("underlying", "0x1"), ("stablecoin", "0x1")):
            query = "&".join(f"{key}={value}" for key, value in (good | {name: value}).items())
            self.assert_problem(self.service.get("/quote?" + query), 400, "invalid_parameter", name)
        self.assert_problem(self.service.get("/quote?underlying=weth&limit=5"), 400, "unknown_parameter", "limit")

    def test_a_large_book_is_quoted_in_bounded_time(self):
        maker, underlying = Maker("large"), token(0xb4)
        for start in range(0, 1500, 500):
            answer = self.service.post("/offers/batch", {"offers": [maker.post_body(
                n, underlying=underlying, premiumPerDay=10**6 + n * 7919 % 10007, collateralAmount=10**18 + n * 104729,
                minFillAmount=10**17 + n * 1299709 % 10**16)[0] for n in range(start, start + 500)]})
            self.assertEqual({r["status"] for r in answer.json["results"]}, {201})
        for amount in (10**17, 3 * 10**18 + 1, 777 * 10**18 + 13, 1501 * 10**18):
            begin = time.monotonic()
            quote = self.quote(underlying, amount)
            self.assertLess(time.monotonic() - begin, 10)
            self.assertEqual((quote["candidates"], quote["complete"]), (1500, amount < 1500 * 10**18))
            self.assertLessEqual(int(quote["lowerBound"]), int(quote["totalPremium"]))


class Explanations(ServiceCase):
    def explain(self, hash, query=""):
        answer = self.service.get(f"/offers/{hash}/explain{query}")
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(list(answer.json), ["offerHash", "takeable", "rules", "seq"])
        rules = {rule["rule"]: rule["pass"] for rule in answer.json["rules"]}
        self.assertTrue(all(list(rule) == ["rule", "pass", "detail"] for rule in answer.json["rules"]))
        self.assertEqual(answer.json["takeable"], all(rules.values()))
        return rules

    def test_each_rule_passes_or_fails_with_its_figures(self):
        maker = Maker("explain")
        hash = self.post_offer(maker, 1, minDuration=3, maxDuration=9, collateralAmount=100, minFillAmount=10)
        self.assertTrue(all(self.explain(hash).values()))
        self.assertTrue(all(self.explain(hash, "?duration=5&amount=50").values()))
        for query in ("?duration=2", "?duration=10", "?amount=9", "?amount=101"):
            self.assertEqual(list(self.explain(hash, query).values()).count(False), 1, query)
        self.assertFalse(all(self.explain(hash, "?amount=0").values()))
        self.cancel(maker.cancel(hash))
        self.assertFalse(self.explain(hash)["not_cancelled"])
        expired = self.post_offer(maker, 2, deadline=int(time.time()) + 1)
        eventually("its deadline", lambda: not self.explain(expired)["not_expired"])

    def test_it_is_asked_by_any_hash_and_strictly(self):
        hash = self.post_offer(Maker("explained"), 1)
        other = self.offer(hash)["structHash"]
        self.assertEqual(self.service.get(f"/offers/{other}/explain").json["offerHash"], hash)
        for query, field in (("duration=0", "duration"), ("amount=-1", "amount"), ("days=1", "days")):
            self.assert_problem(self.service.get(f"/offers/{hash}/explain?{query}"), 400, field=field)
        self.assert_problem(self.service.get("/offers/0x" + "cd" * 32 + "/explain"), 404, "offer_not_found")


class Watching(ServiceCase):
    def test_it_says_that_it_lives_is_ready_and_well(self):
        self.assertEqual(self.service.get("/live").json, {"status": "live"})
        ready = self.service.get("/ready")
        self.assertEqual((ready.status, ready.json["ready"]), (200, True))
        states = {part["name"]: part["state"] for part in ready.json["dependencies"]}
        self.assertEqual((states["postgresql"], states["redis"]), ("up", "up"))
        health = self.service.get("/health").json
        self.assertEqual(health["status"], "ok")
        self.assertRegex(health["epoch"], r"\A[0-9a-f]{16}\Z")
        self.assertRegex(health["startedAt"], TIME)
        self.assertEqual(self.service.get("/version").json["name"], "strikebook")

    def test_its_figures_are_numbers_and_move(self):
        before = self.service.get("/stats").json
        self.assertTrue(all(isinstance(value, (int, float)) for value in before.values()))
        self.assertLessEqual({"postgres_connections", "postgres_queries_total", "postgres_failed_queries_total", "open_offers",
                              "database_bytes"}, before.keys())
        self.post_offer(Maker("stats"), 1)
        after = self.service.get("/stats").json
        self.assertEqual(after["open_offers"], before["open_offers"] + 1)
        self.assertEqual(after["log_seq"], before["log_seq"] + 1)
        self.assertGreater(after["postgres_queries_total"], before["postgres_queries_total"])

    def test_its_metrics_are_the_text_format(self):
        def read():
            answer = self.service.get("/metrics")
            self.assertTrue(answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
            values, types = {}, {}
            for line in answer.body.decode().splitlines():
                if line.startswith("# TYPE "):
                    name, kind = line[7:].split(" ")
                    self.assertNotIn(name, types)
                    types[name] = kind
                elif not line.startswith("# HELP "):
                    match = re.fullmatch(r'([a-z_:][a-z0-9_:]*)(\{[a-z]+="[^"]*"\})? (\S+)', line)
                    self.assertIsNotNone(match, line)
                    family = re.sub("_(bucket|sum|count)$", "", match[1])
                    self.assertTrue(match[1] in types or types.get(family) == "histogram", line)
                    values[match[1] + (match[2] or "")] = float(match[3])
            return values
        before = read()
        for _ in range(3):
            self.service.get("/nowhere")
        after = read()
        name = 'strikebook_http_requests_total{status="404"}'
        self.assertEqual(after[name], before.get(name, 0) + 3)
        buckets = [value for key, value in after.items() if "seconds_bucket" in key]
        self.assertEqual(buckets, sorted(buckets))
        self.assertEqual(buckets[-1], after["strikebook_http_request_seconds_count"])

    def test_the_protocol_is_all_that_a_signer_needs(self):
        protocol = self.service.get("/protocol").json
        self.assertEqual(protocol["domain"], {"name": "OptionsProtocol", "version": "1", "chainId": CHAIN,
                                              "verifyingContract": CONTRACT})
        self.assertEqual(protocol["domainSeparator"], hexed(SEPARATOR))
        self.assertEqual(protocol["typeHashes"]["OptionOffer"],
                         "0x7b826144a8496046c651d545a7466be698d0b5814eab0ee737c87d379a60eef5")
        self.assertEqual([field["name"] for field in protocol["types"]["OptionOffer"]][:3],
                         ["writer", "underlying", "collateralAmount"])
        self.assertIn({"symbol": "USDC", "address": USDC, "decimals": 6, "stablecoin": True}, protocol["tokens"])
        self.assertEqual(protocol["limits"]["batch"], 500)


if __name__ == "__main__":
    unittest.main()
