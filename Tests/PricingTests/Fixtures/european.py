"""Prints european.txt and implied.txt: Black–Scholes–Merton with 50 digits by mpmath (pip install mpmath).

Usage: python3 european.py > european.txt; python3 european.py implied > implied.txt
"""

import math
import random
import sys

import mpmath as mp

mp.mp.dps = 70


def normal(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def values(kind, spot, strike, rate, dividend_yield, volatility, years):
    """price, delta, gamma, vega, theta, rho, vanna, volga of the doubles given, as exact numbers."""
    sign = 1 if kind == "call" else -1
    spot, strike, r, q, v, t = map(mp.mpf, (spot, strike, rate, dividend_yield, volatility, years))
    s = v * mp.sqrt(t)
    d1 = (mp.log(spot / strike) + (r - q) * t + s * s / 2) / s
    d2 = d1 - s
    forward, discounted = spot * mp.exp(-q * t), strike * mp.exp(-r * t)
    density = mp.npdf(d1)
    n1, n2 = normal(sign * d1), normal(sign * d2)
    vega = forward * density * mp.sqrt(t)
    return [
        sign * (forward * n1 - discounted * n2),
        sign * mp.exp(-q * t) * n1,
        mp.exp(-q * t) * density / (spot * s),
        vega,
        -forward * density * v / (2 * mp.sqrt(t)) + sign * (q * forward * n1 - r * discounted * n2),
        sign * t * discounted * n2,
        -mp.exp(-q * t) * density * d2 / v,
        vega * d1 * d2 / v,
    ]


def random_terms(rng, farthest):
    spot = rng.choice([1.0, 100.0, 2500.0, 60000.0, rng.uniform(0.5, 200)])
    volatility, years = 10 ** rng.uniform(-2, 0.5), 10 ** rng.uniform(-4, 1)
    deviations = rng.uniform(-farthest, farthest)
    strike = spot * math.exp(deviations * volatility * math.sqrt(years))
    rate, dividend_yield = rng.choice([(0.0, 0.0), (0.05, 0.02), (-0.01, 0.03), (0.04, 0.04)])
    return rng.choice(["call", "put"]), spot, strike, rate, dividend_yield, volatility, years


def european(rng):
    for index in range(240):
        terms = random_terms(rng, 18.7 if index % 2 else 3)
        if index % 2:
            terms = ("call" if terms[2] > terms[1] else "put",) + terms[1:]
        print(*terms, *(mp.nstr(value, 25) for value in values(*terms)))


def near_forward(rng):
    """Terms whose moneyness and carry nearly cancel."""
    spot = 10 ** rng.uniform(-2, 5)
    volatility, years = 10 ** rng.uniform(-2, 0.5), 10 ** rng.uniform(-3, 1)
    rate, dividend_yield = rng.uniform(-0.05, 0.15), rng.uniform(-0.02, 0.1)
    strike = spot * math.exp((rate - dividend_yield) * years) * (1 + rng.gauss(0, 1) * 10 ** rng.uniform(-16, -3))
    return rng.choice(["call", "put"]), spot, strike, rate, dividend_yield, volatility, years


def implied(rng):
    """The volatility is that of the price rounded to a double; the last column is d ln σ / d ln price."""
    count = 0
    while count < 400:
        if count < 300:
            kind, spot, strike, rate, dividend_yield, volatility, years = random_terms(rng, (36.4, 8, 2)[count % 3])
            if count % 5:
                kind = "call" if strike >= spot else "put"
        else:
            kind, spot, strike, rate, dividend_yield, volatility, years = near_forward(rng)
        terms = (kind, spot, strike, rate, dividend_yield)
        exact = values(*terms, volatility, years)
        price = float(exact[0])
        forward, discounted = spot * mp.exp(-dividend_yield * years), strike * mp.exp(-rate * years)
        intrinsic = forward - discounted if kind == "call" else discounted - forward
        most = float(forward if kind == "call" else discounted)
        if price < 1e-290 or price >= most or price - intrinsic < 1e-9 * intrinsic:
            continue
        sigma = mp.mpf(volatility)
        for _ in range(4):
            now = values(*terms, sigma, years)
            sigma += (mp.mpf(price) - now[0]) / now[3]
        sensitivity = exact[0] / (exact[3] * sigma)
        if sensitivity > 1e6:
            continue
        print(*terms, years, repr(price), mp.nstr(sigma, 25), mp.nstr(sensitivity, 6))
        count += 1


if __name__ == "__main__":
    (implied if sys.argv[1:] == ["implied"] else european)(random.Random(20))
