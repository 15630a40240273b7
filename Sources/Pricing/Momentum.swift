/// What of a path a momentum product measures; S is the price, X its logarithm, x a log-return between two looks.
public enum MomentumMeasure: String, Sendable, CaseIterable {
    /// The largest |S − S₀| at any look.
    case net
    /// Σ|ΔS|.
    case path
    /// The largest single |ΔS|.
    case tick
    /// Σ|x|.
    case logPath
    /// Σ max(x, 0).
    case logUpMove
    /// Σ x².
    case realisedVariance
    /// The largest rise of X above its running minimum.
    case drawup

    /// Whether the measure exists when the underlying is looked at always: the others grow without bound.
    public var existsInContinuousTime: Bool { self == .net || self == .drawup }
}

/// Pays 1 at the end if a measure of the path reaches a target.
public struct Momentum: Sendable, Equatable {
    /// What is measured.
    public var measure: MomentumMeasure
    /// What it has to reach, above 0: in the price's unit for `net`, `path` and `tick`, else of log-returns.
    public var target: Double
    /// The underlying's price now, above 0.
    public var spot: Double
    /// Rates, volatility and the time to the end.
    public var dynamics: Dynamics
    /// How many equally spaced looks, the moment 0 excluded and the end included; nil looks always.
    public var observations: Int?

    /// A momentum product from its terms.
    public init(
        measure: MomentumMeasure, target: Double, spot: Double, dynamics: Dynamics, observations: Int?
    ) {
        self.measure = measure
        self.target = target
        self.spot = spot
        self.dynamics = dynamics
        self.observations = observations
    }
}
