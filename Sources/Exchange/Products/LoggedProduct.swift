public import Ethereum
public import Market

/// A product as a row of the log left it, or folded on from there with ticks that were stored since.
public struct LoggedProduct: Sendable, Hashable {
    /// The product.
    public let product: Product
    /// The last row of the log about it.
    public let seq: UInt64

    /// `product` after the row at `seq` and the ticks it has seen.
    public init(product: Product, seq: UInt64) {
        self.product = product
        self.seq = seq
    }
}

/// A tick of the market that is stored, as products look at it.
public struct RecordedTick: Sendable, Hashable {
    /// Rises from tick to tick.
    public let number: UInt64
    /// The stamp, ms since 1970, strictly rising.
    public let stampMillis: Int64
    /// Each token's price, 1e-8 units.
    public let pricesE8: [Address: Int64]

    /// The prices (1e-8 units) at `stampMillis` (ms since 1970).
    public init(number: UInt64, stampMillis: Int64, pricesE8: [Address: Int64]) {
        self.number = number
        self.stampMillis = stampMillis
        self.pricesE8 = pricesE8
    }
}

extension Product {
    /// Takes account of a tick of the market.
    mutating func observe(_ tick: RecordedTick) -> Effect {
        guard let price = tick.pricesE8[terms.token] else {
            return pass(tick: tick.number, stampMillis: tick.stampMillis)
        }
        return observe(tick: ObservedPrice(priceE8: price, tick: tick.number, stampMillis: tick.stampMillis))
    }

    /// How many rungs a ladder has hit; 0 for a catcher.
    var hits: Int { if case .luckyLadder(let ladder) = progress { ladder.hits.count } else { 0 } }
}
