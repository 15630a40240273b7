import Ethereum

/// One side of the lower convex hull of the points (x, floor(rise × x ÷ run)) over an interval of whole numbers.
///
/// A point's slack is how far it lies above the line y = (rise × x − (run − 1)) ÷ run, times run: a whole number from 0
/// to run − 1, and no lattice point lies lower. From the interval's end the hull goes to the point of the least slack
/// by the steepest steps that the slack allows. Those are the line's best approximations from below and the steps
/// between them, which Euclid's algorithm gives one after the other (Harvey, "Computing two-dimensional integer hulls",
/// SIAM J. Comput. 28, 1999); their number is logarithmic in run.
enum LatticeChain {
    /// `count` times a step of dx to the side and dy up.
    struct Move {
        let dx: UInt256
        let dy: UInt256
        let count: UInt256
    }

    private struct Step {
        var dx: UInt256
        var dy: UInt256
        /// How much it lowers the slack (or raises it, for a step above the line).
        var change: UInt256

        /// This step and `count` times another; nil when it grows beyond 2^256 and so beyond any interval.
        func adding(_ other: Step, times count: UInt256, change: UInt256) -> Step? {
            let (moreX, overflowX) = other.dx.multipliedReportingOverflow(by: count)
            let (moreY, overflowY) = other.dy.multipliedReportingOverflow(by: count)
            let (dx, passedX) = self.dx.addingReportingOverflow(moreX)
            let (dy, passedY) = self.dy.addingReportingOverflow(moreY)
            if overflowX || overflowY || passedX || passedY { return nil }
            return Step(dx: dx, dy: dy, change: change)
        }
    }

    /// The moves from a point with this slack to the least slack within `width` to the right, by increasing slope.
    /// Needs rise < run and slack < run.
    static func descend(rise: UInt256, run: UInt256, slack: UInt256, width: UInt256) -> [Move] {
        var moves: [Move] = []
        var lower = Step(dx: .one, dy: .zero, change: rise)
        var upper = Step(dx: .zero, dy: .one, change: run)
        var slack = slack
        var room = width
        while !lower.change.isZero, lower.dx <= room {
            if slack >= lower.change {
                let count = min(slack.dividedFloor(lower.change), room.dividedFloor(lower.dx))
                moves.append(Move(dx: lower.dx, dy: lower.dy, count: count))
                slack = slack &- (count &* lower.change)
                room = room &- (count &* lower.dx)
                if slack >= lower.change { break }
            }
            guard refine(&lower, &upper, slack: slack) else { break }
        }
        return moves
    }

    /// The next finer step below the line: one that the slack allows, or one nearer to it. False when there is none.
    private static func refine(_ lower: inout Step, _ upper: inout Step, slack: UInt256) -> Bool {
        let wanted = (lower.change &- slack).dividedCeil(upper.change)
        let most = (lower.change &- .one).dividedFloor(upper.change)
        let times = min(wanted, most)
        guard let finer = lower.adding(upper, times: times, change: lower.change &- (times &* upper.change))
        else { return false }
        lower = finer
        if wanted <= most { return true }
        // Now lower.change ≤ upper.change: bring the upper step nearer, unless a sum of both runs along the line.
        if lower.change == upper.change { return false }
        let count = (upper.change &- .one).dividedFloor(lower.change)
        guard let nearer = upper.adding(lower, times: count, change: upper.change &- (count &* lower.change))
        else { return false }
        upper = nearer
        return true
    }
}
