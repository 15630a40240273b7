import Ethereum

/// Exact answers about all 2^n sets of up to 30 offers, by meeting in the middle (Horowitz and Sahni, J. ACM 21, 1974):
/// each half's sets are listed by their sums, 2^15 at most, and one walk up one list and down the other sees all pairs.
struct FillSubsets {
    static let maxOffers = 30

    private let spans: [FillSpan]
    /// The spans' numbers by increasing seq.
    private let bySeq: [Int]
    private let target: UInt256

    /// A set of offers: what they give at least and at most, and what that most costs.
    private struct Sum {
        let least: UInt256
        let most: UInt256
        let cost: UInt256
        let set: UInt64
        /// The set by seq, the earliest offer in the highest bit: of sets of one size the greater is the earlier.
        let rank: UInt64

        static let none = Sum(least: .zero, most: .zero, cost: .zero, set: 0, rank: 0)

        /// Whether it is to be taken before another that gives as much.
        func isBetter(than other: Sum) -> Bool {
            if cost != other.cost { return cost < other.cost }
            let (own, others) = (set.nonzeroBitCount, other.set.nonzeroBitCount)
            return own != others ? own < others : rank > other.rank
        }

        @inline(__always)
        func value(_ key: Key) -> UInt256 { key == .least ? least : most }

        func joined(_ other: Sum) -> Sum {
            Sum(
                least: least.saturatingAdd(other.least), most: most.saturatingAdd(other.most), cost: cost &+ other.cost,
                set: set | other.set, rank: rank | other.rank)
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
        let (first, second) = halves(by: .least)
        var next = 0
        var best = Sum.none
        for sum in first.reversed() {
            while next < second.count, fits(sum.least, second[next].least) {
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
        let halves = halves(by: .most)
        let (first, second) = (Self.bestOfEach(halves.0), Self.bestOfEach(halves.1))
        var best = Sum.none
        var last = second.count - 1
        for sum in first {
            while last > 0, !fits(sum.most, second[last].most) { last -= 1 }
            guard fits(sum.most, second[last].most) else { break }
            let joined = sum.joined(second[last])
            if joined.most > best.most || (joined.most == best.most && joined.isBetter(than: best)) { best = joined }
        }
        return best.set
    }

    private func fits(_ left: UInt256, _ right: UInt256) -> Bool {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return !overflow && sum <= target
    }

    private enum Key {
        case least
        case most
    }

    /// The sums of each half by increasing key, those within the target.
    private func halves(by key: Key) -> ([Sum], [Sum]) {
        let middle = bySeq.count / 2
        return (sums(0..<middle, key), sums(middle..<bySeq.count, key))
    }

    private func sums(_ places: Range<Int>, _ key: Key) -> [Sum] {
        var sums = [Sum.none]
        for place in places {
            let span = spans[bySeq[place]]
            let one = Sum(
                least: span.least, most: span.most, cost: span.cost(span.most), set: 1 << UInt64(bySeq[place]),
                rank: 1 << UInt64(bySeq.count - 1 - place))
            var added: [Sum] = []
            added.reserveCapacity(sums.count)
            // Sums are in order: after the first that passes the target all do.
            for sum in sums {
                guard fits(sum.value(key), one.value(key)) else { break }
                added.append(sum.joined(one))
            }
            sums = Self.merged(sums, added, key)
        }
        return sums
    }

    private static func merged(_ left: [Sum], _ right: [Sum], _ key: Key) -> [Sum] {
        var merged: [Sum] = []
        merged.reserveCapacity(left.count + right.count)
        var (l, r) = (0, 0)
        while l < left.count, r < right.count {
            if left[l].value(key) <= right[r].value(key) {
                merged.append(left[l])
                l += 1
            } else {
                merged.append(right[r])
                r += 1
            }
        }
        merged.append(contentsOf: left[l...])
        merged.append(contentsOf: right[r...])
        return merged
    }

    /// One sum for each amount given, the best.
    private static func bestOfEach(_ sums: [Sum]) -> [Sum] {
        var kept: [Sum] = []
        for sum in sums {
            guard let last = kept.last, last.most == sum.most else {
                kept.append(sum)
                continue
            }
            if sum.isBetter(than: last) { kept[kept.count - 1] = sum }
        }
        return kept
    }
}
