import Glibc

extension BlackTerms {
    /// The values where the outcome is open: deviation, forward and strike above 0.
    func uncertain() -> EuropeanValues {
        let h = logMoneyness / deviation
        let t = deviation / 2
        let (upper, lower) = (h + t, h - t)
        let ratios = millsRatio(SIMD2(abs(upper), abs(lower)))
        // √(F·K)·e^(−(h² + t²)/2)/√(2π), which is F·φ(d₁) and K·φ(d₂).
        // In two halves: the whole decay can be too small where the product is not.
        let halfDecay = decay(h: h, t: t)
        let density = forward.squareRoot() * halfDecay * (strike.squareRoot() * halfDecay) * inverseRootTwoPi
        // F·Φ(±d₁) and K·Φ(±d₂) for the option's own side.
        let forwardShare = share(of: forward, at: sign * upper, density: density, ratio: ratios[0])
        let strikeShare = share(of: strike, at: sign * lower, density: density, ratio: ratios[1])
        let price = price(h: h, t: t, density: density, ratios: ratios)

        let dynamics = option.dynamics
        let spot = option.spot
        let vega = density * rootYears
        return EuropeanValues(
            price: price,
            delta: sign * forwardShare / spot,
            gamma: density / spot / spot / deviation,
            vega: vega,
            theta: theta(price: price, density: density, forwardShare: forwardShare, strikeShare: strikeShare),
            rho: sign * strikeShare * max(dynamics.years, 0),
            vanna: -density / spot * lower / dynamics.volatility,
            volga: vega * (upper * lower / dynamics.volatility))
    }

    /// `−∂price/∂years = ±(q·F·Φ(±d₁) − r·K·Φ(±d₂)) − F·φ(d₁)·σ/(2√T)`, the bracket by way of the price where the
    /// option is out of the money and the two shares nearly equal.
    private func theta(price: Double, density: Double, forwardShare: Double, strikeShare: Double) -> Double {
        let dynamics = option.dynamics
        let (rate, yield) = (dynamics.rate, dynamics.dividendYield)
        let carry =
            sign * logMoneyness < 0
            ? yield * price + sign * (yield - rate) * strikeShare
            : sign * (yield * forwardShare - rate * strikeShare)
        return carry - density * dynamics.volatility / (2 * rootYears)
    }

    /// e^(−(h² + t²)/4). In the tails h is large and its rounding would cost digits: there what rounding took from the
    /// logarithm, the deviation, the quotient and the square is put back.
    private func decay(h: Double, t: Double) -> Double {
        let squares = h * h
        let exponent = 0.5 * (squares + t * t)
        guard exponent > 4, exponent < 1_500 else { return exp(-0.5 * exponent) }
        let volatility = option.dynamics.volatility
        let years = option.dynamics.years
        let rootRest = years.addingProduct(-rootYears, rootYears) / (2 * rootYears)
        let deviationRest = volatility * rootRest - deviation.addingProduct(-volatility, rootYears)
        let quotientRest = logMoneyness.addingProduct(-h, deviation) + logMoneynessRest - h * deviationRest
        let squareRest = (-squares).addingProduct(h, h)
        let half = t * t
        let sum = squares + half
        let sumRest = squares > half ? half - (sum - squares) : squares - (sum - half)
        let rest = h * (quotientRest / deviation) + 0.5 * (squareRest + sumRest) + t * (0.5 * deviationRest)
        return exp(-0.25 * sum) * (1 - 0.5 * rest)
    }

    /// `level·Φ(d)` given `level·φ(d)` and Mills' ratio at |d|.
    @inline(__always)
    private func share(of level: Double, at d: Double, density: Double, ratio: Double) -> Double {
        d <= 0 ? density * ratio : level - density * ratio
    }

    /// The value: the side out of the money, and the intrinsic value when this is the other one.
    @inline(__always)
    private func price(h: Double, t: Double, density: Double, ratios: SIMD2<Double>) -> Double {
        let a = abs(h)
        let outside: Double
        if MillsDifference.isIntegral(a: a, t: t) {
            outside = density * MillsDifference.integral(a: a, t: t)
        } else if t <= a {
            outside = density * abs(ratios[0] - ratios[1])
        } else {
            outside = min(forward, strike) - density * (ratios[0] + ratios[1])
        }
        return intrinsic + outside
    }
}

extension EuropeanValues {
    /// The same with what overflowed stopped at the largest number.
    var finite: EuropeanValues {
        EuropeanValues(
            price: Self.finite(price), delta: Self.finite(delta), gamma: Self.finite(gamma), vega: Self.finite(vega),
            theta: Self.finite(theta), rho: Self.finite(rho), vanna: Self.finite(vanna), volga: Self.finite(volga))
    }

    @inline(__always)
    private static func finite(_ value: Double) -> Double {
        value.isNaN ? 0 : min(max(value, -.greatestFiniteMagnitude), .greatestFiniteMagnitude)
    }
}
