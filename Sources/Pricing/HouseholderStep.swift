/// Householder's third-order step towards the root of a function of the normalised value B, relative to s.
///
/// The derivatives of B by s have the ratios `B″/B′ = (a² − t²)/s` and `B‴/B′ = (B″/B′)² − 3a²/s² − 1/4` with a = |x|/s,
/// t = s/2; everything here is multiplied by the power of s that makes it a pure number, so that nothing overflows.
struct HouseholderStep {
    /// s·B″/B′.
    private let second: Double
    /// s²·B‴/B′.
    private let third: Double
    /// s·(ln B)′.
    private let logSlope: Double

    @inline(__always)
    init(a: Double, t: Double, logSlope: Double = 0) {
        second = (a - t) * (a + t)
        third = second * second - 3 * a * a - t * t
        self.logSlope = logSlope
    }

    /// The step for f = B − target, given Newton's relative step.
    @inline(__always)
    func plain(_ newton: Double) -> Double { Self.step(newton, second, third) }

    /// The step for f = ln B − target, given what ln B is above its target.
    @inline(__always)
    func ofLogarithm(_ excess: Double) -> Double { Self.step(-excess / logSlope, logSecond, logThird) }

    /// The step for f = 1/ln B − 1/target, given what ln B is above its target.
    @inline(__always)
    func ofReciprocal(_ excess: Double, target: Double) -> Double {
        let value = target + excess
        let pull = logSlope / value
        return Self.step(
            -excess * value / (target * logSlope), logSecond - 2 * pull,
            logThird - 6 * logSecond * pull + 6 * pull * pull)
    }

    @inline(__always)
    private var logSecond: Double { second - logSlope }

    @inline(__always)
    private var logThird: Double { third - 3 * second * logSlope + 2 * logSlope * logSlope }

    /// Newton's step with the second and third derivative over the first; Newton's own where that one is too long for
    /// them, and never to below a quarter or above four times of s.
    @inline(__always)
    private static func step(_ newton: Double, _ second: Double, _ third: Double) -> Double {
        let above = 1 + 0.5 * second * newton
        let below = 1 + newton * (second + third * newton / 6)
        let step = above > 0 && below > 0 ? newton * above / below : newton
        return min(max(step, -0.75), 3)
    }
}
