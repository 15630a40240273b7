import Glibc

/// The law of a random walk with normal steps that ends as soon as a look finds it outside a corridor, exactly: each
/// look's density is an integral over that of the look before, by Gauss and Legendre's rule on panels that end at the
/// barriers. Distances are in standard deviations of one step. The error is below 1e-9.
struct LookRecursion {
    /// Standard deviations beyond which a step is not followed.
    private static let reach = 8.5
    /// The widest panel; 8 points each.
    private static let widest = 2.25
    /// What the recursion may cost in multiplications before it is not worth it.
    private static let mostWork = 6e8

    private let lower: Double
    private let panelWidth: Double
    private let panels: Int
    private let looks: Int
    /// The mean of one step.
    private let mean: Double
    /// Whether a walk that falls through the lower end goes on from there, as a rise above the minimum does.
    private let isReflecting: Bool

    /// - Parameters:
    ///   - lower: the barrier below the start at 0, nil for none.
    ///   - upper: the barrier above, nil for none.
    ///   - mean: the mean of one step.
    ///   - looks: how many.
    ///   - reflecting: the walk is held at `lower`, which is 0, instead of ended there.
    /// - Returns: nil when it would cost too much.
    init?(lower: Double?, upper: Double?, mean: Double, looks: Int, reflecting: Bool = false) {
        let spread = Self.reach * Double(looks).squareRoot()
        let drift = mean * Double(looks)
        self.lower = max(lower ?? -.infinity, min(drift, 0) - spread)
        let end = min(upper ?? .infinity, max(drift, 0) + spread)
        let width = end - self.lower
        let count = (width / Self.widest).rounded(.up)
        let perPanel = 64 * (2 * (Self.reach + abs(mean)) / Self.widest + 3)
        guard width > 0, abs(mean) < 1e3, count * perPanel * Double(looks) < Self.mostWork else { return nil }
        panels = max(Int(count), 1)
        panelWidth = width / Double(panels)
        self.mean = mean
        self.looks = looks
        isReflecting = reflecting
    }

    /// The probability of being inside at every look up to the first, the second, … the last.
    func survivals() -> [Double] {
        let kernel = Kernel(panelWidth: panelWidth, panels: panels, mean: mean, reach: Self.reach)
        let weights = panelWidth * Kernel.weights
        var density = [SIMD8<Double>](repeating: .zero, count: panels + kernel.before + kernel.after)
        var next = density
        for panel in 0..<panels { density[panel + kernel.before] = gaussian(at: points(panel)) }
        var held = isReflecting ? NormalDistribution.cumulative(-mean) : 0
        var survivals: [Double] = []
        survivals.reserveCapacity(looks)
        for look in 1...looks {
            var mass = held
            for panel in 0..<panels { mass += (density[panel + kernel.before] * weights).sum() }
            survivals.append(min(mass, survivals.last ?? 1))
            guard look < looks else { break }
            let (from, to) = active(look + 1)
            for panel in from..<to { next[panel + kernel.before] = kernel.apply(to: density, panel) }
            if isReflecting { held = reflect(held, density, kernel, weights, &next) }
            swap(&density, &next)
        }
        return survivals
    }

    /// The panels that a walk of so many steps can be in.
    private func active(_ look: Int) -> (Int, Int) {
        guard !isReflecting else { return (0, panels) }
        let spread = Self.reach * Double(look).squareRoot()
        let drift = mean * Double(look)
        let from = ((drift - spread - lower) / panelWidth).rounded(.down)
        let to = ((drift + spread - lower) / panelWidth).rounded(.up)
        let first = Int(min(max(from, 0), Double(panels)))
        return (first, max(first, Int(min(max(to, 0), Double(panels)))))
    }

    /// Adds what comes from the walk held at 0, and returns the probability of being held there after this look.
    private func reflect(
        _ held: Double, _ density: [SIMD8<Double>], _ kernel: Kernel, _ weights: SIMD8<Double>,
        _ next: inout [SIMD8<Double>]
    ) -> Double {
        var now = held * NormalDistribution.cumulative(-mean)
        for panel in 0..<panels {
            let points = points(panel)
            next[panel + kernel.before] += held * gaussian(at: points)
            guard points[0] + mean < Self.reach else { continue }
            for lane in 0..<8 {
                now +=
                    weights[lane] * density[panel + kernel.before][lane]
                    * NormalDistribution.cumulative(-mean - points[lane])
            }
        }
        return now
    }

    private func points(_ panel: Int) -> SIMD8<Double> { lower + panelWidth * (Kernel.points + Double(panel)) }

    private func gaussian(at points: SIMD8<Double>) -> SIMD8<Double> {
        var values = SIMD8<Double>.zero
        for lane in 0..<8 { values[lane] = NormalDistribution.density(points[lane] - mean) }
        return values
    }
}

/// One step between panels: the same table for every pair of panels at the same distance.
private struct Kernel {
    static let points = SIMD8(GaussLegendre.of8.points)
    static let weights = SIMD8(GaussLegendre.of8.weights)

    /// Panels before and after the own one from which a step may come.
    let before: Int
    let after: Int
    /// For each of the 8 points of a panel, what each point of the panels around adds.
    private let rows: [[SIMD8<Double>]]

    init(panelWidth: Double, panels: Int, mean: Double, reach: Double) {
        // No step comes from further away than the other end, however narrow the panels are.
        before = Int(min(max(((reach + mean) / panelWidth).rounded(.up) + 1, 0), Double(panels)))
        after = Int(min(max(((reach - mean) / panelWidth).rounded(.up) + 1, 0), Double(panels)))
        var rows: [[SIMD8<Double>]] = []
        for target in 0..<8 {
            rows.append(
                (-before...after).map { panel in
                    let distance = (Kernel.points[target] - Double(panel) - Kernel.points) * panelWidth - mean
                    var values = SIMD8<Double>.zero
                    for lane in 0..<8 { values[lane] = NormalDistribution.density(distance[lane]) }
                    return values * Kernel.weights * panelWidth
                })
        }
        self.rows = rows
    }

    /// The density at the points of a panel after one step; `density` begins `before` panels early.
    @inline(__always)
    func apply(to density: [SIMD8<Double>], _ panel: Int) -> SIMD8<Double> {
        var values = SIMD8<Double>.zero
        density.withUnsafeBufferPointer { density in
            for target in 0..<8 {
                rows[target].withUnsafeBufferPointer { row in
                    var sum = SIMD8<Double>.zero
                    for index in 0..<row.count { sum += row[index] * density[panel + index] }
                    values[target] = sum.sum()
                }
            }
        }
        return values
    }
}
