import Ethereum

/// Branch and bound over a `FillProblem`, depth first, the more promising child first. Every step is a function of the
/// problem alone: the same question gets the same answer on every replica.
struct FillSearch {
    /// Offers and the least cost of their fills.
    struct Found: Equatable {
        let set: UInt64
        let cost: UInt256
    }

    private struct Node {
        let chosen: UInt64
        let open: UInt64
        let bound: UInt256
        let pivot: Int
    }

    let problem: FillProblem
    private(set) var best: Found?
    private var stack: [Node] = []
    /// Edges looked at so far, the measure of work.
    private(set) var work = 0

    init(_ problem: FillProblem) {
        self.problem = problem
        consider(chosen: 0, open: problem.all)
    }

    /// Whether nothing is left to look at: then `best` is the optimum, or there are no such fills.
    var isFinished: Bool { stack.isEmpty }

    /// No fills cost less than this.
    var lowerBound: UInt256 {
        let open = stack.map(\.bound).min()
        guard let best = best?.cost else { return open ?? .zero }
        return min(best, open ?? best)
    }

    /// Goes on until it is finished or has looked at so many edges in all.
    mutating func run(upTo limit: Int) {
        while work < limit, let node = stack.popLast() {
            if let best, node.bound >= best.cost { continue }
            branch(node)
        }
    }

    /// Takes in fills that were found elsewhere.
    mutating func offer(set: UInt64) {
        if case .solved(let cost, _) = problem.relax(chosen: set, open: 0, work: &work) {
            improve(Found(set: set, cost: cost))
        }
    }

    /// Takes in sets of which one is known to be the best of all: nothing is left to look at.
    mutating func finish(with sets: [UInt64]) {
        for set in sets { offer(set: set) }
        stack = []
    }

    private mutating func branch(_ node: Node) {
        let bit: UInt64 = 1 << UInt64(node.pivot)
        let start = stack.count
        consider(chosen: node.chosen, open: node.open & ~bit)
        consider(chosen: node.chosen | bit, open: node.open & ~bit)
        // The last is taken up first: the one with the lower bound.
        if stack.count == start + 2, stack[start].bound < stack[start + 1].bound { stack.swapAt(start, start + 1) }
    }

    /// Bounds a node; what is not solved by that waits on the stack.
    private mutating func consider(chosen: UInt64, open: UInt64) {
        switch problem.relax(chosen: chosen, open: open, work: &work) {
        case .impossible: return
        case .solved(let cost, let giving): improve(Found(set: giving, cost: cost))
        case .split(let bound, let pivot, let giving):
            if let best, bound >= best.cost { return }
            if let giving { offer(set: giving) }
            stack.append(Node(chosen: chosen, open: open, bound: bound, pivot: pivot))
        }
    }

    private mutating func improve(_ found: Found) {
        if let best, found.cost >= best.cost { return }
        best = found
    }
}
