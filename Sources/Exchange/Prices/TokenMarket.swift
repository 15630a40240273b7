public import Ethereum

/// How a token's price moves when nothing outside tells it: a geometric Brownian motion with exact steps.
public struct TokenMarket: Sendable, Hashable {
    /// What drift and volatility are counted by.
    public enum Unit: String, Sendable, CaseIterable {
        /// Of 365 days.
        case year
        /// The fast demonstration: its logarithm is reflected at ±ln 4 of the start, or it would drift away in a day.
        case second

        /// The unit's length in seconds.
        public var seconds: Double { self == .year ? Self.secondsInYear : 1 }
        /// A year of 365 days.
        public static let secondsInYear = 31_536_000.0
    }

    /// The price of the very first tick, units of the quote currency; nil: no price until a feed or the operator names one.
    public var startPrice: Double?
    /// μ, the expected growth in a unit of time.
    public var drift: Double
    /// σ, the standard deviation of the log-return over a unit of time, 0 or more.
    public var volatility: Double
    /// What drift and volatility are counted by.
    public var unit: Unit
    /// The σ a year by which offers are priced where the unit is not a year.
    public var annualVolatility: Double?
    /// Names the path; nil takes the deployment's seed.
    public var seed: UInt64?
    /// The price feed's contract, whose answers then are the price.
    public var feed: Address?
    /// The feed says something new within this time, ms; after it the last answer is stale.
    public var heartbeatMillis: Int64 = 3_600_000

    /// A market by its parameters.
    public init(
        startPrice: Double?, drift: Double = 0, volatility: Double = 0, unit: Unit = .year,
        annualVolatility: Double? = nil, seed: UInt64? = nil, feed: Address? = nil
    ) {
        self.startPrice = startPrice
        self.drift = drift
        self.volatility = volatility
        self.unit = unit
        self.annualVolatility = annualVolatility
        self.seed = seed
        self.feed = feed
    }

    /// The σ a year by which offers are priced unless a feed's own is known; nil where none is given.
    public var pricingVolatility: Double? { annualVolatility ?? (unit == .year ? volatility : nil) }
}
