import Glibc

/// A ladder's value, and how likely each rung and each count of rungs is.
public struct LadderValue: Sendable, Equatable {
    /// The expected payment, discounted.
    public let price: Double
    /// The probability that each rung is touched, in the rungs' order.
    public let rungProbabilities: [Double]
    /// The probability that 0, 1, … all rungs are touched.
    public let countDistribution: [Double]
    /// How they were found.
    public let method: ClosedMethod
}

extension LadderStrip {
    /// What joint laws of extremes may cost when looks are integrated one by one: pairs of barriers × looks.
    private static let mostExactLooks = 12_000

    /// The value of the rungs' payouts. Each rung is a one-touch; how many are touched is decided by the path's highest
    /// and lowest point together.
    public func value() -> LadderValue {
        let rises = rungs.filter { $0 > spot }.sorted().map { log($0 / spot) }
        let falls = rungs.filter { $0 < spot }.sorted(by: >).map { log($0 / spot) }
        let path = LogPath(dynamics: dynamics, looks: observations)
        let pairs = (rises.count + 1) * (falls.count + 1)
        let isExact = observations.map { $0 * pairs <= Self.mostExactLooks && $0 <= LogPath.mostExactLooks } ?? false
        var method = ClosedMethod.closedForm
        func staying(_ lower: Double?, _ upper: Double?) -> Double {
            guard path.looks != nil, !isExact, !path.isCertain else {
                let result = path.staying(above: lower, below: upper)
                if result.method != .closedForm { method = result.method }
                return result.probability
            }
            method = .broadieGlassermanKou
            return path.shifted(lower, upper)
        }
        // inside[i][j]: below the (i + 1)th rise and above the (j + 1)th fall, whichever of the two there is.
        let inside = (0...rises.count).map { rise in
            (0...falls.count).map { fall in
                staying(fall < falls.count ? falls[fall] : nil, rise < rises.count ? rises[rise] : nil)
            }
        }
        let untouchedRises = inside.map { $0[falls.count] }
        let untouchedFalls = inside[rises.count]
        let probabilities = rungs.map { rung in
            if rung > spot { return 1 - untouchedRises[rises.firstIndex(of: log(rung / spot)) ?? 0] }
            if rung < spot { return 1 - untouchedFalls[falls.firstIndex(of: log(rung / spot)) ?? 0] }
            return 1
        }
        return LadderValue(
            price: path.discount * zip(probabilities, payouts).reduce(0) { $0 + $1.0 * $1.1 },
            rungProbabilities: probabilities,
            countDistribution: counts(inside, certain: rungs.count - rises.count - falls.count), method: method)
    }

    /// The law of the count from the law of both extremes.
    private func counts(_ inside: [[Double]], certain: Int) -> [Double] {
        var counts = [Double](repeating: 0, count: rungs.count + 1)
        for rise in inside.indices {
            for fall in inside[rise].indices {
                let left = rise > 0 ? inside[rise - 1][fall] : 0
                let below = fall > 0 ? inside[rise][fall - 1] : 0
                let corner = rise > 0 && fall > 0 ? inside[rise - 1][fall - 1] : 0
                counts[certain + rise + fall] += max(inside[rise][fall] - left - below + corner, 0)
            }
        }
        return counts
    }
}
