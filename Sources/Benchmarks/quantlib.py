"""The peer of `Benchmarks prices`: the same work by QuantLib's Monte Carlo engines.

Run by the benchmark, or by hand: python quantlib.py terminal 1000000 7
Prints one JSON object: value, standardError, and the processor time of this thread for the simulation alone; the start
of the interpreter and the set-up of the engine are not in it.
"""

import json
import sys
import time

import QuantLib as ql


def process():
    """Spot 100, rate 5 %, dividend yield 2 %, volatility 20 %: what the benchmark samples too."""
    today = ql.Date(15, 1, 2025)
    ql.Settings.instance().evaluationDate = today
    count = ql.Actual365Fixed()
    curve = lambda rate: ql.YieldTermStructureHandle(ql.FlatForward(today, rate, count))
    volatility = ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), 0.2, count))
    spot = ql.QuoteHandle(ql.SimpleQuote(100.0))
    return ql.BlackScholesMertonProcess(spot, curve(0.02), curve(0.05), volatility), today + ql.Period(365, ql.Days)


def option(kind, paths, seed):
    law, end = process()
    payoff = ql.PlainVanillaPayoff(ql.Option.Call, 105.0)
    exercise = ql.EuropeanExercise(end)
    if kind == "barrier":
        # Every one of 252 steps is looked at; no bridge between them.
        product = ql.BarrierOption(ql.Barrier.UpIn, 120.0, 0.0, payoff, exercise)
        product.setPricingEngine(
            ql.MCBarrierEngine(
                law, "pseudorandom", timeSteps=252, brownianBridge=False, antitheticVariate=False,
                requiredSamples=paths, seed=seed, isBiased=True))
        return product
    product = ql.VanillaOption(payoff, exercise)
    product.setPricingEngine(
        ql.MCEuropeanEngine(
            law, "pseudorandom", timeSteps=1, antitheticVariate=kind == "antithetic", requiredSamples=paths, seed=seed))
    return product


def main():
    kind, paths, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    product = option(kind, paths, seed)
    begin = time.thread_time()
    value = product.NPV()
    seconds = time.thread_time() - begin
    print(json.dumps({"value": value, "standardError": product.errorEstimate(), "seconds": seconds}))


main()
