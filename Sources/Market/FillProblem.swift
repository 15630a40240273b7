import Ethereum

/// Fills that sum to a target at the least total premium: each offer gives nothing, or from its least to its most.
///
/// A node of the search has decided offers that must give (`chosen`), offers that may (`open`), and leaves out the rest.
/// Its bound is the linear program over convex bounds from below of each offer's cost: the hull of its fills when it
/// must give, the hull of its fills and 0 when it may. Taking the hulls' edges by increasing slope solves that program.
/// All offers but the last one touched then stand on corners, where the bound is the cost. When the last stands on an
/// edge between two of its fills, its bound lies less than 1 below its cost, a whole number; so the bound rounded up is
/// the cost, and the node is solved exactly, floors included. Else it stands between 0 and its least fill (or near
/// it), and the search decides about that offer.
struct FillProblem {
    /// At most 64 offers, the cheapest a unit first, then the earliest.
    let curves: [FillCurve]
    let target: UInt256
    /// The offers' numbers, the one that can give the most first.
    let byMost: [Int]
    /// What a node costs besides its edges, in edges: a 512-bit division.
    private static let nodeWork = 20

    private let edges: [Edge]
    /// The edges' masks apart, so that a walk reads little memory.
    private let masks: [Mask]

    /// What a node's bound says.
    enum Relaxation {
        /// No fills sum to the target.
        case impossible
        /// The least cost of the node, and the offers that give.
        case solved(cost: UInt256, giving: UInt64)
        /// No fills cost less than `bound`; `pivot` stands between 0 and a fill. `giving` when the fills are legal
        /// nevertheless.
        case split(bound: UInt256, pivot: Int, giving: UInt64?)
    }

    private struct Edge {
        let dx: UInt256
        let dy: UInt256
        let mask: Mask
        let offer: Int
        let fromZero: Bool
    }

    private struct Mask {
        /// The offer's bit where the edge belongs to the hull of an offer that must give, else 0.
        let chosen: UInt64
        /// The offer's bit where the edge belongs to the hull with 0 of an offer that may give, else 0.
        let open: UInt64
    }

    init(curves: [FillCurve], target: UInt256) {
        precondition(curves.count <= 64, "a set of offers is one word")
        self.curves = curves
        self.target = target
        byMost = curves.indices.sorted { curves[$0].span.most > curves[$1].span.most }
        edges = curves.indices.flatMap { Self.edges(curves[$0], offer: $0) }.sorted(by: Self.isCheaper)
        masks = edges.map(\.mask)
    }

    var all: UInt64 { curves.count == 64 ? .max : (1 << UInt64(curves.count)) - 1 }

    /// The bound of a node; `work` counts the edges that were looked at.
    func relax(chosen: UInt64, open: UInt64, work: inout Int) -> Relaxation {
        guard var (need, cost) = need(chosen) else { return .impossible }
        var giving = chosen
        if need.isZero { return .solved(cost: cost, giving: giving) }
        for index in masks.indices where (masks[index].chosen & chosen) | (masks[index].open & open) != 0 {
            let (dx, dy) = (edges[index].dx, edges[index].dy)
            let (rest, beyond) = need.subtractingReportingOverflow(dx)
            if beyond {
                work += index + Self.nodeWork
                return end(on: edges[index], need: need, cost: cost, giving: giving)
            }
            need = rest
            cost = cost &+ dy
            giving |= masks[index].open & open
            if need.isZero {
                work += index + Self.nodeWork
                return .solved(cost: cost, giving: giving)
            }
        }
        work += edges.count + Self.nodeWork
        return .impossible
    }

    /// The fill of each offer of a set, in the offers' order, for the least total cost; nil when they cannot sum up.
    func fills(of set: UInt64) -> [(offer: Int, amount: UInt256)]? {
        guard var (need, _) = need(set) else { return nil }
        var amounts = curves.map(\.span.least)
        for edge in edges where edge.mask.chosen & set != 0 {
            let part = min(edge.dx, need)
            amounts[edge.offer] = amounts[edge.offer] &+ part
            need = need &- part
        }
        guard need.isZero else { return nil }
        return curves.indices.filter { set >> UInt64($0) & 1 == 1 }.map { ($0, amounts[$0]) }
    }

    /// The edges of the hulls of offers that must give, in the order in which `fills` takes them.
    var hullEdges: [(offer: Int, dx: UInt256, dy: UInt256)] {
        edges.filter { !$0.fromZero }.map { ($0.offer, $0.dx, $0.dy) }
    }

    /// What is left of the target when each offer that must give gives its least, and what that costs.
    private func need(_ chosen: UInt64) -> (need: UInt256, cost: UInt256)? {
        var need = target
        var cost = UInt256.zero
        var rest = chosen
        while rest != 0 {
            let curve = curves[rest.trailingZeroBitCount]
            rest &= rest - 1
            let (less, negative) = need.subtractingReportingOverflow(curve.corners[0].x)
            if negative { return nil }
            need = less
            cost = cost &+ curve.corners[0].y
        }
        return (need, cost)
    }

    /// The program's last edge, taken in part.
    private func end(on edge: Edge, need: UInt256, cost: UInt256, giving: UInt64) -> Relaxation {
        let part = UInt256.mulDivCeil(edge.dy, need, edge.dx) ?? edge.dy
        let bound = cost &+ part
        guard edge.fromZero else { return .solved(cost: bound, giving: giving) }
        let span = curves[edge.offer].span
        guard need >= span.least else { return .split(bound: bound, pivot: edge.offer, giving: nil) }
        let all = giving | edge.mask.open
        if span.cost(need) == part { return .solved(cost: bound, giving: all) }
        return .split(bound: bound, pivot: edge.offer, giving: all)
    }

    private static func edges(_ curve: FillCurve, offer: Int) -> [Edge] {
        let bit: UInt64 = 1 << UInt64(offer)
        let touching = curve.corners[curve.touching]
        let jump = Edge(
            dx: touching.x, dy: touching.y, mask: Mask(chosen: 0, open: bit), offer: offer, fromZero: true)
        return [jump]
            + zip(curve.corners, curve.corners.dropFirst()).enumerated().map { index, ends in
                Edge(
                    dx: ends.1.x &- ends.0.x, dy: ends.1.y &- ends.0.y,
                    mask: Mask(chosen: bit, open: index >= curve.touching ? bit : 0), offer: offer, fromZero: false)
            }
    }

    /// By slope; among equals first what is taken already, then the earlier offer.
    private static func isCheaper(_ left: Edge, _ right: Edge) -> Bool {
        switch UInt256.compareFractions(left.dy, left.dx, right.dy, right.dx) {
        case .less: true
        case .greater: false
        case .equal: left.fromZero != right.fromZero ? right.fromZero : left.offer < right.offer
        }
    }
}
