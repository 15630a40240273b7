internal import CPricing

/// The inverse of the standard normal distribution by Wichura's algorithm AS241 (PPND16, 1988): relative error about
/// 1e-16, the same bits on every machine.
public enum InverseNormal {
    /// The z with Φ(z) = `probability`; −∞ at 0, +∞ at 1, NaN outside.
    public static func value(_ probability: Double) -> Double {
        value(probability, complement: 1 - probability)
    }

    /// The same for a probability near 1 that is known by what is missing to 1: `complement` = 1 − `probability`.
    public static func value(_ probability: Double, complement: Double) -> Double {
        guard probability > 0, complement > 0 else {
            return probability == 0 ? -.infinity : complement == 0 ? .infinity : .nan
        }
        // The logarithm inside knows normal numbers only; nothing that is sampled comes near.
        let least = Double.leastNormalMagnitude
        return pricing_inverse_normal(max(probability, least), max(complement, least))
    }

    /// A standard normal from random bits: the middle of one of 2⁵² cells of equal probability.
    static func fromBits(_ bits: UInt64) -> Double {
        let cell = Double(bits >> 12)
        return pricing_inverse_normal((cell + 0.5) * 0x1p-52, (0x1p52 - cell - 0.5) * 0x1p-52)
    }
}
