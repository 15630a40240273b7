/// Which way an option pays: a call `max(S − K, 0)`, a put `max(K − S, 0)`.
public enum OptionType: String, Sendable, CaseIterable {
    /// The right to buy.
    case call
    /// The right to sell.
    case put
}

/// An option exercised at its expiry alone, on one unit of the underlying.
public struct EuropeanOption: Sendable, Equatable {
    /// Call or put.
    public var type: OptionType
    /// The underlying's price now, 0 or more.
    public var spot: Double
    /// The price at which it is exercised, 0 or more.
    public var strike: Double
    /// Rates, volatility and the time to expiry.
    public var dynamics: Dynamics

    /// An option from its terms.
    public init(type: OptionType, spot: Double, strike: Double, dynamics: Dynamics) {
        self.type = type
        self.spot = spot
        self.strike = strike
        self.dynamics = dynamics
    }
}

/// An option's value and its derivatives, in the unit of spot and strike.
public struct EuropeanValues: Sendable, Equatable {
    /// The value now.
    public var price: Double
    /// ∂price/∂spot.
    public var delta: Double
    /// ∂²price/∂spot².
    public var gamma: Double
    /// ∂price/∂volatility.
    public var vega: Double
    /// −∂price/∂years: what a year's passing adds.
    public var theta: Double
    /// ∂price/∂rate.
    public var rho: Double
    /// ∂²price/∂spot∂volatility.
    public var vanna: Double
    /// ∂²price/∂volatility².
    public var volga: Double

    /// All eight; zero unless given.
    public init(
        price: Double = 0, delta: Double = 0, gamma: Double = 0, vega: Double = 0, theta: Double = 0, rho: Double = 0,
        vanna: Double = 0, volga: Double = 0
    ) {
        self.price = price
        self.delta = delta
        self.gamma = gamma
        self.vega = vega
        self.theta = theta
        self.rho = rho
        self.vanna = vanna
        self.volga = volga
    }
}
