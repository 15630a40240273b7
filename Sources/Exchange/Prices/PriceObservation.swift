public import Ethereum

/// A price that came from outside: the operator posted it, or a feed on the chain answered it. The one way in for both.
public struct PriceObservation: Sendable, Hashable {
    /// How long a price from outside is the token's price, and how old it may be to settle by, ms.
    public static let freshMillis: Int64 = 60_000

    /// The token.
    public let token: Address
    /// In 1e-8 units, within `PriceScale.range`.
    public let priceE8: Int64
    /// When it was true, ms since 1970: the feed's own stamp, or the moment of the post.
    public let observedAtMillis: Int64
    /// `feed` or `operator`; `simulation` only where a price to settle by is asked for on the demonstration chain.
    public let source: PriceSource

    /// `source` said at `observedAtMillis` (ms since 1970) that `token` stands at `priceE8` (1e-8 units).
    public init(token: Address, priceE8: Int64, observedAtMillis: Int64, source: PriceSource) {
        self.token = token
        self.priceE8 = priceE8
        self.observedAtMillis = observedAtMillis
        self.source = source
    }

    /// Whether it still counts at `nowMillis`.
    public func isFresh(atMillis nowMillis: Int64) -> Bool { nowMillis - observedAtMillis <= Self.freshMillis }
}

/// The last observation of a token and the volatility that all of them showed.
public struct PriceFeedState: Sendable, Hashable {
    /// The last one.
    public let observation: PriceObservation
    /// Estimated from it and those before.
    public let volatility: VolatilityEstimate

    /// A feed as it stands.
    public init(observation: PriceObservation, volatility: VolatilityEstimate) {
        self.observation = observation
        self.volatility = volatility
    }

    /// The state after one more observation; nil when that is not later than the last.
    public static func after(_ state: PriceFeedState?, _ observation: PriceObservation) -> PriceFeedState? {
        guard let state else { return PriceFeedState(observation: observation, volatility: VolatilityEstimate()) }
        let last = state.observation
        guard observation.observedAtMillis > last.observedAtMillis else { return nil }
        var volatility = state.volatility
        volatility.observe(
            ratio: Double(observation.priceE8) / Double(last.priceE8),
            afterSeconds: Double(observation.observedAtMillis - last.observedAtMillis) / 1_000)
        return PriceFeedState(observation: observation, volatility: volatility)
    }
}
