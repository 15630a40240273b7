import Ethereum

/// Among the fills of the least cost: those with the fewest offers, and of these the earliest.
struct FillTies {
    let problem: FillProblem
    /// The offers' numbers by increasing seq.
    let bySeq: [Int]

    /// The first set in that order, or `found` when the work allowed does not suffice to be sure.
    func settle(_ found: FillSearch.Found, work limit: Int) -> UInt64 {
        var work = 0
        for count in 1...max(1, found.set.nonzeroBitCount) {
            if let set = first(of: count, cost: found.cost, work: &work, limit: limit) { return set }
            if work >= limit { return found.set }
        }
        return found.set
    }

    /// The earliest set of so many offers at this cost: depth first by seq, with an offer before without it.
    private func first(of count: Int, cost: UInt256, work: inout Int, limit: Int) -> UInt64? {
        var stack: [(chosen: UInt64, open: UInt64, next: Int)] = [(0, problem.all, 0)]
        while let node = stack.popLast() {
            if work >= limit { return nil }
            let left = count - node.chosen.nonzeroBitCount
            guard reaches(node.chosen, open: node.open, with: left, work: &work) else { continue }
            let open = left == 0 ? 0 : node.open
            switch problem.relax(chosen: node.chosen, open: open, work: &work) {
            case .impossible: continue
            case .solved(let bound, _) where bound > cost: continue
            case .split(let bound, _, _) where bound > cost: continue
            default: break
            }
            if left == 0 { return node.chosen }
            let bit: UInt64 = 1 << UInt64(bySeq[node.next])
            stack.append((node.chosen, node.open & ~bit, node.next + 1))
            stack.append((node.chosen | bit, node.open & ~bit, node.next + 1))
        }
        return nil
    }

    /// Whether the chosen offers and so many more of the open ones can give the target at all.
    private func reaches(_ chosen: UInt64, open: UInt64, with more: Int, work: inout Int) -> Bool {
        guard open.nonzeroBitCount >= more else { return false }
        work += problem.curves.count
        var need = problem.target
        var left = more
        for offer in problem.byMost {
            let bit: UInt64 = 1 << UInt64(offer)
            if open & bit != 0 {
                if left == 0 { continue }
                left -= 1
            } else if chosen & bit == 0 {
                continue
            }
            let (rest, enough) = need.subtractingReportingOverflow(problem.curves[offer].span.most)
            if enough || rest.isZero { return true }
            need = rest
        }
        return false
    }
}
