import Ethereum

/// Exact answers about all 2^n sets of up to 30 offers, by meeting in the middle (Horowitz and Sahni, J. ACM 21, 1974):
/// each half's sets are listed by their sums, 2^15 at most, and one walk up one list and down the other sees all pairs.
struct FillSubsets {
    static let maxOffers = 30

    private let spans: [FillSpan]
    /// The spans' numbers by increasing seq.
    private let bySeq: [Int]
    private let target: UInt256

    /// A set of offers: what it is listed by, what it gives at most, and what that costs.
    private struct Sum: ListedSum {
        let amount: UInt256
        let most: UInt256
        let cost: UInt256
        let set: UInt64
        /// The set by seq, the earliest offer in the highest bit: of sets of one size the greater is the earlier.
        let rank: UInt64

        static let none = Sum(amount: .zero, most: .zero, cost: .zero, set: 0, rank: 0)

        /// Whether it is to be taken before another that gives as much.
        func isBetter(than other: Sum) -> Bool {
            if cost != other.cost { return cost < other.cost }
            let (own, others) = (set.nonzeroBitCount, other.set.nonzeroBitCount)
            return own != others ? own < others : rank > other.rank
        }

        func joined(_ other: Sum) -> Sum {
            Sum(
                amount: amount.saturatingAdd(other.amount), most: most.saturatingAdd(other.most),
                cost: cost &+ other.cost, set: set | other.set, rank: rank | other.rank)
        }
    }

    /// - Parameter bySeq: the spans' numbers by increasing seq, at most `maxOffers` of them.
    init(spans: [FillSpan], bySeq: [Int], target: UInt256) {
        precondition(bySeq.count <= Self.maxOffers, "2^15 sums a half")
        self.spans = spans
        self.bySeq = bySeq
        self.target = target
    }

    /// A set whose fills can sum to the target: least sum ≤ target ≤ most sum. Nil when there is none.
    func covering() -> UInt64? {
        let (first, second) = halves { $0.least }
        var next = 0
        var best = Sum.none
        for sum in first.reversed() {
            while next < second.count, fits(sum.amount, second[next].amount) {
                if second[next].most > best.most { best = second[next] }
                next += 1
            }
            if sum.most.saturatingAdd(best.most) >= target { return sum.set | best.set }
        }
        return nil
    }

    /// The set that gives the most with every offer giving all it may, within the target; of equals the cheapest, then
    /// the smallest, then the earliest. This is the answer when `covering` finds nothing.
    func fullest() -> UInt64 {
        let halves = halves { $0.most }
        let (first, second) = (Self.bestOfEach(halves.0), Self.bestOfEach(halves.1))
        var best = Sum.none
        var last = second.count - 1
        for sum in first {
            while last > 0, !fits(sum.amount, second[last].amount) { last -= 1 }
            guard fits(sum.amount, second[last].amount) else { break }
            let joined = sum.joined(second[last])
            if joined.amount > best.amount || (joined.amount == best.amount && joined.isBetter(than: best)) {
                best = joined
            }
        }
        return best.set
    }

    private func fits(_ left: UInt256, _ right: UInt256) -> Bool {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return !overflow && sum <= target
    }

    /// The sums of each half within the target, listed by an amount of each offer.
    private func halves(by amount: (FillSpan) -> UInt256) -> (ArraySlice<Sum>, ArraySlice<Sum>) {
        let sums = bySeq.enumerated().map { place, offer in
            let span = spans[offer]
            return Sum(
                amount: amount(span), most: span.most, cost: span.cost(span.most), set: 1 << UInt64(offer),
                rank: 1 << UInt64(bySeq.count - 1 - place))
        }
        var lists = (SumList<Sum>(), SumList<Sum>())
        lists.0.fill(.none, sums.prefix(sums.count / 2), upTo: target)
        lists.1.fill(.none, sums.dropFirst(sums.count / 2), upTo: target)
        return (lists.0.sums, lists.1.sums)
    }

    /// One sum for each amount, the best.
    private static func bestOfEach(_ sums: ArraySlice<Sum>) -> [Sum] {
        var kept: [Sum] = []
        kept.reserveCapacity(sums.count)
        for sum in sums {
            guard let last = kept.last, last.amount == sum.amount else {
                kept.append(sum)
                continue
            }
            if sum.isBetter(than: last) { kept[kept.count - 1] = sum }
        }
        return kept
    }
}
