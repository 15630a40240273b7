import Ethereum

/// The legal fills of one offer for a number of days, and what they cost: floor(rise × x ÷ run) for x from least to most.
struct FillCurve {
    /// A point of the hull: x collateral for a premium of y.
    struct Corner: Equatable {
        let x: UInt256
        let y: UInt256
    }

    let span: FillSpan
    /// The corners of the lower convex hull of all (x, cost), from least to most: the best convex bound from below.
    /// Corners are fills, so the bound is exact there.
    let corners: [Corner]
    /// The corner with the least cost a unit, the last of equals: where a line from the origin touches the hull.
    let touching: Int

    init(_ span: FillSpan) {
        self.span = span
        corners = Self.hull(span)
        var best = 0
        for index in corners.indices.dropFirst() {
            let (now, then) = (corners[index], corners[best])
            if UInt256.compareFractions(now.y, now.x, then.y, then.x) != .greater { best = index }
        }
        touching = best
    }

    private static func hull(_ span: FillSpan) -> [Corner] {
        let (least, most, run) = (span.least, span.most, span.run)
        let first = Corner(x: least, y: span.cost(least))
        let last = Corner(x: most, y: span.cost(most))
        guard let (whole, part) = span.rise.quotientAndRemainder(dividingBy: run) else { return [first] }
        let width = most &- least
        var left = [first]
        for move in LatticeChain.descend(rise: part, run: run, slack: span.slack(first), width: width) {
            let from = left[left.count - 1]
            let up = (move.dx &* whole) &+ move.dy
            left.append(Corner(x: from.x &+ (move.count &* move.dx), y: from.y &+ (move.count &* up)))
        }
        // Seen from the other end, slopes count down from the next whole number.
        var right = [last]
        let steep = part.isZero ? whole : whole &+ .one
        let rest = part.isZero ? UInt256.zero : run &- part
        for move in LatticeChain.descend(rise: rest, run: run, slack: span.slack(last), width: width) {
            let from = right[right.count - 1]
            let down = (move.dx &* steep) &- move.dy
            right.append(Corner(x: from.x &- (move.count &* move.dx), y: from.y &- (move.count &* down)))
        }
        if left[left.count - 1] == right[right.count - 1] { right.removeLast() }
        return left + right.reversed()
    }
}

/// The numbers of a `FillCurve`, cheap to make.
struct FillSpan {
    /// premiumPerDay × days, from 1 to `maxRise` − 1.
    let rise: UInt256
    /// collateralAmount.
    let run: UInt256
    /// The least and the most legal fill, both at most the amount asked.
    let least: UInt256
    let most: UInt256

    /// 2^240: no token has so many units, and sums of premiums below it cannot pass 2^256.
    static let maxRise = UInt256(limbs: 0, 0, 0, 1 << 48)

    /// The legal fills up to an amount whose premium is not 0; nil when there is none, or when the premium of the whole
    /// collateral is 2^240 or more.
    init?(_ rule: FillRule, days: UInt16, upTo amount: UInt256) {
        let (rise, overflow) = rule.premiumPerDay.multipliedReportingOverflow(by: UInt256(UInt64(days)))
        guard !overflow, !rise.isZero, rise < Self.maxRise, let sizes = rule.sizes,
            sizes.lowerBound <= amount, let paying = rule.leastPayingFill(days: days)
        else { return nil }
        least = max(sizes.lowerBound, paying)
        most = min(sizes.upperBound, amount)
        guard least <= most, most <= rule.collateralAmount else { return nil }
        self.rise = rise
        run = rule.collateralAmount
    }

    /// floor(rise × x ÷ run): at most rise for x up to run.
    func cost(_ fill: UInt256) -> UInt256 {
        UInt256.mulDivFloor(rise, fill, run) ?? .max
    }

    /// run − 1 − (rise × x mod run): how far a fill lies above the line that bounds all of them from below.
    func slack(_ corner: FillCurve.Corner) -> UInt256 {
        let remainder = (rise &* corner.x) &- (corner.y &* run)
        return run &- .one &- remainder
    }
}
