import Ethereum

/// The optimum of a `FillProblem` of up to 30 offers by meeting in the middle, for prices so alike that bounds say
/// nothing.
///
/// For a given set of offers the fills are found by walking the hulls' edges in one fixed order, so all offers but one
/// stand on corners that depend only on where in that order the walk ends. For each such place, called a run, the
/// others give 0 or their corner, and the two halves of the others are listed and matched. The one that stands between
/// costs floor(rise × x ÷ run), so the least of corner costs + rise ÷ run × x, rounded down, is exact.
struct FillPivots {
    /// Runs looked at, at 4 ms each for 30 offers.
    static let maxRuns = 12
    /// Bits of the products that are compared, with room for the sum of 30.
    private static let maxBits = 248

    let problem: FillProblem

    /// Consecutive edges of one offer, and where the others stand meanwhile.
    private struct Run {
        let offer: Int?
        let corners: [FillCurve.Corner]
        let least: UInt256
        var most: UInt256
    }

    /// What a set of the others gives, and its cost × the pivot's run − its amount × the pivot's rise: modulo 2^256,
    /// read as signed.
    private struct Sum: ListedSum {
        let amount: UInt256
        let key: UInt256
        let set: UInt64

        static let none = Sum(amount: .zero, key: .zero, set: 0)

        func joined(_ other: Sum) -> Sum {
            Sum(amount: amount &+ other.amount, key: key &+ other.key, set: set | other.set)
        }
    }

    /// Sets of which one is the best of all; nil when that would take too much work or room.
    func sets() -> [UInt64]? {
        guard problem.curves.count <= FillSubsets.maxOffers, fitsInWords else { return nil }
        let runs = runs()
        guard runs.count <= Self.maxRuns else { return nil }
        var lists = (SumList<Sum>(), SumList<Sum>())
        return runs.compactMap { best($0, &lists) }
    }

    private var fitsInWords: Bool {
        func bits(_ number: UInt256) -> Int { 256 - number.leadingZeroBitCount }
        let cost = problem.curves.map { $0.corners[$0.corners.count - 1].y }.max() ?? .zero
        return problem.curves.allSatisfy { curve in
            max(bits(cost) + bits(curve.span.run), bits(problem.target) + bits(curve.span.rise)) <= Self.maxBits
        }
    }

    private func runs() -> [Run] {
        var corners = problem.curves.map { $0.corners[0] }
        var runs = [Run(offer: nil, corners: corners, least: .zero, most: .zero)]
        for edge in problem.hullEdges {
            let from = corners[edge.offer]
            let to = FillCurve.Corner(x: from.x &+ edge.dx, y: from.y &+ edge.dy)
            if runs[runs.count - 1].offer == edge.offer {
                runs[runs.count - 1].most = to.x
            } else {
                runs.append(Run(offer: edge.offer, corners: corners, least: from.x, most: to.x))
            }
            corners[edge.offer] = to
        }
        return runs
    }

    /// The best set of a run, nil when none sums to the target.
    private func best(_ run: Run, _ lists: inout (SumList<Sum>, SumList<Sum>)) -> UInt64? {
        let (low, overLow) = problem.target.subtractingReportingOverflow(run.most)
        let (high, overHigh) = problem.target.subtractingReportingOverflow(run.least)
        if overHigh { return nil }
        let others = problem.curves.indices.filter { $0 != run.offer }.map { sum($0, run) }
        lists.0.fill(.none, others.prefix(others.count / 2), upTo: high)
        lists.1.fill(.none, others.dropFirst(others.count / 2), upTo: high)
        let pair = Self.match(lists.0.sums, lists.1.sums, from: overLow ? .zero : low, to: high)
        return pair.map { $0 | (run.offer.map { 1 << UInt64($0) } ?? 0) }
    }

    /// An offer on its corner.
    private func sum(_ offer: Int, _ run: Run) -> Sum {
        let corner = run.corners[offer]
        let span = run.offer.map { problem.curves[$0].span }
        let key = span.map { (corner.y &* $0.run) &- (corner.x &* $0.rise) } ?? corner.y
        return Sum(amount: corner.x, key: key, set: 1 << UInt64(offer))
    }

    /// The pair with the least sum of keys whose amounts sum to from…to. Down one list the window on the other moves up;
    /// `window` keeps, of the entries in it, those that no later one beats.
    private static func match(_ first: ArraySlice<Sum>, _ second: ArraySlice<Sum>, from low: UInt256, to high: UInt256)
        -> UInt64?
    {
        var best: (key: UInt256, set: UInt64)?
        var window: [Int] = []
        var front = 0
        var next = 0
        for sum in first.reversed() {
            guard sum.amount <= high else { continue }
            let room = high &- sum.amount
            while next < second.count, second[next].amount <= room {
                while window.count > front, !isLess(second[window[window.count - 1]].key, second[next].key) {
                    window.removeLast()
                }
                window.append(next)
                next += 1
            }
            while front < window.count, second[window[front]].amount.saturatingAdd(sum.amount) < low { front += 1 }
            guard front < window.count else { continue }
            let other = second[window[front]]
            let key = sum.key &+ other.key
            if let best, !isLess(key, best.key) { continue }
            best = (key, sum.set | other.set)
        }
        return best?.set
    }

    /// Signed comparison of numbers modulo 2^256.
    private static func isLess(_ left: UInt256, _ right: UInt256) -> Bool {
        let sign = UInt256(limbs: 0, 0, 0, 1 << 63)
        return (left &+ sign) < (right &+ sign)
    }
}
