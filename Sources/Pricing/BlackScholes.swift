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
        let moneyness = Moneyness(
            spot: spot, strike: max(option.strike, 0), dynamics: dynamics, years: years)
        forward = moneyness.forward.high
        strike = moneyness.strike.high
        intrinsic = max(sign * moneyness.payoff.high, 0)
        logMoneyness = moneyness.logarithm
        logMoneynessRest = moneyness.rest
        deviation = min(max(dynamics.volatility, 0) * rootYears, 1e100)
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
