import Glibc

/// How far an option's forward is from its strike, exact also where carry and moneyness nearly cancel: there the volatility
/// that a price implies hangs on the difference.
struct Moneyness {
    /// Beyond it values only need not to be infinite.
    private static let largest = Double.greatestFiniteMagnitude / 8

    /// e^(−yield·years)·spot.
    let forward: ExactSum
    /// e^(−rate·years)·strike.
    let strike: ExactSum
    /// forward − strike, both discounted.
    let payoff: ExactSum
    /// ln(forward/strike), and what rounding took from it.
    let logarithm: Double
    let rest: Double

    /// For spot and strike of at least 0.
    @inline(__always)
    init(spot: Double, strike plainStrike: Double, dynamics: Dynamics, years: Double) {
        if dynamics.rate == 0 && dynamics.dividendYield == 0 {
            self.init(spot: spot, strike: plainStrike)
        } else {
            self.init(carrying: spot, strike: plainStrike, dynamics: dynamics, years: years)
        }
    }

    /// Without rates, as a book's offers are.
    @inline(__always)
    private init(spot: Double, strike: Double) {
        forward = ExactSum(high: min(spot, Self.largest), low: 0)
        self.strike = ExactSum(high: min(strike, Self.largest), low: 0)
        payoff = ExactSum(spot, -strike)
        if spot > 0.5 * strike, spot < 2 * strike {
            logarithm = log1p(payoff.high / strike)
            rest = 0
        } else {
            (logarithm, rest) = Self.logarithm(spot, strike, ExactSum(high: 0, low: 0))
        }
    }

    @inline(never)
    private init(carrying spot: Double, strike plainStrike: Double, dynamics: Dynamics, years: Double) {
        let discount = Self.factor(dynamics.rate, years)
        forward = Self.discounted(spot, Self.factor(dynamics.dividendYield, years))
        strike = Self.discounted(plainStrike, discount)
        let carry = ExactSum(dynamics.rate, -dynamics.dividendYield).times(years)
        let ratio = forward.high / strike.high
        guard ratio > 0.5, ratio < 2, abs(carry.high) < 700 else {
            payoff = ExactSum(forward.high, -strike.high)
            (logarithm, rest) = Self.logarithm(spot, plainStrike, carry)
            return
        }
        let excess = Self.excess(spot, plainStrike, carry)
        payoff = excess.times(discount)
        logarithm = log1p(excess.high / plainStrike)
        rest = 0
    }

    /// spot·e^carry − strike; with more digits where the carry takes away half of spot − strike or more.
    private static func excess(_ spot: Double, _ strike: Double, _ carry: ExactSum) -> ExactSum {
        let grown = spot * expm1(carry.high)
        let plain = (spot - strike) + grown
        if abs(plain) >= 2 * abs(grown) { return ExactSum(high: plain, low: 0) }
        let growth = carry.exponentialLessOne()
        return ExactSum(spot, -strike).plus(
            .ordered(spot * growth.high, spot * growth.low + (-(spot * growth.high)).addingProduct(spot, growth.high)))
    }

    /// e^(−rate·years), the rounding of the product included; at once where there is no rate.
    @inline(__always)
    private static func factor(_ rate: Double, _ years: Double) -> ExactSum {
        let exponent = -rate * years
        guard exponent != 0 else { return ExactSum(high: 1, low: 0) }
        let value = exp(exponent)
        let lost = (-exponent).addingProduct(-rate, years)
        return lost.isFinite && value.isFinite ? .ordered(value, value * lost) : ExactSum(high: value, low: 0)
    }

    /// What an amount at the end is worth now.
    @inline(__always)
    private static func discounted(_ amount: Double, _ factor: ExactSum) -> ExactSum {
        let product = factor.times(amount)
        return product.high < largest ? product : ExactSum(high: largest, low: 0)
    }

    /// ln(spot/strike) + carry, and what rounding the quotient and the sum lost.
    private static func logarithm(
        _ spot: Double, _ strike: Double, _ carry: ExactSum
    ) -> (value: Double, rest: Double) {
        let quotient = spot / strike
        let plain: (value: Double, rest: Double)
        if quotient > 1e-290, quotient < 1e290, strike > 1e-290, strike < 1e290 {
            plain = (log(quotient), spot.addingProduct(-quotient, strike) / spot)
        } else {
            plain = (log(spot) - log(strike), 0)
        }
        let sum = ExactSum(plain.value, carry.high)
        let rest = sum.low + carry.low + plain.rest
        return (sum.high, rest.isFinite ? rest : 0)
    }
}
