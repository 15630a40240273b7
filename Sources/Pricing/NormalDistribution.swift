import Glibc

/// The standard normal distribution, with full relative accuracy in both tails.
public enum NormalDistribution {
    /// The density φ(x) = e^(−x²/2)/√(2π).
    ///
    /// The square is taken in two parts (Cody 1969), or rounding it would cost two digits where x is −38.
    public static func density(_ x: Double) -> Double {
        guard abs(x) < 40 else { return x.isNaN ? x : 0 }
        let coarse = (x * 16).rounded(.towardZero) / 16
        return inverseRootTwoPi * exp(-0.5 * coarse * coarse) * exp(-0.5 * (x - coarse) * (x + coarse))
    }

    /// The probability Φ(x) of a value of at most x.
    public static func cumulative(_ x: Double) -> Double {
        if x > 0 { return 1 - cumulative(-x) }
        return density(x) * millsRatio(SIMD2(repeating: -x))[0]
    }
}
