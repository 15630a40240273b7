import Glibc

/// Sums over independent log-returns, each normal with a standard deviation of 1 (the unit here) and a mean.
struct StepLaw {
    /// What of a log-return x is summed.
    enum Part {
        /// |x|
        case size
        /// max(x, 0)
        case rise
    }

    /// Up to here the law is integrated step by step, beyond by its characteristic function.
    private static let mostIntegrated = 48
    private static let reach = 9.0

    /// The mean of one log-return in standard deviations.
    let mean: Double
    let steps: Int

    /// The probability that the sum of a part reaches a target > 0; nil where the drift is beyond the integration's
    /// reach.
    func sum(of part: Part, reaching target: Double) -> Double? {
        guard abs(mean) < 50 else { return nil }
        return min(max(steps <= Self.mostIntegrated ? integrated(part, target) : inverted(part, target), 0), 1)
    }

    /// The density of the part of one log-return at y > 0.
    private func density(_ part: Part, _ y: Double) -> Double {
        let rise = NormalDistribution.density(y - mean)
        return part == .size ? rise + NormalDistribution.density(y + mean) : rise
    }

    /// The probability that the part of one log-return is exactly 0.
    private func atZero(_ part: Part) -> Double { part == .rise ? NormalDistribution.cumulative(-mean) : 0 }

    /// 1 − F(target), the distribution F of the sum after each step from that before it,
    /// `F(z) = ∫ F(z − y)·g(y) dy`: analytic on the whole of (0, target], so Chebyshev's points hold it.
    private func integrated(_ part: Part, _ target: Double) -> Double {
        let most = Double(steps) * (abs(mean) + 1) + Self.reach * Double(steps).squareRoot()
        guard target < most else { return 0 }
        let values = Chebyshev(64 + 2 * Int(target), on: 0...target)
        let count = values.points.count
        let matrix = SquareMatrix(
            rows: values.points.map { z in
                var row = [Double](repeating: 0, count: count)
                values.add(atZero(part), at: z, to: &row)
                let from = max(min(mean, part == .size ? -abs(mean) : mean) - Self.reach, 0)
                let to = min(z, abs(mean) + Self.reach)
                guard from < to else { return row }
                for (point, weight) in zip(GaussLegendre.of96.points, GaussLegendre.of96.weights) {
                    let y = from + (to - from) * point
                    values.add(weight * (to - from) * density(part, y), at: z - y, to: &row)
                }
                return row
            })
        return 1 - matrix.applied(steps, to: [Double](repeating: 1, count: count))[0]
    }

    /// ½ + Σ Im(χ(u)^n·e^(−iut))/(π(k + ½)), u = (k + ½)·δ (Davies 1973), χ the characteristic function of one part.
    private func inverted(_ part: Part, _ target: Double) -> Double {
        let (average, deviation) = moments(part)
        let count = Double(steps)
        let (centre, spread) = (count * average, deviation * count.squareRoot())
        guard target < centre + 20 * spread else { return 0 }
        guard target > centre - 20 * spread else { return 1 }
        let step = 2 * Double.pi / (48 * spread)
        var sum = 0.0
        for index in 0..<4_000 {
            let half = Double(index) + 0.5
            let (size, angle) = characteristic(part, half * step)
            let power = pow(size, count)
            sum += power * sin(angle * count - half * step * target) / (Double.pi * half)
            if power < 1e-17 { break }
        }
        return 0.5 + sum
    }

    /// Mean and standard deviation of one part.
    private func moments(_ part: Part) -> (Double, Double) {
        let rise = mean * NormalDistribution.cumulative(mean) + NormalDistribution.density(mean)
        let riseSquare =
            (mean * mean + 1) * NormalDistribution.cumulative(mean) + mean * NormalDistribution.density(mean)
        let average = part == .size ? 2 * rise - mean : rise
        let square = part == .size ? mean * mean + 1 : riseSquare
        return (average, (square - average * average).squareRoot())
    }

    /// Modulus and argument of E[e^(iuY)], by quadrature.
    private func characteristic(_ part: Part, _ u: Double) -> (Double, Double) {
        let to = abs(mean) + Self.reach
        var (real, imaginary) = (atZero(part), 0.0)
        for (point, weight) in zip(GaussLegendre.of96.points, GaussLegendre.of96.weights) {
            let y = to * point
            let mass = weight * to * density(part, y)
            real += mass * cos(u * y)
            imaginary += mass * sin(u * y)
        }
        return ((real * real + imaginary * imaginary).squareRoot(), atan2(imaginary, real))
    }

    /// The probability that Σx² reaches a target > 0: a non-central chi-square of n degrees and λ = n·mean², as a
    /// mixture of central ones by Poisson's weights. Nil where the mixture is too long.
    func squares(reaching target: Double) -> Double? {
        let half = 0.5 * Double(steps) * mean * mean
        let spread = 12 * half.squareRoot() + 60
        guard spread < 1e6 else { return nil }
        guard target.isFinite else { return 0 }
        let first = max((half - spread).rounded(), 0)
        var shape = 0.5 * Double(steps) + first
        let x = 0.5 * target
        var tail = GammaDistribution.upper(shape: shape, x)
        // x^a·e^(−x)/Γ(a + 1) leads from the tail of shape a to that of a + 1.
        var term = exp(shape * log(x) - x - lgamma(shape + 1))
        var weight = half > 0 ? exp(first * log(half) - half - lgamma(first + 1)) : 1
        var sum = 0.0
        var index = first
        while index <= half + spread {
            sum += weight * tail
            tail += term
            shape += 1
            term *= x / shape
            index += 1
            weight *= half / index
            if half == 0 { break }
        }
        return min(max(sum, 0), 1)
    }
}

/// The gamma distribution with scale 1.
enum GammaDistribution {
    /// The probability of more than x ≥ 0: a series below the mean, Lentz's continued fraction above (Press et al. 6.2).
    static func upper(shape: Double, _ x: Double) -> Double {
        guard x > 0 else { return 1 }
        let front = exp(shape * log(x) - x - lgamma(shape))
        let most = 2_000 + Int(20 * shape.squareRoot())
        if x < shape + 1 {
            var (term, sum) = (1 / shape, 1 / shape)
            for index in 1...most {
                term *= x / (shape + Double(index))
                sum += term
                if term < sum * 1e-17 { break }
            }
            return 1 - front * sum
        }
        var b = x + 1 - shape
        var c = 1e300
        var d = 1 / b
        var h = d
        for index in 1...most {
            let a = -Double(index) * (Double(index) - shape)
            b += 2
            d = 1 / (a * d + b)
            c = b + a / c
            h *= d * c
            if abs(d * c - 1) < 1e-16 { break }
        }
        return front * h
    }
}
