import Glibc

/// The law of the largest rise above the running minimum, looked at always.
struct DrawupLaw {
    private static let mostTerms = 2_000

    let mean: Double
    let deviation: Double

    /// The probability that no rise reaches `level` > 0; nil where the series does not converge.
    ///
    /// The rise above the minimum is the motion reflected at 0; stopped at h its survival is a series over the
    /// solutions θ of tan θ = −θ/(κh), κ = m/s² (Magdon-Ismail, Atiya, Pratap, Abu-Mostafa 2004 have it for the fall).
    func survival(below level: Double) -> Double? {
        let variance = deviation * deviation
        var tilt = mean / variance * level
        // At −1 the first root turns from real to imaginary; a breath beside it is as good.
        if abs(tilt + 1) < 1e-8 { tilt = -1 + 1e-8 }
        guard level / deviation < 200, abs(tilt) < 300 else { return nil }
        let time = variance / (2 * level * level)
        var sum = 0.0
        if tilt < -1 { sum += hyperbolic(tilt, time) }
        for index in 0..<Self.mostTerms {
            let angle = root(index, tilt)
            let square = tilt * tilt + angle * angle
            let decay = exp(tilt - square * time)
            sum += 2 * angle * sin(angle) * decay / (square * (1 - sin(2 * angle) / (2 * angle)))
            if decay * 2 * angle / square < 1e-17 && Double(index) > abs(tilt) { break }
        }
        return min(max(sum, 0), 1)
    }

    /// The solution of tan θ = −θ/κ between (n + ½)π and (n + 1)π for κ > 0, between nπ and (n + ½)π of the next n for
    /// κ < 0: the zeros of κ·sin θ + θ·cos θ, by bisection.
    private func root(_ index: Int, _ tilt: Double) -> Double {
        let start = Double(index) * Double.pi
        // Above −1 there is one root in each (nπ, (n + 1)π); below −1 the first one is not real.
        var low = tilt <= -1 ? start + Double.pi : start + 1e-9
        var high = (tilt <= -1 ? start + Double.pi : start) + Double.pi
        func value(_ x: Double) -> Double { tilt * sin(x) + x * cos(x) }
        let sign: Double = value(low) > 0 ? 1 : -1
        for _ in 0..<60 {
            let middle = 0.5 * (low + high)
            if sign * value(middle) > 0 { low = middle } else { high = middle }
        }
        return 0.5 * (low + high)
    }

    /// The term of the one imaginary root, tanh η = −η/κ, where the drift is steeply down.
    private func hyperbolic(_ tilt: Double, _ time: Double) -> Double {
        var (low, high) = (1e-9, -tilt)
        for _ in 0..<200 {
            let middle = 0.5 * (low + high)
            if -tilt * tanh(middle) > middle { low = middle } else { high = middle }
        }
        let root = 0.5 * (low + high)
        let square = tilt * tilt - root * root
        // sinh η and sinh 2η by e^η, so that steep drifts do not overflow.
        let size = 0.5 * exp(root + tilt - square * time) * (1 - exp(-2 * root))
        let norm = 0.5 * exp(2 * root) * (1 - exp(-4 * root)) / (2 * root) - 1
        return 2 * root * size / (square * norm)
    }
}
