import Ethereum

/// From the legal fills of the selected offers to the best combination found, and what is known about better ones.
struct FillSolver {
    /// Offers among which the search chooses; the rest gives all or nothing.
    static let maxCore = 64
    /// Of the core, offers that are cheaper than the one at which the amount is reached.
    static let coreBefore = 36
    /// Of the core, dearer offers that are in it for the range of amounts they can give.
    static let coreWide = 12
    /// Edges looked at before sets are listed for any fills, then for the best ones, in all, and for the order of equals.
    static let firstWork = 100_000
    static let alikeWork = 1_000_000
    static let maxWork = 4_000_000
    static let tieWork = 500_000

    /// The combination found.
    struct Solution {
        /// Places in the selection, in order, and amounts.
        var fills: [(place: Int, amount: UInt256)]
        var lowerBound: UInt256
        var proven: Bool
    }

    let selection: FillSelection

    init(_ selection: FillSelection) {
        self.selection = selection
    }

    func solve() -> Solution {
        let spans = selection.spans
        guard let reached = placeReached() else {
            // All there is does not pass the amount: take all of it.
            let fills = spans.indices.map { (place: $0, amount: spans[$0].most) }
            let cost = fills.reduce(UInt256.zero) { $0 &+ spans[$1.place].cost($1.amount) }
            return Solution(fills: fills, lowerBound: cost, proven: selection.isWhole)
        }
        if spans.count <= Self.maxCore {
            var solution = solveCore(Array(spans.indices), target: selection.amount)
            solution.proven = solution.proven && selection.isWhole
            return solution
        }
        return solveAround(reached)
    }

    /// The place of the offer with which the amount is reached or passed when each gives all it may; nil when it is not.
    private func placeReached() -> Int? {
        var sum = UInt256.zero
        return selection.spans.firstIndex { span in
            sum = sum.saturatingAdd(span.most)
            return sum > selection.amount
        }
    }

    /// More offers than the search takes: those much cheaper give all they may, and of those much dearer only the few
    /// that can give the widest choice of amounts take part.
    private func solveAround(_ reached: Int) -> Solution {
        let spans = selection.spans
        let start = min(max(0, reached - Self.coreBefore), spans.count - Self.maxCore)
        let near = start..<(start + Self.maxCore - Self.coreWide)
        let wide = (near.upperBound..<spans.count).sorted {
            let (left, right) = (spans[$0].most &- spans[$0].least, spans[$1].most &- spans[$1].least)
            return left == right ? $0 < $1 : left > right
        }.prefix(Self.coreWide)
        let core = Array(near) + wide.sorted()
        let given = (0..<start).map { (place: $0, amount: spans[$0].most) }
        let sum = given.reduce(UInt256.zero) { $0 &+ $1.amount }
        var solution = solveCore(core, target: selection.amount &- sum)
        solution.fills = given + solution.fills
        let filled = solution.fills.reduce(UInt256.zero) { $0 &+ $1.amount }
        let cost = solution.fills.reduce(UInt256.zero) { $0 &+ spans[$1.place].cost($1.amount) }
        let dual = FillDual(spans: spans, amount: filled)
        let whole = selection.isWhole && start == 0 && filled == selection.amount
        let inCore = Set(core)
        if whole, spans.indices.allSatisfy({ inCore.contains($0) || dual.bound(giving: $0) >= cost }) {
            return solution
        }
        solution.lowerBound = min(dual.bound, cost)
        solution.proven = whole && dual.bound >= cost
        return solution
    }

    /// At most 64 offers: branch and bound, with the sets listed where that alone finds nothing.
    private func solveCore(_ places: [Int], target: UInt256) -> Solution {
        let curves = places.map { FillCurve(selection.spans[$0]) }
        let bySeq = curves.indices.sorted {
            selection.candidates[places[$0]].seq < selection.candidates[places[$1]].seq
        }
        var search = FillSearch(FillProblem(curves: curves, target: target))
        search.run(upTo: Self.firstWork)
        if search.best == nil {
            let lists = FillLists(search.problem, bySeq: bySeq)
            guard let set = search.isFinished ? nil : lists.covering() else {
                return fullest(lists.fullest(), places, isExact: lists.isExact)
            }
            search.offer(set: set)
        }
        search.run(upTo: Self.alikeWork)
        if !search.isFinished, let sets = FillPivots(problem: search.problem).sets() { search.finish(with: sets) }
        search.run(upTo: Self.maxWork)
        guard let best = search.best else { return Solution(fills: [], lowerBound: .zero, proven: false) }
        let ties = FillTies(problem: search.problem, bySeq: bySeq)
        let set = ties.settle(best, work: Self.tieWork)
        let fills = (search.problem.fills(of: set) ?? []).map {
            (place: places[$0.offer], amount: $0.amount)
        }
        return Solution(fills: fills, lowerBound: search.lowerBound, proven: search.isFinished)
    }

    /// No combination gives exactly the target: the set that gives the most below it, every offer giving all it may.
    private func fullest(_ set: UInt64, _ places: [Int], isExact: Bool) -> Solution {
        let fills = places.indices.filter { set >> UInt64($0) & 1 == 1 }
            .map { (place: places[$0], amount: selection.spans[places[$0]].most) }
        let cost = fills.reduce(UInt256.zero) { $0 &+ selection.spans[$1.place].cost($1.amount) }
        if isExact { return Solution(fills: fills, lowerBound: cost, proven: true) }
        let filled = fills.reduce(UInt256.zero) { $0 &+ $1.amount }
        let dual = FillDual(spans: places.map { selection.spans[$0] }, amount: filled)
        return Solution(fills: fills, lowerBound: min(dual.bound, cost), proven: false)
    }
}
