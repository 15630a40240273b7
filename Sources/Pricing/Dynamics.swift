/// How the underlying moves and what money costs until the end: a geometric Brownian motion with constant coefficients,
/// `dS = (rate − dividendYield)·S·dt + volatility·S·dW`.
public struct Dynamics: Sendable, Equatable {
    /// The continuously compounded rate a year, by which payments are discounted.
    public var rate: Double
    /// The continuously compounded yield a year that the underlying pays.
    public var dividendYield: Double
    /// The standard deviation of a year's log-return, 0 or more.
    public var volatility: Double
    /// The time to the end in years of 365 days, 0 or more.
    public var years: Double

    /// A market in which the underlying grows by `rate − dividendYield` and payments are discounted by `rate`.
    public init(rate: Double = 0, dividendYield: Double = 0, volatility: Double, years: Double) {
        self.rate = rate
        self.dividendYield = dividendYield
        self.volatility = volatility
        self.years = years
    }

    /// A published index under its own drift, payments undiscounted: what the products bet on.
    public static func index(drift: Double, volatility: Double, years: Double) -> Dynamics {
        Dynamics(rate: 0, dividendYield: -drift, volatility: volatility, years: years)
    }

    /// The expected growth of the underlying a year: `E[S(t)] = S(0)·e^(drift·t)`.
    public var drift: Double { rate - dividendYield }
    /// The drift of the logarithm a year: `drift − volatility²/2`.
    public var logDrift: Double { drift - volatility * volatility / 2 }
}
