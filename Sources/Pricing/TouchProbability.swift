import Glibc

/// Probabilities that a Brownian motion with drift, looked at always, touches barriers: X(t) = m·t/T + s·W(t)/√T with
/// mean m and standard deviation s at the end, from X(0) = 0.
struct TouchProbability {
    /// The correction of Broadie, Glasserman and Kou (1997): looked at every dt, barriers act as if they were
    /// −ζ(1/2)/√(2π)·σ·√dt further away.
    static let shift = 0.5825971579390106

    /// The mean of X at the end.
    let mean: Double
    /// The standard deviation of X at the end, above 0.
    let deviation: Double

    /// The probability that X reaches `level` > 0 at any time: Φ((m − b)/s) + e^(2mb/s²)·Φ(−(m + b)/s).
    func reaching(_ level: Double) -> Double {
        let variance = deviation * deviation
        return min(
            NormalDistribution.cumulative((mean - level) / deviation)
                + Self.tail((mean + level) / deviation, timesExp: 2 * mean * level / variance), 1)
    }

    /// The expectation of e^(−rτ) over the paths that reach `level` > 0 at a time τ ≤ T; `discounting` is r·T.
    ///
    /// With λ² = m² + 2·s²·rT it is e^(b(m − λ)/s²)·Φ((λ − b)/s) + e^(b(m + λ)/s²)·Φ(−(λ + b)/s) (Reiner and
    /// Rubinstein 1991); where λ is imaginary (rates far below 0) it is integrated over time.
    func discountedReaching(_ level: Double, discounting: Double) -> Double {
        let variance = deviation * deviation
        let square = mean * mean + 2 * variance * discounting
        guard square >= 0 else { return integratedReaching(level, discounting: discounting) }
        let root = square.squareRoot()
        return Self.tail((level - root) / deviation, timesExp: level * (mean - root) / variance)
            + Self.tail((level + root) / deviation, timesExp: level * (mean + root) / variance)
    }

    /// The same as e^(−rT)·P(τ ≤ T) + rT·∫ e^(−rTu)·P(τ ≤ uT) du, in u = v² since the probability is flat about 0.
    private func integratedReaching(_ level: Double, discounting: Double) -> Double {
        var sum = exp(-discounting) * reaching(level)
        for (point, weight) in zip(GaussLegendre.of96.points, GaussLegendre.of96.weights) {
            let time = point * point
            let part = TouchProbability(mean: mean * time, deviation: deviation * point)
            sum += discounting * weight * 2 * point * exp(-discounting * time) * part.reaching(level)
        }
        return sum
    }

    /// The probability that X stays between `lower` < 0 and `upper` > 0: where the corridor is wide by its images
    /// (Kunitomo and Ikeda 1992), where it is narrow by its eigenfunctions.
    func staying(above lower: Double, below upper: Double) -> Double {
        let width = upper - lower
        let value = deviation / width > 0.5 ? eigenfunctions(lower, width) : images(lower, upper, width)
        return min(max(value, 0), 1)
    }

    private func images(_ lower: Double, _ upper: Double, _ width: Double) -> Double {
        var sum = 0.0
        for turn in -5...5 {
            let even = 2 * Double(turn) * width
            sum += image(even, lower, upper) - image(2 * lower + even, lower, upper)
        }
        return sum
    }

    /// e^(my/s²)·P(lower < y + m + s·Z < upper), the part of the image at y.
    private func image(_ y: Double, _ lower: Double, _ upper: Double) -> Double {
        let exponent = mean * y / (deviation * deviation)
        let from = (lower - y - mean) / deviation
        let to = (upper - y - mean) / deviation
        if from >= 0 { return Self.tail(from, timesExp: exponent) - Self.tail(to, timesExp: exponent) }
        if to <= 0 { return Self.tail(-to, timesExp: exponent) - Self.tail(-from, timesExp: exponent) }
        return exp(exponent) - Self.tail(-from, timesExp: exponent) - Self.tail(to, timesExp: exponent)
    }

    private func eigenfunctions(_ lower: Double, _ width: Double) -> Double {
        let variance = deviation * deviation
        let tilt = mean / variance
        let decay = mean * mean / (2 * variance)
        var sum = 0.0
        for index in 1...24 {
            let wave = Double(index) * Double.pi / width
            let sign: Double = index % 2 == 0 ? 1 : -1
            let exponent = -decay - 0.5 * wave * wave * variance
            let ends = exp(tilt * lower + exponent) - sign * exp(tilt * (lower + width) + exponent)
            sum += sin(-wave * lower) * wave * ends / (tilt * tilt + wave * wave)
        }
        return 2 / width * sum
    }

    /// e^exponent·Φ(−z) without overflow on the way.
    private static func tail(_ z: Double, timesExp exponent: Double) -> Double {
        guard z > 0 else { return exp(exponent) * NormalDistribution.cumulative(-z) }
        guard z < 1e150 else { return 0 }
        return inverseRootTwoPi * exp(exponent - 0.5 * z * z) * millsRatio(SIMD2(repeating: z))[0]
    }
}
