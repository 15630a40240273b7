/// The σ a year by which a token's offers are priced.
public struct OfferVolatility: Sendable, Hashable {
    /// Of the log-return over 365 days.
    public let annual: Double
    /// Whether it was estimated from a feed; else it is the configured one.
    public let isEstimated: Bool

    /// What the feed showed, where enough of it was seen; else what is configured. Nil where neither is: a token counted
    /// in seconds has no offer prices unless it is given a σ a year.
    public init?(_ token: Token?, _ feed: PriceFeedState?) {
        if let annual = feed?.volatility.annual {
            self.annual = annual
            isEstimated = true
        } else if let annual = token?.market?.pricingVolatility {
            self.annual = annual
            isEstimated = false
        } else {
            return nil
        }
    }
}
