import Ethereum

/// A lower bound on the premium of an amount from any number of offers: the Lagrangian of the amount, at the price of
/// the offer at which the cheapest ones reach it. Prices are fixed-point with 128 bits of fraction.
///
/// An offer's premium is bounded from below twice, each a convex function of its fill: by rate × x − 1, because floors
/// lower it by less than 1; and with y the premium of its least fill, by rate × y ÷ (y + 1) × x.
struct FillDual {
    /// No fills of the amount cost less.
    let bound: UInt256
    private let spans: [FillSpan]
    private let price: UInt256
    private static let one = UInt256(limbs: 0, 0, 1, 0)

    /// - Parameter spans: by increasing rate.
    init(spans: [FillSpan], amount: UInt256) {
        var sum = UInt256.zero
        let place = spans.firstIndex { span in
            sum = sum.saturatingAdd(span.most)
            return sum >= amount
        }
        let price = place.map { Self.rate(spans[$0]) } ?? .zero
        var value = UInt256.mulDivFloor(amount, price, Self.one) ?? .zero
        for span in spans {
            let (less, negative) = value.subtractingReportingOverflow(Self.gain(span, at: price))
            value = negative ? .zero : less
        }
        self.spans = spans
        self.price = price
        bound = value
    }

    /// No fills of the amount in which this offer gives something cost less.
    func bound(giving index: Int) -> UInt256 {
        let span = spans[index]
        let own = span.cost(span.least)
        let rate = Self.rate(span)
        guard rate > price else { return max(own, bound) }
        let byRate = Self.times(span.least, rate &- price)
        let least = Self.leastPrice(span, rate)
        let byLeast = least > price ? Self.times(span.least, least &- price) : .zero
        let more = max(byRate.isZero ? .zero : byRate &- .one, byLeast)
        return max(own, bound.saturatingAdd(Self.gain(span, at: price)).saturatingAdd(more))
    }

    /// The most by which fills of this offer can cost less than their amount at the price, rounded up.
    private static func gain(_ span: FillSpan, at price: UInt256) -> UInt256 {
        let rate = rate(span)
        let least = leastPrice(span, rate)
        if least >= price { return .zero }
        let byLeast = UInt256.mulDivCeil(span.most, price &- least, one) ?? .max
        let byRate = rate >= price ? .zero : UInt256.mulDivCeil(span.most, price &- rate, one) ?? .max
        return min(byLeast, byRate.saturatingAdd(.one))
    }

    private static func times(_ amount: UInt256, _ price: UInt256) -> UInt256 {
        UInt256.mulDivFloor(amount, price, one) ?? .max
    }

    /// rise ÷ run, rounded down.
    private static func rate(_ span: FillSpan) -> UInt256 {
        UInt256.mulDivFloor(span.rise, one, span.run) ?? .max
    }

    private static func leastPrice(_ span: FillSpan, _ rate: UInt256) -> UInt256 {
        let cost = span.cost(span.least)
        return UInt256.mulDivFloor(rate, cost, cost &+ .one) ?? .zero
    }
}
