import Glibc

extension EuropeanOption {
    /// The value and its derivatives by Black, Scholes and Merton, each with full relative accuracy as far as the
    /// result is representable, 1e-300 included.
    ///
    /// The price of the side out of the money is `√(F·K)·e^(−(h² + t²)/2)/√(2π)·(M(−h − t) − M(t − h))`, F and K
    /// discounted, h = ln(F/K)/s, t = s/2, s = volatility·√years and M Mills' ratio (Jäckel, "Let's be rational", 2015,
    /// has this form); the other side adds the intrinsic value. Without time, volatility, spot or strike the value is
    /// the discounted payoff of the forward and derivatives that do not exist are 0. Never NaN for terms that are
    /// numbers; spot, strike, volatility and years below 0 count as 0; what overflows stops at the largest number.
    public func closedForm() -> EuropeanValues {
        let terms = BlackTerms(self)
        return (terms.isCertain ? terms.certain() : terms.uncertain()).finite
    }
}

/// An option's terms as Black's formula takes them.
struct BlackTerms {
    private static let largest = Double.greatestFiniteMagnitude / 8
    /// Beyond this distance from the strike, in standard deviations, nothing representable is left of the tail.
    private static let farthest = 60.0

    let option: EuropeanOption
    /// +1 for a call, −1 for a put.
    let sign: Double
    let rootYears: Double
    /// The discounted forward: what a unit of the underlying at the end is worth now.
    let forward: Double
    /// The discounted strike.
    let strike: Double
    /// The payoff of the forward, discounted: max(±(forward − strike), 0), without cancellation by the discounting.
    let intrinsic: Double
    /// ln(forward/strike), and what rounding took from it.
    let logMoneyness: Double
    let logMoneynessRest: Double
    /// volatility·√years.
    let deviation: Double

    init(_ option: EuropeanOption) {
        self.option = option
        let dynamics = option.dynamics
        let years = max(dynamics.years, 0)
        sign = option.type == .call ? 1 : -1
        rootYears = years.squareRoot()
        let spot = max(option.spot, 0)
        let plainStrike = max(option.strike, 0)
        forward = min(spot * Self.exponential(-dynamics.dividendYield * years), Self.largest)
        strike = min(plainStrike * Self.exponential(-dynamics.rate * years), Self.largest)
        intrinsic = max(sign * Self.payoff(spot, plainStrike, forward, strike, dynamics, years), 0)
        deviation = min(max(dynamics.volatility, 0) * rootYears, 1e100)
        (logMoneyness, logMoneynessRest) = Self.logMoneyness(spot, plainStrike, dynamics, years)
    }

    /// ln(forward/strike), and what rounding took from it.
    static func logMoneyness(
        _ spot: Double, _ strike: Double, _ dynamics: Dynamics, _ years: Double
    ) -> (value: Double, rest: Double) {
        let moneyness = logRatio(spot, strike)
        let carry = (dynamics.rate - dynamics.dividendYield) * years
        let value = moneyness.value + carry
        let back = value - moneyness.value
        return (value, (moneyness.value - (value - back)) + (carry - back) + moneyness.rest)
    }

    /// forward − strike; where both discount factors are near 1 by what they differ from it.
    static func payoff(
        _ spot: Double, _ plainStrike: Double, _ forward: Double, _ strike: Double, _ dynamics: Dynamics,
        _ years: Double
    ) -> Double {
        let growth = -dynamics.dividendYield * years
        let discount = -dynamics.rate * years
        if growth == discount { return (spot - plainStrike) * exponential(growth) }
        guard abs(growth) < 0.5, abs(discount) < 0.5 else { return forward - strike }
        return (spot - plainStrike) + (spot * expm1(growth) - plainStrike * expm1(discount))
    }

    /// e^x, at once where x is 0, as it is wherever there are no rates.
    @inline(__always)
    static func exponential(_ x: Double) -> Double { x == 0 ? 1 : exp(x) }

    /// ln(a/b), and the part of it that rounding the quotient lost.
    private static func logRatio(_ a: Double, _ b: Double) -> (value: Double, rest: Double) {
        let quotient = a / b
        if quotient > 0.5 && quotient < 2 { return (log1p((a - b) / b), 0) }
        guard quotient > 1e-290, quotient < 1e290, b > 1e-290, b < 1e290 else { return (log(a) - log(b), 0) }
        return (log(quotient), a.addingProduct(-quotient, b) / a)
    }

    /// Whether the payoff is known already: nothing can move, or nothing representable can change it.
    var isCertain: Bool {
        guard deviation > 0, forward > 0, strike > 0 else { return true }
        let h = logMoneyness / deviation
        return abs(h) - deviation / 2 > Self.farthest || !logMoneyness.isFinite
    }

    /// The values where the forward's payoff is certain.
    func certain() -> EuropeanValues {
        let dynamics = option.dynamics
        let years = max(dynamics.years, 0)
        let isAtTheKink = forward == strike && forward > 0
        let share: Double = isAtTheKink ? 0.5 : (sign * (forward - strike) > 0 ? 1 : 0)
        let growth = exp(-dynamics.dividendYield * years)
        return EuropeanValues(
            price: intrinsic, delta: sign * share * growth, gamma: 0,
            vega: isAtTheKink ? forward * inverseRootTwoPi * rootYears : 0,
            theta: sign * share * (dynamics.dividendYield * forward - dynamics.rate * strike),
            rho: sign * share * strike * years, vanna: 0, volga: 0)
    }
}
