import Glibc

/// The search for the deviation s = σ·√T at which the side out of the money is worth a price.
///
/// With |x| = |ln(F/K)|, a = |x|/s, t = s/2 and D = M(a − t) − M(a + t) its value is `√(F·K)·φ(0)·e^(−(a² + t²)/2)·D`.
/// Three forms of the equation are so nearly straight that Householder's third-order step settles them in two rounds
/// (Jäckel, "Let's be rational", 2015): 1/ln of the value below the inflection at s = √(2|x|), the value as a share of
/// its maximum above it, and the logarithm of what that share lacks where it is more than a half. The first guesses
/// are ours: the normal model's implied volatility below, an error function through the inflection above.
struct ImpliedSearch {
    /// |x|.
    let distance: Double
    /// The price over its maximum, which is the smaller one of forward and strike.
    let share: Double
    /// 1 − share.
    let missing: Double
    /// ln(price/√(F·K)).
    let logPrice: Double
    /// The share times e^`lift`, where the share itself would be too small to be exact.
    private let lifted: Double
    private let lift: Double

    private static let mostRounds = 12
    /// A relative step of this size leaves its fourth power to do: the next one would be rounding.
    private static let settled = 5e-5

    /// - Parameters:
    ///   - distance: |ln(F/K)|.
    ///   - price: the value of the side out of the money, above 0 and below `most`.
    ///   - most: the smaller one of the discounted forward and the discounted strike.
    init(distance: Double, price: ExactSum, most: ExactSum) {
        self.distance = distance
        share = price.divided(by: most)
        missing = most.plus(price.negated).divided(by: most)
        let isSmall = share < 1e-290
        lift = isSmall ? 460.51701859880914 : 0
        lifted = isSmall ? price.high * 1e200 / most.high : share
        logPrice = log(lifted) - lift - 0.5 * distance
    }

    /// The deviation σ·√T, above 0; the relative error is a few units in the last place where the value is sensitive.
    func deviation() -> Double {
        guard distance > 0 else { return above(inflection: 0, shareThere: 0) }
        let inflection = (2 * distance).squareRoot()
        let differenceThere = Self.difference(a: 0.5 * inflection, t: 0.5 * inflection)
        let shareThere = inverseRootTwoPi * differenceThere
        if share < shareThere { return below(inflection: inflection, differenceThere: differenceThere) }
        return above(inflection: inflection, shareThere: shareThere)
    }

    /// M(a − t) − M(a + t) for t ≤ a.
    @inline(__always)
    private static func difference(a: Double, t: Double) -> Double {
        if MillsDifference.isIntegral(a: a, t: t) { return MillsDifference.integral(a: a, t: t) }
        let ratios = millsRatio(SIMD2(max(a - t, 0), a + t))
        return ratios[0] - ratios[1]
    }

    /// Below the inflection, in logarithms: neither the value nor its density ever underflows.
    private func below(inflection: Double, differenceThere: Double) -> Double {
        var s = min(NormalModel.deviation(distance: distance, logPrice: logPrice), inflection)
        if distance > 1e-5 {
            // What the normal model lacks grows with s² about from 0, and is known at the inflection.
            let lack = NormalModel.lack(distance: distance, inflection: inflection, difference: differenceThere)
            let part = s / inflection
            let price = logPrice - lack * part * part
            s = min(NormalModel.deviation(distance: distance, logPrice: price), inflection)
        }
        for _ in 0..<Self.mostRounds {
            let (a, t) = (distance / s, 0.5 * s)
            let difference = Self.difference(a: a, t: t)
            // ln(value/price) as one small number: a difference of two logarithms would lose their size in digits.
            let excess = log(difference * inverseRootTwoPi / lifted) + lift - 0.5 * (a - t) * (a - t)
            let step = HouseholderStep(a: a, t: t, logSlope: s / difference).ofReciprocal(excess, target: logPrice)
            s += s * step
            if abs(step) <= Self.settled { return s }
            s = min(s, inflection)
        }
        return s
    }

    /// Above the inflection, where d₁ = t − a is positive.
    private func above(inflection: Double, shareThere: Double) -> Double {
        var s = guessAbove(inflection: inflection, shareThere: shareThere)
        for _ in 0..<Self.mostRounds {
            let (a, t) = (distance / s, 0.5 * s)
            let upper = t - a
            let density = inverseRootTwoPi * exp(-0.5 * upper * upper)
            let step: Double
            if share < 0.5 && MillsDifference.isIntegral(a: a, t: t) {
                let value = density * MillsDifference.integral(a: a, t: t)
                step = HouseholderStep(a: a, t: t).plain((share - value) / (density * s))
            } else {
                let ratios = millsRatio(SIMD2(max(upper, 0), a + t))
                let rest = ratios[0] + ratios[1]
                if share < 0.5 {
                    step = HouseholderStep(a: a, t: t).plain((share - (1 - density * rest)) / (density * s))
                } else {
                    let excess = log(rest * inverseRootTwoPi / missing) - 0.5 * upper * upper
                    step = HouseholderStep(a: a, t: t, logSlope: -s / rest).ofLogarithm(excess)
                }
            }
            s += s * step
            if abs(step) <= Self.settled { return s }
            s = max(s, inflection)
        }
        return s
    }

    /// An error function with the right value and slope at the inflection and the right end.
    private func guessAbove(inflection: Double, shareThere: Double) -> Double {
        let room = 1 - shareThere
        let part = (share - shareThere) / room
        let scale = 2 * room / (inverseRootTwoPi * 1.7724538509055160273)
        return max(inflection + scale * Self.inverseErrorFunction(part, missing / room), inflection)
    }

    /// erf⁻¹(y), within 0.3 % (Winitzki 2008); `missing` is 1 − y.
    private static func inverseErrorFunction(_ y: Double, _ missing: Double) -> Double {
        if y < 0.01 { return 0.88622692545275801365 * y * (1 + 0.26179938779914943654 * y * y) }
        let half = 0.5 * log(missing * (1 + y))
        let middle = 2 / (Double.pi * 0.147) + half
        return ((middle * middle - 2 * half / 0.147).squareRoot() - middle).squareRoot()
    }
}
