import Glibc

/// The probability that no single step moves the price by a target or more, the target being in the price's unit: the
/// size of a step depends on the level, so the survival over k steps is a function of the level. It is held at
/// Chebyshev's points; one step is a matrix on them, k steps its power.
struct TickRecursion {
    private static let points = 96
    private static let reach = 8.5

    /// The target as a share of the first price.
    private let target: Double
    /// Mean and standard deviation of one log-return.
    private let mean: Double
    private let deviation: Double
    private let steps: Int
    private let levels: Chebyshev

    /// Nil where the levels spread too widely to be held.
    init?(target: Double, mean: Double, deviation: Double, steps: Int) {
        let spread = Self.reach * deviation * Double(steps).squareRoot()
        let drift = mean * Double(steps)
        guard spread + abs(drift) < 12 else { return nil }
        self.target = target
        self.mean = mean
        self.deviation = deviation
        self.steps = steps
        levels = Chebyshev(Self.points, on: (min(drift, 0) - spread)...(max(drift, 0) + spread + 1e-12))
    }

    /// The probability that every step is smaller than the target.
    func survival() -> Double {
        let matrix = SquareMatrix(
            rows: levels.points.map { level in
                var row = [Double](repeating: 0, count: Self.points)
                addStep(from: level, to: &row)
                return row
            })
        guard steps > 1 else { return kept(from: 0) }
        // The last step needs no function of where it ends, the first one starts at 0.
        let rest = matrix.applied(steps - 2, to: levels.points.map { kept(from: $0) })
        var row = [Double](repeating: 0, count: Self.points)
        addStep(from: 0, to: &row)
        return zip(row, rest).reduce(0) { $0 + $1.0 * $1.1 }
    }

    /// The log-returns from a level that stay below the target, in standard deviations from the mean.
    private func limits(_ level: Double) -> (from: Double, to: Double) {
        let share = target * exp(-level)
        let low = share < 1 ? log1p(-share) : -.infinity
        return (max((low - mean) / deviation, -Self.reach), min((log1p(share) - mean) / deviation, Self.reach))
    }

    /// The probability that the step from a level stays below the target.
    private func kept(from level: Double) -> Double {
        let (from, to) = limits(level)
        guard from < to else { return 0 }
        return NormalDistribution.cumulative(to) - NormalDistribution.cumulative(from)
    }

    /// Adds the expectation of a function of the next level, over the steps that stay below the target.
    private func addStep(from level: Double, to row: inout [Double]) {
        let (from, to) = limits(level)
        guard from < to else { return }
        for (point, weight) in zip(GaussLegendre.of48.points, GaussLegendre.of48.weights) {
            let z = from + (to - from) * point
            levels.add(
                weight * (to - from) * NormalDistribution.density(z), at: level + mean + deviation * z, to: &row)
        }
    }
}
