#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The volatility of a price observed at irregular times: squared log-returns over time, both weighted by e^(−age/τ)
/// (an exponentially weighted moving average normalised by its weights, so that it needs no starting value).
public struct VolatilityEstimate: Sendable, Hashable {
    /// τ: a return counts 1/e after this many seconds.
    public static let memory = 86_400.0
    /// Returns it takes until the estimate is used instead of the configured volatility: two posts of an operator who
    /// sets a level are no price series.
    public static let fewest: Int64 = 30

    /// Σ w·x² over the log-returns x.
    public private(set) var squares: Double
    /// Σ w·Δt, seconds.
    public private(set) var seconds: Double
    /// Number of returns.
    public private(set) var count: Int64

    /// The estimate as it was left; the default has seen nothing.
    public init(squares: Double = 0, seconds: Double = 0, count: Int64 = 0) {
        self.squares = squares
        self.seconds = seconds
        self.count = count
    }

    /// Takes in that the price was multiplied by `ratio` within `afterSeconds`, both above 0.
    public mutating func observe(ratio: Double, afterSeconds: Double) {
        guard ratio > 0, ratio.isFinite, afterSeconds > 0 else { return }
        let decay = exp(-afterSeconds / Self.memory)
        let move = log(ratio)
        squares = squares * decay + move * move
        seconds = seconds * decay + afterSeconds
        count += 1
    }

    /// σ a year of 365 days; nil until enough was seen.
    public var annual: Double? {
        guard count >= Self.fewest, seconds > 0 else { return nil }
        return (squares / seconds * TokenMarket.Unit.secondsInYear).squareRoot()
    }
}
