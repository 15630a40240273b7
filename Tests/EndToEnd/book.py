#!/usr/bin/env python3
"""Reading a running service's book: rows, exact order, filters, paging while others write, ETags, depth, quote, explain.

STRIKEBOOK is the path of the program.
"""
import random
import re
import threading
import time
import unittest
from fractions import Fraction
from pathlib import Path

from checks import TIME, ServiceCase
from signing import OTHER_STABLE, USDC, WETH, Maker, in_json

ROW = ["offerHash", "seq", "writer", "underlying", "collateralAmount", "stablecoin", "isCall", "premiumPerDay", "minDuration",
       "maxDuration", "minFillAmount", "deadline", "configHash", "remaining", "filled", "remainingPremiumPerDay", "pricing"]


def token(number):
    """An underlying of a test's own."""
    return "0x" + f"{number:02x}" * 20


def price(row):
    return Fraction(int(row["premiumPerDay"]), int(row["collateralAmount"]))


class Shapes(ServiceCase):
    def test_a_row_holds_the_offer_flat_beside_its_state(self):
        maker, underlying = Maker("row"), token(0xa0)
        offer = maker.offer(1, underlying=underlying, collateralAmount=7, minFillAmount=2, premiumPerDay=10)
        self.service.post("/offers", maker.body(offer))
        reply = self.service.get("/orderbook/" + underlying).json
        self.assertEqual(list(reply), ["underlying", "symbol", "seq", "asOf", "stale", "calls", "puts"])
        self.assertEqual((reply["underlying"].lower(), reply["symbol"], reply["stale"]), (underlying, None, False))
        self.assertRegex(reply["asOf"], TIME)
        row = reply["calls"]["rows"][0]
        self.assertEqual(list(row), ROW)
        self.assertEqual({k: str(v).lower() for k, v in row.items() if k in offer},
                         {k: str(v).lower() for k, v in in_json(offer).items()})
        self.assertEqual((row["remaining"], row["filled"], row["remainingPremiumPerDay"], row["pricing"]),
                         ("7", "0", "10", None))
        self.assertEqual((reply["calls"]["nextCursor"], reply["puts"]), (None, {"rows": [], "nextCursor": None}))
        bare = self.service.get(f"/orderbook/{underlying}?pricing=off").json["calls"]["rows"][0]
        self.assertEqual(list(bare), ROW[:-1])

    def test_a_book_is_asked_for_by_symbol_or_address_and_by_side(self):
        names = ("weth", "WETH", "wEtH", WETH, WETH.lower(), "0x" + WETH[2:].upper(), "%77eth")
        books = [self.service.get(f"/orderbook/{name}?pricing=off").json for name in names]
        self.assertTrue(all(book == books[0] for book in books))
        self.assertEqual((books[0]["symbol"], books[0]["underlying"]), ("WETH", WETH))
        calls, puts = (self.service.get("/orderbook/weth?side=" + side).json for side in ("call", "put"))
        self.assertTrue("calls" in calls and "puts" not in calls)
        self.assertTrue("puts" in puts and "calls" not in puts)
        never = self.service.get("/orderbook/" + token(0xee)).json
        self.assertEqual((never["seq"], never["asOf"], never["calls"]["rows"]), (0, None, []))

    def test_each_broken_query_names_its_parameter(self):
        path = "/orderbook/weth?"
        for query, field in (
                ("side=up", "side"), ("side=", "side"), ("side=Call", "side"), ("limit=0", "limit"), ("limit=1001", "limit"),
                ("limit=-1", "limit"), ("limit=%2b1", "limit"), ("limit=1.0", "limit"), ("limit=", "limit"),
                ("limit=99999999999999999999", "limit"), ("sort=price", "sort"), ("duration=0", "duration"),
                ("duration=65536", "duration"), ("duration=x", "duration"), ("minDuration=-1", "minDuration"),
                ("minDuration=5&maxDuration=4", "minDuration"), ("minSize=-1", "minSize"), ("minSize=1e18", "minSize"),
                ("minSize=" + str(2**256), "minSize"), ("minSize=01", "minSize"), ("stablecoin=0x12", "stablecoin"),
                ("stablecoin=0x" + USDC[2:].swapcase(), "stablecoin"), ("pricing=maybe", "pricing"),
                ("cursor=00&side=call", "cursor"), ("cursor=zz&side=call", "cursor"), ("cursor=&side=call", "cursor"),
                ("cursor=00", "cursor"), ("limit=5&limit=5", "limit"), ("side=%ff", "side")):
            with self.subTest(query):
                answer = self.service.get(path + query)
                problem = self.assert_problem(answer, 400)
                self.assertIn(field, problem["field"])
        self.assert_problem(self.service.get(path + "depth=1"), 400, "unknown_parameter", "depth")
        self.assert_problem(self.service.get(path + "Side=call"), 400, "unknown_parameter", "Side")
        self.assert_problem(self.service.get("/orderbook/nothing"), 404, "unknown_token")
        self.assert_problem(self.service.get("/orderbook/0x12"), 400)
        self.assert_problem(self.service.get("/orderbook/weth?stablecoin=nothing"), 404, "unknown_token", "stablecoin")


class Order(ServiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.underlying = token(0xa1)
        rng = random.Random("order")
        makers = [Maker(f"order {n}") for n in range(5)]
        huge = 2**256 - 1
        amounts = [1, 2, 3, 7, 10**18, 2**128, 2**128 + 1, huge - 1, huge]
        bodies = []
        for number in range(400):
            collateral, premium = rng.choice(amounts + [rng.randrange(1, huge)]), rng.choice(amounts + [rng.randrange(1, huge)])
            low = rng.randrange(1, 300)
            bodies.append(rng.choice(makers).post_body(
                number, underlying=cls.underlying, collateralAmount=collateral, premiumPerDay=premium,
                minFillAmount=rng.choice((1, collateral)), minDuration=low, maxDuration=low + rng.randrange(0, 65),
                isCall=rng.random() < 0.9, stablecoin=rng.choice((USDC, OTHER_STABLE)),
                deadline=int(time.time()) + rng.choice((5_000, 6_000, rng.randrange(1_000, 10**7))))[0])
        results = cls.service.post("/offers/batch", {"offers": bodies}).json["results"]
        assert {r["status"] for r in results} == {201}, results
        cls.all = cls.service.rows(cls.underlying + "?side=call&limit=1000")

    def rows(self, query):
        return self.service.rows(f"{self.underlying}?side=call&limit=1000{query}")

    def test_rows_are_listed_by_their_exact_price_then_by_age(self):
        self.assertGreater(len(self.all), 300)
        self.assertEqual(self.all, sorted(self.all, key=lambda row: (price(row), row["seq"])))
        self.assertEqual({row["isCall"] for row in self.all}, {True})
        puts = self.service.rows(self.underlying + "?side=put", "puts")
        self.assertEqual(len(puts) + len(self.all), 400)
        self.assertEqual(puts, sorted(puts, key=lambda row: (price(row), row["seq"])))

    def test_every_other_order_has_the_same_rows(self):
        for sort, key in (("premium", lambda row: (price(row), row["seq"])), ("created", lambda row: row["seq"]),
                          ("deadline", lambda row: (row["deadline"], row["seq"]))):
            self.assertEqual(self.rows("&sort=" + sort), sorted(self.all, key=key), sort)
        dearest = self.rows("&sort=-premium")
        self.assertEqual([price(row) for row in dearest], sorted((price(row) for row in self.all), reverse=True))
        self.assertEqual({row["seq"] for row in dearest}, {row["seq"] for row in self.all})

    def test_pages_of_any_size_join_to_the_whole_in_every_order(self):
        for sort in ("premium", "-premium", "created", "deadline"):
            whole = self.rows("&sort=" + sort)
            for limit in (1, 7, 100, 999):
                with self.subTest(f"{sort} by {limit}"):
                    query = f"{self.underlying}?side=call&sort={sort}&limit={limit}"
                    if limit == 1:
                        first = self.service.get("/orderbook/" + query).json["calls"]
                        self.assertEqual(first["rows"], whole[:1])
                        continue
                    self.assertEqual(self.service.rows(query), whole)

    def test_every_filter_keeps_what_it_says(self):
        for query, keeps in (
                ("&stablecoin=usdc", lambda r: r["stablecoin"] == USDC),
                ("&stablecoin=" + OTHER_STABLE, lambda r: r["stablecoin"].lower() == OTHER_STABLE),
                ("&duration=50", lambda r: r["minDuration"] <= 50 <= r["maxDuration"]),
                ("&minDuration=200", lambda r: r["maxDuration"] >= 200),
                ("&maxDuration=100", lambda r: r["minDuration"] <= 100),
                ("&minDuration=90&maxDuration=100", lambda r: r["maxDuration"] >= 90 and r["minDuration"] <= 100),
                (f"&minSize={2**128}", lambda r: int(r["remaining"]) >= 2**128), ("&minSize=0", lambda r: True),
                (f"&minSize={2**256 - 1}", lambda r: int(r["remaining"]) == 2**256 - 1),
                ("&stablecoin=usdc&duration=50&minSize=8", lambda r: r["stablecoin"] == USDC and int(r["remaining"]) >= 8
                 and r["minDuration"] <= 50 <= r["maxDuration"])):
            for sort in ("", "&sort=-premium", "&sort=created", "&sort=deadline"):
                with self.subTest(query + sort):
                    kept = self.rows(query + sort)
                    self.assertEqual({r["seq"] for r in kept}, {r["seq"] for r in self.all if keeps(r)})
                    if not sort:
                        self.assertEqual(kept, [r for r in self.all if keeps(r)])

    def test_a_cursor_serves_its_own_query_alone(self):
        first = f"/orderbook/{self.underlying}?side=call&limit=10"
        cursor = self.service.get(first).json["calls"]["nextCursor"]
        self.assertEqual(self.service.get(f"{first}&cursor={cursor}").json["calls"]["rows"], self.all[10:20])
        # Another page size is the same query.
        self.assertEqual(self.service.get(f"/orderbook/{self.underlying}?cursor={cursor}&limit=3&side=call").json["calls"]["rows"],
                         self.all[10:13])
        for query in (f"{self.underlying}?side=put", f"{self.underlying}?side=call&sort=created", "weth?side=call",
                      f"{self.underlying}?side=call&duration=5", f"{self.underlying}?side=call&stablecoin=usdc",
                      f"{self.underlying}?side=call&minSize=1"):
            self.assert_problem(self.service.get(f"/orderbook/{query}&cursor={cursor}"), 400, "invalid_cursor", "cursor")
        for index in range(0, len(cursor), 5):
            forged = cursor[:index] + ("0" if cursor[index] != "0" else "1") + cursor[index + 1:]
            self.assert_problem(self.service.get(f"{first}&cursor={forged}"), 400, "invalid_cursor", "cursor")
        for forged in (cursor[:-2], cursor + "00", cursor[2:], "0x" + cursor, "A" * 10_000):
            self.assert_problem(self.service.get(f"{first}&cursor={forged}"), 400, "invalid_cursor", "cursor")

    def test_the_depth_adds_up(self):
        reply = self.service.get("/depth/" + self.underlying).json
        self.assertEqual(list(reply), ["underlying", "symbol", "seq", "asOf", "calls", "puts"])
        levels = reply["calls"]["levels"]
        sizes = {}
        for row in self.all:
            sizes.setdefault(price(row), []).append(int(row["remaining"]))
        self.assertEqual([price(level) for level in levels], sorted(sizes))
        total = 0
        for level in levels:
            self.assertEqual(int(level["size"]), min(sum(sizes[price(level)]), 2**256 - 1))
            self.assertEqual(level["offers"], len(sizes[price(level)]))
            total = min(total + int(level["size"]), 2**256 - 1)
            self.assertEqual(int(level["cumulativeSize"]), total)
        self.assertEqual(list(self.service.get(f"/depth/{self.underlying}?side=put").json)[-1], "puts")
        narrow = self.service.get(f"/depth/{self.underlying}?side=call&stablecoin=usdc&duration=50").json["calls"]["levels"]
        kept = [r for r in self.all if r["stablecoin"] == USDC and r["minDuration"] <= 50 <= r["maxDuration"]]
        self.assertEqual(sum(level["offers"] for level in narrow), len(kept))
        self.assert_problem(self.service.get("/depth/weth?limit=5"), 400, "unknown_parameter", "limit")


class Paging(ServiceCase):
    def test_rows_that_stay_are_listed_once_while_others_come_and_go(self):
        maker, noise, underlying = Maker("paging"), Maker("noise"), token(0xa2)
        rng = random.Random("paging")
        bodies = [maker.post_body(n, underlying=underlying, premiumPerDay=rng.randrange(1, 10**6)) for n in range(1200)]
        for start in range(0, 1200, 400):
            answer = self.service.post("/offers/batch", {"offers": [body for body, _ in bodies[start:start + 400]]})
            self.assertEqual({r["status"] for r in answer.json["results"]}, {201})
        stays = {hash for _, hash in bodies}
        stop, written = threading.Event(), []

        def disturb():
            number = 0
            while not stop.is_set():
                number += 1
                body, hash = noise.post_body(number, underlying=underlying, premiumPerDay=rng.randrange(1, 10**6))
                written.append(self.service.post("/offers", body).status)
                if number % 3:
                    written.append(self.service.post("/offers/cancel", noise.cancel(hash)).status)

        thread = threading.Thread(target=disturb)
        thread.start()
        try:
            for query in ("limit=37", "limit=100&sort=-premium", "limit=50&sort=created", "limit=64&sort=deadline"):
                hashes = [row["offerHash"] for row in self.service.rows(f"{underlying}?side=call&{query}")]
                self.assertEqual(len(hashes), len(set(hashes)), "a row twice: " + query)
                self.assertEqual(stays - set(hashes), set(), "a row left out: " + query)
            listed, cursor = [], ""
            while cursor is not None:
                page = self.service.get(f"/offers?underlying={underlying}&status=open&limit=90" + cursor).json
                listed += [offer["offerHash"] for offer in page["offers"]]
                cursor = page["nextCursor"] and "&cursor=" + page["nextCursor"]
            self.assertEqual(len(listed), len(set(listed)))
            self.assertEqual(stays - set(listed), set())
        finally:
            stop.set()
            thread.join()
        self.assertEqual(set(written) - {200, 201}, set())
        self.assertGreater(len(written), 20)


class Memory(ServiceCase):
    def test_asking_for_ever_other_pages_does_not_fill_the_memory(self):
        maker, underlying = Maker("memory"), token(0xa7)
        for start in range(0, 1000, 500):
            self.service.post("/offers/batch", {"offers": [
                maker.post_body(n, underlying=underlying)[0] for n in range(start, start + 500)]})

        def resident():
            lines = Path(f"/proc/{self.service.process.pid}/status").read_text().splitlines()
            return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) // 1024

        before, sent = resident(), 0
        for size in range(450):
            sent += len(self.service.get(f"/orderbook/{underlying}?side=call&limit=1000&minSize={size}").body)
        self.assertGreater(sent, 250 << 20)
        self.assertLess(resident() - before, 200, "MiB")


class Tags(ServiceCase):
    def test_a_book_stays_the_same_bytes_until_it_changes(self):
        maker, underlying = Maker("tags"), token(0xa3)
        self.post_offer(maker, 1, underlying=underlying)
        for path in (f"/orderbook/{underlying}", f"/orderbook/{underlying}?side=call&limit=5", f"/depth/{underlying}"):
            first = self.service.get(path)
            self.assertRegex(first.headers["ETag"], re.compile(r'\A"[0-9a-f]{16}-\d+-[0-9a-f]+"\Z'))
            self.post_offer(maker, path, underlying=token(0xa4))
            again = self.service.get(path)
            self.assertEqual((again.body, again.headers["ETag"]), (first.body, first.headers["ETag"]))
            for match in (first.headers["ETag"], "*", f'"x", {first.headers["ETag"]}', "W/" + first.headers["ETag"]):
                answer = self.service.get(path, If_None_Match=match)
                self.assertEqual((answer.status, answer.body, answer.headers["ETag"]), (304, b"", first.headers["ETag"]))
            for match in ('"x"', "", first.headers["ETag"][1:-1], first.headers["ETag"].upper()[:-1] + 'x"'):
                self.assertEqual(self.service.get(path, If_None_Match=match).status, 200, match)
            hash = self.post_offer(maker, path + " changes it", underlying=underlying)
            changed = self.service.get(path, If_None_Match=first.headers["ETag"])
            self.assertEqual(changed.status, 200)
            self.assertGreater(changed.json["seq"], first.json["seq"])
            self.cancel(maker.cancel(hash))
            self.assertNotEqual(self.service.get(path).headers["ETag"], first.headers["ETag"])

    def test_different_queries_have_different_tags(self):
        maker, underlying = Maker("queries"), token(0xa5)
        for number in range(3):
            self.post_offer(maker, number, underlying=underlying, isCall=number > 0)
        paths = [f"/orderbook/{underlying}" + q for q in ("", "?side=call", "?side=put", "?side=call&limit=1", "?pricing=off")]
        self.assertEqual(len({self.service.get(path).headers["ETag"] for path in paths}), len(paths))


if __name__ == "__main__":
    unittest.main()
