import Glibc

/// What volatility a price implies, or why none does.
public enum ImpliedVolatility: Sendable, Equatable {
    /// The volatility a year under which the option is worth the price.
    case value(Double)
    /// The price is below the intrinsic value: no volatility is low enough.
    case belowIntrinsic
    /// The price is the intrinsic value as far as doubles can tell: every volatility low enough gives it.
    case atIntrinsic
    /// The price is at or above what the option is worth when volatility is infinite.
    case aboveMaximum
    /// No time is left.
    case expired
}

extension EuropeanOption {
    /// The volatility that a price implies; the option's own volatility is not looked at.
    ///
    /// Within 3 ulps where the price determines it that well, for prices down to the smallest normal number. Below and
    /// at intrinsic: a price within one unit in the last place of max(spot, strike) of a positive intrinsic value is at
    /// it; out of the money, where the intrinsic value is 0, every positive price has its volatility.
    public func impliedVolatility(price: Double) -> ImpliedVolatility {
        let years = dynamics.years
        guard years > 0 else { return .expired }
        let moneyness = Moneyness(spot: spot, strike: strike, dynamics: dynamics, years: years)
        let payoff = type == .call ? moneyness.payoff : moneyness.payoff.negated
        let intrinsic = payoff.high > 0 ? payoff : ExactSum(high: 0, low: 0)
        let tolerance = intrinsic.high > 0 ? max(spot, strike).ulp : 0
        if price < intrinsic.high - tolerance { return .belowIntrinsic }
        if price <= intrinsic.high + tolerance { return .atIntrinsic }
        if price >= (type == .call ? moneyness.forward : moneyness.strike).high { return .aboveMaximum }
        let most = moneyness.payoff.high > 0 ? moneyness.strike : moneyness.forward
        let search = ImpliedSearch(
            distance: abs(moneyness.logarithm), price: ExactSum(high: price, low: 0).plus(intrinsic.negated), most: most
        )
        let volatility = ExactSum(high: search.deviation(), low: 0).divided(by: .squareRoot(years))
        // At the money a price of the smallest doubles' size implies less than the smallest double.
        return volatility > 0 ? .value(volatility) : .atIntrinsic
    }
}
