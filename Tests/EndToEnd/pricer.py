#!/usr/bin/env python3
"""The pricer from outside: `strikebook price` over JSON lines and POST /price, errors in place, limits of work.

STRIKEBOOK is the path of the program.
"""
import json
import os
import resource
import subprocess
import threading
import unittest

from checks import ServiceCase
from program import run
from signing import Maker

CALL = {"kind": "european", "type": "call", "spot": 60, "strike": 65, "volatility": 0.3, "years": 0.25, "rate": 0.08}
MARKET = {"spot": 100, "volatility": 0.4, "years": 0.25, "rate": 0.05, "dividendYield": 0.02}


class Command(unittest.TestCase):
    def price(self, *requests):
        lines = [r if isinstance(r, str) else json.dumps(r) for r in requests]
        return [json.loads(line) for line in run("price", given="\n".join(lines) + "\n").text.splitlines()]

    def test_every_line_is_answered_in_its_place(self):
        answers = self.price({"id": "a", **CALL}, '{"id": 2, "spot": NaN}', "", "nonsense", {"id": 3, **CALL, "spot": -1},
                             {"id": 4, **CALL, "colour": 1}, {"id": None, **CALL})
        self.assertEqual([answer["id"] for answer in answers], ["a", 2, None, 3, 4, None])
        self.assertAlmostEqual(answers[0]["price"], 2.1334, 4)
        self.assertEqual([answer["error"]["code"] for answer in answers[1:5]],
                         ["invalid_json", "invalid_json", "out_of_range", "unknown_field"])
        self.assertEqual(answers[3]["error"]["field"], "spot")
        self.assertEqual(answers[5]["price"], answers[0]["price"])

    def test_tails_and_implied_volatilities_of_tiny_prices(self):
        tail, implied = self.price(
            {"id": 1, "kind": "european", "type": "put", "spot": 100, "strike": 0.01, "years": 1, "volatility": 0.5},
            {"id": 2, "kind": "impliedVolatility", "type": "call", "spot": 100, "strike": 1e6, "years": 1, "price": 1e-290})
        # mpmath with 50 digits.
        self.assertLess(abs(tail["price"] / 1.1728747098887213e-77 - 1), 1e-12)
        self.assertLess(abs(implied["impliedVolatility"] / 0.2520863113993114 - 1), 1e-15)

    def test_each_kind_is_answered_in_closed_form_and_by_sampling(self):
        kinds = [
            {"kind": "european", "type": "put", "strike": 95}, {"kind": "oneTouch", "direction": "up", "barrier": 115},
            {"kind": "oneTouch", "direction": "down", "barrier": 85, "payAt": "hit", "observations": 24},
            {"kind": "doubleNoTouch", "lower": 85, "upper": 120, "observations": 24},
            {"kind": "ladder", "rungs": [90, 105, 120], "payouts": [1, 2, 3], "observations": 24},
            {"kind": "momentum", "measure": "net", "target": 15, "observations": 24},
            {"kind": "momentum", "measure": "tick", "target": 9, "observations": 24},
            {"kind": "momentum", "measure": "logPath", "target": 0.8, "observations": 24},
            {"kind": "momentum", "measure": "logUpMove", "target": 0.4, "observations": 24},
            {"kind": "momentum", "measure": "realisedVariance", "target": 0.04, "observations": 24},
            {"kind": "momentum", "measure": "drawup", "target": 0.25, "observations": 24},
        ]
        sampling = {"method": "monteCarlo", "paths": 40_000, "seed": 11}
        answers = self.price(*({"id": 1, **MARKET, **kind, **more} for kind in kinds for more in ({}, sampling)))
        for kind, closed, sampled in zip(kinds, answers[::2], answers[1::2]):
            self.assertNotIn("error", closed, kind)
            self.assertEqual((sampled["method"], sampled["seed"]), ("monteCarlo", 11), kind)
            self.assertGreater(sampled["standardError"], 0, kind)
            self.assertLess(abs(closed["price"] - sampled["price"]), 5 * sampled["standardError"], kind)
            low, high = sampled["confidence95"]
            self.assertLess(low, sampled["price"])
            self.assertGreater(high, sampled["price"])

    def test_whoever_waits_for_each_answer_gets_it(self):
        process = subprocess.Popen([os.environ["STRIKEBOOK"], "price"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for number in range(100):
            process.stdin.write(json.dumps({"id": number, **CALL}).encode() + b"\n")
            process.stdin.flush()
            self.assertTrue(process.stdout.readline().startswith(b'{"id":%d,' % number))
        process.stdin.close()
        self.assertEqual((process.stdout.read(), process.wait()), (b"", 0))
        process.stdout.close()

    def test_many_lines_stream_in_constant_memory(self):
        count = 200_000
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        process = subprocess.Popen([os.environ["STRIKEBOOK"], "price"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

        def write():
            for start in range(0, count, 1_000):
                process.stdin.write("".join(json.dumps({"id": number, **CALL}) + "\n"
                                            for number in range(start, start + 1_000)).encode())
            process.stdin.close()

        writer = threading.Thread(target=write)
        writer.start()
        for number, line in enumerate(process.stdout):
            self.assertTrue(line.startswith(b'{"id":%d,' % number), line)
        writer.join()
        process.stdout.close()
        self.assertEqual((process.wait(), number), (0, count - 1))
        self.assertLess(max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss), 200_000, "KiB")


class Route(ServiceCase):
    def price(self, *requests):
        answer = self.service.post("/price", {"requests": list(requests)})
        self.assertEqual(answer.status, 200, answer)
        return answer.json["results"]

    def test_a_batch_is_answered_in_order_with_errors_in_place(self):
        first, second = self.price({"id": 1, **CALL}, {"id": 2, **CALL, "strike": "65"})
        self.assertAlmostEqual(first["price"], 2.1334, 4)
        self.assertEqual((second["id"], second["error"]["code"], second["error"]["field"]), (2, "invalid_type", "strike"))

    def test_an_open_offer_is_priced_by_its_hash_in_the_market_as_it_stands(self):
        hash = self.post_offer(Maker("pricer"))
        (answer,) = self.price({"id": 1, "kind": "offer", "offerHash": hash, "spot": 2500, "volatility": 0.6,
                                "underlyingDecimals": 18, "stablecoinDecimals": 6})
        self.assertGreaterEqual(len(answer["fairPremiumPerDay"]), 1, answer)
        self.assertGreater(answer["delta"], 0)

    def test_too_much_work_is_refused(self):
        heavy = {"id": 1, **CALL, "method": "monteCarlo", "paths": 200_000_000}
        self.assert_problem(self.service.post("/price", {"requests": [heavy]}), 400, "too_much_work", "paths")
        many = [{"id": number, **CALL} for number in range(101)]
        self.assert_problem(self.service.post("/price", {"requests": many}), 400, "too_much_work", "requests")

    def test_a_body_of_another_shape_is_refused(self):
        for body in ({}, {"requests": 1}, {"requests": [], "more": 1}, []):
            self.assert_problem(self.service.post("/price", body), 400, "invalid_body", "requests")


if __name__ == "__main__":
    unittest.main()
