#!/usr/bin/env python3
"""The market of running services: paths that a seed decides, two processes and their ticks, the operator's posts, candles,
and what offers are worth, recomputed here from the textbook.

STRIKEBOOK is the path of the program.
"""
import json
import math
import signal
import time
import unittest
from datetime import datetime
from statistics import NormalDist

from checks import TIME, ServiceCase
from service import Databases, Service, eventually, scratch
from signing import USDC, WETH, Maker

KEY = "the operator's key"
OPERATOR = {"Authorization": f"Bearer {KEY}"}
SEED = 42
DEMO = "0x" + "de" * 20
TOKENS = [
    {"symbol": "WETH", "address": WETH, "decimals": 18, "stablecoin": False, "startPrice": "2500", "volatility": 0.6},
    {"symbol": "USDC", "address": USDC, "decimals": 6, "stablecoin": True},
    {"symbol": "DEMO", "address": DEMO, "decimals": 18, "stablecoin": False, "startPrice": 100, "drift": 0.0002,
     "volatility": 0.01, "unit": "second", "seed": SEED},
]


def millis(text):
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def philox(counter, key):
    """Philox4x32-10 as its paper has it."""
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [b >> 32 ^ c[1] ^ k[0], b & 0xFFFFFFFF, a >> 32 ^ c[3] ^ k[1], a & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def step(price, number, start=100.0, drift=0.0002, sigma=0.01, seconds=0.1):
    """The exact step of the demonstration index, reflected at a quarter and four times its start."""
    word = philox((number & 0xFFFFFFFF, number >> 32, 0, 0), (SEED & 0xFFFFFFFF, SEED >> 32))
    uniform = (((word[0] << 32 | word[1]) >> 12) + 0.5) / 2**52
    x = math.log(price / start) + (drift - sigma**2 / 2) * seconds + sigma * math.sqrt(seconds) * NormalDist().inv_cdf(uniform)
    edge = math.log(4)
    if abs(x) > edge:
        x = math.copysign(2 * edge, x) - x
    return start * math.exp(x)


class Market(unittest.TestCase):
    """Two services on one database."""

    @classmethod
    def setUpClass(cls):
        cls.databases = Databases()
        file = scratch("tokens.json")
        file.write_text(json.dumps(TOKENS))
        cls.flags = ("--database-url", cls.databases.url, "--redis-url", cls.databases.redis_url, "--tokens", str(file),
                     "--operator-key", KEY, "--offer-rate-limit", "0", "--migrate", "on")
        cls.services = [Service(*cls.flags), Service(*cls.flags)]

    def price(self, service, token="demo"):
        answer = service.get(f"/prices/{token}")
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def leader_and_other(self):
        return sorted(self.services, key=lambda service: -service.get("/stats").json["leader"])

    def ticks(self, token=DEMO):
        """Stored: number, ms since 1970, price in 1e-8, steps so far, exact price."""
        rows = self.databases.query(
            f"SELECT tick, (extract(epoch FROM as_of) * 1000)::bigint, prices ->> '{token}', state ->> 'step', "
            f"state -> 'tokens' -> '{token}' ->> 0 FROM ticks WHERE prices ? '{token}' ORDER BY tick")
        return [(int(n), int(at), int(p), int(s), float(exact)) for n, at, p, s, exact in rows]

    def test_1_both_show_the_same_ticks_while_prices_move(self):
        seen = [{}, {}]
        end = time.monotonic() + 2.5
        while time.monotonic() < end:
            for shown, service in zip(seen, self.services):
                price = self.price(service)
                shown[price["tick"]] = (price["priceE8"], price["asOf"])
            time.sleep(0.02)
        self.assertGreater(len(seen[0]), 8)
        both = seen[0].keys() & seen[1].keys()
        self.assertGreater(len(both), 8)
        for number in both:
            self.assertEqual(seen[0][number], seen[1][number])
        for shown in seen:
            stamps = [millis(shown[number][1]) for number in sorted(shown)]
            self.assertEqual(stamps, sorted(set(stamps)))
            self.assertGreater(len({price for price, _ in shown.values()}), 8)
        listed = self.services[0].get("/prices").json["prices"]
        self.assertEqual([price["symbol"] for price in listed], ["WETH", "USDC", "DEMO"])
        self.assertEqual((listed[1]["priceE8"], listed[0]["volatility"], listed[2]["volatility"]), ("100000000", 0.6, None))
        for price in listed:
            self.assertRegex(price["asOf"], TIME)
            self.assertEqual((price["source"], price["stale"]), ("simulation", False))

    def test_2_the_lead_and_a_restart_go_on_with_the_path_of_the_seed(self):
        leader, other = self.leader_and_other()
        leader.stop(signal.SIGKILL)
        last = self.ticks()[-1][0]
        eventually("the other one makes ticks", lambda: self.price(other)["tick"] > last + 3)
        other.stop()
        last = self.ticks()[-1]
        self.services[:] = [Service(*self.flags), Service(*self.flags)]
        shown = self.price(self.services[0])
        self.assertGreaterEqual(shown["tick"], last[0])
        eventually("ticks go on", lambda: self.price(self.services[1])["tick"] > last[0] + 5)
        rows = self.ticks()
        self.assertEqual([row[0] for row in rows], list(range(len(rows))))
        self.assertEqual((rows[0][2], rows[0][3]), (100 * 10**8, 0))
        for before, after in zip(rows, rows[1:]):
            self.assertGreater(after[1], before[1])
            price = before[4]
            for number in range(before[3], after[3]):
                price = step(price, number)
            self.assertAlmostEqual(after[4] / price, 1, delta=1e-12)
            self.assertEqual(after[2], round(after[4] * 10**8))

    def test_3_candles_are_what_the_ticks_make(self):
        rows = self.ticks()
        eventually("their candles are folded", lambda: int(
            self.databases.query("SELECT tick FROM candle_progress")[0][0]) >= rows[-1][0])
        begin, end = rows[0][1] // 1000, rows[-1][1] // 1000 - 2
        for interval, seconds in (("1s", 1), ("1m", 60), ("1h", 3600)):
            expected = {}
            for _, at, price, _, _ in rows:
                expected.setdefault(at // 1000 // seconds * seconds, []).append(price)
            candles, cursor = [], ""
            while cursor is not None:
                page = self.services[0].get(
                    f"/prices/demo/history?interval={interval}&from={begin - 3600}&to={end}&limit=3{cursor}").json
                candles += page["candles"]
                cursor = page["nextCursor"] and "&cursor=" + page["nextCursor"]
            self.assertEqual([millis(c["openedAt"]) // 1000 for c in candles], [at for at in sorted(expected) if at < end])
            for candle in candles if interval == "1s" else []:
                prices = expected[millis(candle["openedAt"]) // 1000]
                self.assertEqual(
                    [int(candle[name]) for name in ("openE8", "highE8", "lowE8", "closeE8")] + [candle["ticks"]],
                    [prices[0], max(prices), min(prices), prices[-1], len(prices)])
        for query in ("interval=2s", "from=5&to=5", "from=x", "limit=0", "cursor=00", "candles=1"):
            self.assertEqual(self.services[0].get("/prices/demo/history?" + query).status, 400, query)

    def test_4_the_operator_sets_a_price_wherever_he_asks(self):
        for service in self.leader_and_other():
            for price in (3_000_00000000, 2_400_00000000):
                answer = service.post("/prices/weth", {"priceE8": str(price)}, **OPERATOR)
                self.assertEqual((answer.status, answer.json["priceE8"], answer.json["source"]), (200, str(price), "operator"))
                shown = self.price(service, WETH)
                self.assertEqual((shown["priceE8"], shown["source"], shown["stale"]), (str(price), "operator", False))
        for service in self.services:
            eventually("both show it", lambda: self.price(service, "weth")["priceE8"] == "240000000000")
        for headers, status, code in (({}, 401, "operator_key_required"), ({"Authorization": "Basic x"}, 401, None),
                                      ({"Authorization": "Bearer " + KEY[:-1]}, 403, "operator_key_wrong"),
                                      ({"Authorization": f"Bearer {KEY}x"}, 403, None)):
            answer = self.services[0].post("/prices/weth", {"priceE8": "5"}, **headers)
            self.assertEqual(answer.status, status, answer)
            self.assertIn(code, (None, answer.json["code"]))
        for body in ({}, {"priceE8": "0"}, {"priceE8": str(2**62 + 1)}, {"priceE8": "-1"}, {"priceE8": "1.5"}, {"priceE8": 2**53},
                     {"priceE8": "1", "x": 1}, {"priceE8": None}, []):
            self.assertEqual(self.services[0].post("/prices/weth", body, **OPERATOR).status, 400, body)
        self.assertEqual(self.services[0].post("/prices/nothing", {"priceE8": "5"}, **OPERATOR).status, 404)
        self.assertEqual(self.services[0].get("/prices/0x" + "55" * 20).json["code"], "price_unknown")

    def test_5_without_the_database_prices_go_on_and_say_so(self):
        leader, _ = self.leader_and_other()
        before = self.price(leader)
        self.databases.processes[0].send_signal(signal.SIGQUIT)
        stale = eventually("it is stale", lambda: (p := self.price(leader))["stale"] and p)
        self.assertIn("staleSeconds", stale)
        moved = {self.price(leader)["priceE8"] for _ in range(40) if time.sleep(0.05) is None}
        self.assertGreater(len(moved), 5)
        self.assertGreater(self.price(leader)["asOf"], before["asOf"])
        self.assertEqual(leader.post("/prices/weth", {"priceE8": "5"}, **OPERATOR).status, 503)


class Worth(ServiceCase):
    """What offers are worth, with the price held by the operator."""
    flags = ("--operator-key", KEY, "--offer-rate-limit", "0", "--redis-url", "none")
    spot, sigma = 2_512.34567891, 0.6

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        maker = Maker("worth")
        cls.offers = {}
        for number, (is_call, days, premium) in enumerate((
                (True, (7, 30), 3_000_000), (True, (1, 365), 9_000_000), (True, (14, 14), 1), (False, (2, 60), 4_000_000),
                (True, (30, 90), 10**14))):
            body, hash = maker.post_body(
                number, isCall=is_call, minDuration=days[0], maxDuration=days[1], premiumPerDay=premium,
                collateralAmount=10**18 + number if is_call else 2_500_000_000 + number, minFillAmount=1)
            assert cls.service.post("/offers", body).status == 201
            cls.offers[hash] = body["offer"]
        posted = cls.service.post("/prices/weth", {"priceE8": str(round(cls.spot * 10**8))}, **OPERATOR)
        assert posted.status == 200, posted
        eventually("rows show the price", lambda: any(
            row["pricing"] and row["pricing"]["spotE8"] == str(round(cls.spot * 10**8)) for row in cls.service.rows("weth?side=call")))

    def black_scholes(self, is_call, days, sigma):
        """Price and Greeks per unit, spot = strike, no rates."""
        years = days / 365
        d1 = sigma * math.sqrt(years) / 2
        density = math.exp(-d1 * d1 / 2) / math.sqrt(2 * math.pi)
        price = self.spot * math.erf(d1 / math.sqrt(2))
        delta = (1 + math.erf(d1 / math.sqrt(2))) / 2 - (0 if is_call else 1)
        return {"price": price, "delta": delta, "gamma": density / (self.spot * sigma * math.sqrt(years)),
                "vega": self.spot * density * math.sqrt(years),
                "theta": -self.spot * density * sigma / (2 * math.sqrt(years))}

    def fair(self, offer, days):
        """The fair premium a day, before it is rounded down."""
        unit = self.black_scholes(offer["isCall"], days, self.sigma)["price"]
        collateral = int(offer["collateralAmount"])
        return unit * collateral / 10**12 / days if offer["isCall"] else unit / self.spot * collateral / days

    def check(self, pricing, offer, days):
        fair = self.fair(offer, days)
        self.assertLess(abs(int(pricing["fairPremiumPerDay"]) - math.floor(fair)), 2 + fair * 1e-9)
        expected = self.black_scholes(offer["isCall"], days, self.sigma)
        for name in ("delta", "gamma", "vega", "theta"):
            self.assertAlmostEqual(pricing[name] / expected[name], 1, delta=1e-9, msg=name)
        rate = int(offer["premiumPerDay"]) * days / (
            self.spot * int(offer["collateralAmount"]) / 10**12 if offer["isCall"] else int(offer["collateralAmount"]))
        if rate >= 1:
            self.assertIsNone(pricing["impliedVolatility"])
        else:
            implied = NormalDist().inv_cdf((1 + rate) / 2) * 2 / math.sqrt(days / 365)
            self.assertAlmostEqual(pricing["impliedVolatility"] / implied, 1, delta=1e-6 if rate < 1e-6 else 1e-9)

    def test_rows_are_worth_what_the_formula_says(self):
        for side in ("call", "put"):
            for query, chosen in (("", None), ("&duration=30", 30)):
                for row in self.service.rows(f"weth?side={side}{query}", side + "s"):
                    self.assertEqual(row["pricing"]["spotE8"], str(round(self.spot * 10**8)))
                    self.assertRegex(row["pricing"]["asOf"], TIME)
                    self.check(row["pricing"], self.offers[row["offerHash"]], chosen or row["minDuration"])

    def test_an_offer_tells_its_worth_by_duration(self):
        for hash, offer in self.offers.items():
            pricing = self.service.get(f"/offers/{hash}").json["pricing"]
            days = [point["days"] for point in pricing["byDuration"]]
            self.assertEqual((days[0], days[-1]), (offer["minDuration"], offer["maxDuration"]))
            for point in pricing["byDuration"]:
                self.check(point, offer, point["days"])
            self.assertNotIn("pricing", self.service.get(f"/offers/{hash}?pricing=off").json)

    def test_a_quote_tells_what_it_is_worth(self):
        amount = 10**17
        quote = self.service.get(f"/quote?underlying=weth&side=call&amount={amount}&duration=14").json
        fair = sum(self.fair(self.offers[fill["offerHash"]], 14) * 14 * int(fill["amount"])
                   / int(self.offers[fill["offerHash"]]["collateralAmount"]) for fill in quote["fills"])
        self.assertAlmostEqual(int(quote["fairPremium"]) / fair, 1, delta=1e-7)

    def test_a_pages_tag_moves_with_its_prices_once_a_second_and_without_them_not(self):
        tags, bare, asof, end = {}, set(), set(), time.monotonic() + 2.6
        while time.monotonic() < end:
            page = self.service.get("/orderbook/weth")
            self.assertEqual(tags.setdefault(page.headers["ETag"], page.body), page.body)
            asof.add(page.json["calls"]["rows"][0]["pricing"]["asOf"])
            plain = self.service.get("/orderbook/weth?pricing=off")
            self.assertNotIn(b"pricing", plain.body)
            bare.add((plain.headers["ETag"], plain.body))
        self.assertEqual(len(bare), 1)
        self.assertTrue(2 <= len(tags) <= 4 and len(asof) == len(tags), (len(tags), asof))

    def test_the_surface_is_made_of_the_best_asks(self):
        surface = self.service.get("/surface/weth").json
        self.assertEqual(surface["spotE8"], str(round(self.spot * 10**8)))
        for side, is_call in (("calls", True), ("puts", False)):
            most = 0
            for point in surface[side]:
                able = {hash: offer for hash, offer in self.offers.items() if offer["isCall"] == is_call
                        and offer["minDuration"] <= point["days"] <= offer["maxDuration"]}
                best = min(able, key=lambda hash: int(able[hash]["premiumPerDay"]) / int(able[hash]["collateralAmount"]))
                self.assertEqual(point["bestAsk"]["offerHash"], best)
                if point["impliedVolatility"] is None:
                    self.assertGreaterEqual(point["bestAsk"]["dailyRate"] * point["days"], 1)
                    continue
                variance = point["impliedVolatility"] ** 2 * point["days"] / 365
                self.assertAlmostEqual(point["totalVariance"] / variance, 1, delta=1e-9)
                self.assertEqual(point["calendarConsistent"], variance >= most)
                most = max(most, variance)
            self.assertTrue(surface[side])
        self.assertEqual(self.service.get("/surface/nothing").status, 404)
        self.assertEqual(self.service.get("/surface/weth?x=1").status, 400)

    def test_without_an_operator_there_is_no_operators_route(self):
        service = Service("--redis-url", "none")
        self.assertEqual(service.post("/prices/weth", {"priceE8": "5"}, **OPERATOR).status, 404)
        self.assertEqual(service.get("/prices/weth").status, 200)


if __name__ == "__main__":
    unittest.main(verbosity=2)
