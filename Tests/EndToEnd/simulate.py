#!/usr/bin/env python3
"""simulate: the paths as CSV and as JSON lines, their law, their seed, and the picture.

STRIKEBOOK is the path of the program.
"""
import csv
import io
import math
import unittest
from xml.etree import ElementTree

from program import run
from service import scratch


def rows(*arguments):
    return list(csv.DictReader(io.StringIO(run("simulate", *arguments).text)))


class Simulate(unittest.TestCase):
    def test_csv_and_json_are_the_same_paths_and_a_seed_decides_them(self):
        size = ("--spot", 2500, "--volatility", 0.6, "--steps", 20, "--paths", 3)
        table = rows(*size, "--seed", 7)
        self.assertEqual([(r["path"], r["step"]) for r in table], [(str(p), str(s)) for p in range(3) for s in range(21)])
        paths = run("simulate", *size, "--seed", 7, "--json").lines
        self.assertEqual([float(r["price"]) for r in table], [price for path in paths for price in path["prices"]])
        self.assertEqual([float(r["time"]) for r in table[:21]], paths[0]["times"])
        self.assertEqual(table, rows(*size, "--seed", 7))
        self.assertNotEqual(table, rows(*size, "--seed", 8))

    def test_log_returns_have_the_mean_and_deviation_asked_for(self):
        table = rows("--drift", -0.5, "--volatility", 0.4, "--years", 2, "--steps", 50, "--paths", 200)
        logs = [math.log(float(row["price"])) for row in table]
        moves = [after - before for place, (before, after) in enumerate(zip(logs, logs[1:])) if (place + 1) % 51]
        mean = sum(moves) / len(moves)
        deviation = math.sqrt(sum((move - mean) ** 2 for move in moves) / len(moves))
        self.assertAlmostEqual(mean, (-0.5 - 0.08) * 0.04, delta=5 * 0.08 / 100)
        self.assertAlmostEqual(deviation, 0.08, delta=0.003)

    def test_seconds_are_reflected_at_a_quarter_and_four_times_the_spot(self):
        prices = [float(row["price"]) for row in rows("--unit", "second", "--volatility", 0.3, "--steps", 5000, "--paths", 2)]
        self.assertGreater(min(prices), 24.999)
        self.assertLess(max(prices), 400.001)
        self.assertLess(min(prices), 30)

    def test_the_picture_has_axes_and_each_path(self):
        picture = scratch("paths.svg")
        run("simulate", "--paths", 12, "--plot", picture, "--output", scratch("paths.csv"))
        drawing = ElementTree.parse(picture).getroot()
        name = "{http://www.w3.org/2000/svg}"
        self.assertEqual(len(drawing.findall(f"{name}polyline")), 12 + 1)
        texts = [text.text for text in drawing.iter(f"{name}text")]
        self.assertTrue({"time in years", "price", "mean of the paths", "100"} <= set(texts), texts)

    def test_what_cannot_be_simulated_is_named(self):
        for arguments in (("--spot", -1), ("--paths", 0), ("--steps", 0), ("--volatility", -0.1), ("--years", 0),
                          ("--drift", "nan"), ("--unit", "second", "--years", 1), ("--years", 1, "--dt", 1)):
            self.assertIn(arguments[0] if arguments[0] != "--unit" else "--dt",
                          run("simulate", *arguments, code=2).errors)
        run("simulate", "--plot", "/nonexistent/paths.svg", code=2)


if __name__ == "__main__":
    unittest.main()
