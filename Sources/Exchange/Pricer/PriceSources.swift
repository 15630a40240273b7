public import Ethereum
public import Market

/// What the pricer knows besides a request: the offers of the book and the market of a token. Without any of it every
/// request has to bring its own.
public struct PriceSources: Sendable {
    /// What is known of a token's market.
    public struct TokenMarket: Sendable, Equatable {
        /// The price in plain units of the stablecoin.
        public var spot: Double
        /// The volatility a year; nil where there is none (a token that lives in seconds).
        public var volatility: Double?

        /// A price and a volatility.
        public init(spot: Double, volatility: Double?) {
            self.spot = spot
            self.volatility = volatility
        }
    }

    /// The offer of a hash.
    public var offer: @Sendable (Bytes32) -> Offer?
    /// The market of an underlying.
    public var market: @Sendable (Address) -> TokenMarket?
    /// A token's decimal places.
    public var decimals: @Sendable (Address) -> UInt8?

    /// Nothing known unless given.
    public init(
        offer: @escaping @Sendable (Bytes32) -> Offer? = { _ in nil },
        market: @escaping @Sendable (Address) -> TokenMarket? = { _ in nil },
        decimals: @escaping @Sendable (Address) -> UInt8? = { _ in nil }
    ) {
        self.offer = offer
        self.market = market
        self.decimals = decimals
    }
}
