/// The rungs that a price has crossed, and those it has not.
///
/// A rung is hit when the segment from the price before to this one contains it; the first price is a segment of one
/// point. Each segment begins where the one before ended, so all of them together are the interval from the lowest to
/// the highest price observed, and the rungs hit are those within it.
public struct LuckyLadder: Sendable, Hashable {
    /// 1e-8 units, strictly ascending, at least one.
    public let rungsE8: [Int64]
    /// The lowest and highest price observed, 1e-8 units; nil before the first.
    public private(set) var observedE8: ClosedRange<Int64>?
    /// Where the rungs that were hit stand among `rungsE8`.
    public private(set) var hits: Range<Int> = 0..<0

    /// A ladder that has observed the prices in `observedE8`, or nothing yet.
    public init(rungsE8: [Int64], observedE8: ClosedRange<Int64>? = nil) {
        self.rungsE8 = rungsE8
        if let observedE8 { extend(to: observedE8) }
    }

    /// Observes the next price.
    /// - Returns: whether it hit a rung that was not hit before.
    public mutating func observe(_ priceE8: Int64) -> Bool {
        guard let range = observedE8 else {
            extend(to: priceE8...priceE8)
            return !hits.isEmpty
        }
        if range.contains(priceE8) { return false }
        let before = hits.count
        extend(to: min(range.lowerBound, priceE8)...max(range.upperBound, priceE8))
        return hits.count > before
    }

    /// Whether every rung was hit.
    public var isComplete: Bool { hits.count == rungsE8.count }
    /// The rungs that were hit, ascending.
    public var rungsHitE8: ArraySlice<Int64> { rungsE8[hits] }
    /// The rungs that were not hit, ascending.
    public var remainingRungsE8: [Int64] {
        Array(rungsE8[..<hits.lowerBound]) + Array(rungsE8[hits.upperBound...])
    }

    /// `floor(payoff × hit / total)`, 1e-8 units.
    public func payoutE8(of payoffE8: Int64) -> Int64 {
        let product = payoffE8.multipliedFullWidth(by: Int64(hits.count))
        // The quotient is at most the payoff, as no more rungs are hit than there are.
        return Int64(rungsE8.count).dividingFullWidth(product).quotient
    }

    private mutating func extend(to range: ClosedRange<Int64>) {
        observedE8 = range
        hits = firstRung(notBelow: range.lowerBound)..<firstRung(above: range.upperBound)
    }

    private func firstRung(notBelow price: Int64) -> Int { partition { $0 >= price } }
    private func firstRung(above price: Int64) -> Int { partition { $0 > price } }

    /// The place of the first rung that satisfies a test which, once true, stays true.
    private func partition(_ test: (Int64) -> Bool) -> Int {
        var (low, high) = (0, rungsE8.count)
        while low < high {
            let middle = (low + high) / 2
            if test(rungsE8[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
