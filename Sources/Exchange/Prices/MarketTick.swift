public import Ethereum

/// One tick of the whole market, as it is stored: every token's price and all that the next tick needs.
public struct MarketTick: Sendable, Hashable {
    /// One token's part.
    public struct Price: Sendable, Hashable {
        /// The token.
        public let token: Address
        /// What is published, in 1e-8 units.
        public let priceE8: Int64
        /// What the next step goes on from: the price before it was rounded, in units.
        public let exact: Double
        /// Where it comes from.
        public let source: PriceSource

        /// A token's part of a tick; `priceE8` is what `exact` rounds to.
        public init(token: Address, exact: Double, source: PriceSource) {
            self.init(token: token, priceE8: PriceScale.clamped(exact), exact: exact, source: source)
        }

        /// A price that came as an integer.
        public init(token: Address, priceE8: Int64, exact: Double, source: PriceSource) {
            self.token = token
            self.priceE8 = priceE8
            self.exact = exact
            self.source = source
        }
    }

    /// Rises by one from tick to tick.
    public let number: UInt64
    /// Steps of the paths so far: missed ones count, so that the path at a step does not depend on when it was made.
    public let step: UInt64
    /// ms since 1970, strictly rising.
    public let asOfMillis: Int64
    /// A price a token.
    public let prices: [Price]

    /// A tick as it was made or read back.
    public init(number: UInt64, step: UInt64, asOfMillis: Int64, prices: [Price]) {
        self.number = number
        self.step = step
        self.asOfMillis = asOfMillis
        self.prices = prices
    }

    /// The tick as listeners hear it.
    public func published(isRecorded: Bool = true) -> [PriceTick] {
        prices.map { price in
            PriceTick(
                token: price.token, priceE8: price.priceE8, tick: number, asOfMillis: asOfMillis, source: price.source,
                isRecorded: isRecorded)
        }
    }
}
