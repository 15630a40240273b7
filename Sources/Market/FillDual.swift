import Ethereum

/// A lower bound on the premium of an amount from any number of offers: the Lagrangian of the amount, at the price at
/// which the cheapest offers reach it. Prices are fixed-point with 128 bits of fraction, rounded down.
struct FillDual {
    /// No fills of the amount cost less.
    let bound: UInt256
    private let prices: [UInt256]
    private let spans: [FillSpan]
    private let price: UInt256
    private static let one = UInt256(limbs: 0, 0, 1, 0)

    init(spans: [FillSpan], amount: UInt256) {
        let prices = spans.map(Self.leastPrice)
        let order = prices.indices.sorted { prices[$0] < prices[$1] }
        var sum = UInt256.zero
        let place = order.first { index in
            sum = sum.saturatingAdd(spans[index].most)
            return sum >= amount
        }
        let price = place.map { prices[$0] } ?? .zero
        // amount × price − Σ most × (price − own price) over the cheaper offers.
        var value = UInt256.mulDivFloor(amount, price, Self.one) ?? .zero
        for index in prices.indices where prices[index] < price {
            let gain = UInt256.mulDivCeil(spans[index].most, price &- prices[index], Self.one) ?? .max
            let (less, negative) = value.subtractingReportingOverflow(gain)
            value = negative ? .zero : less
        }
        self.spans = spans
        self.prices = prices
        self.price = price
        bound = value
    }

    /// No fills of the amount in which this offer gives something cost less.
    func bound(giving index: Int) -> UInt256 {
        guard prices[index] > price else { return bound }
        let more = UInt256.mulDivFloor(spans[index].least, prices[index] &- price, Self.one) ?? .max
        return bound.saturatingAdd(more)
    }

    /// The least premium a unit of any legal fill, or less. With y the premium of the least fill, a premium is at least y
    /// and above rise ÷ run × x − 1, so it is nowhere less than rise ÷ run × y ÷ (y + 1) a unit.
    private static func leastPrice(_ span: FillSpan) -> UInt256 {
        let rate = UInt256.mulDivFloor(span.rise, one, span.run) ?? .max
        let cost = span.cost(span.least)
        return UInt256.mulDivFloor(rate, cost, cost &+ .one) ?? .zero
    }
}
