/// From which side a barrier is touched.
public enum TouchDirection: String, Sendable, CaseIterable {
    /// The underlying rises to the barrier or starts at or above it.
    case up
    /// The underlying falls to the barrier or starts at or below it.
    case down
}

/// When a touched barrier pays.
public enum PaymentTime: String, Sendable, CaseIterable {
    /// At the moment of the touch.
    case hit
    /// At the end.
    case expiry
}

/// Pays 1 if the underlying touches a barrier.
public struct OneTouch: Sendable, Equatable {
    /// From which side.
    public var direction: TouchDirection
    /// The underlying's price now, above 0.
    public var spot: Double
    /// The barrier, above 0.
    public var barrier: Double
    /// Rates, volatility and the time to the end.
    public var dynamics: Dynamics
    /// When it pays.
    public var payAt: PaymentTime
    /// How many equally spaced looks, the moment 0 excluded and the end included; nil looks always.
    public var observations: Int?

    /// A one-touch from its terms.
    public init(
        direction: TouchDirection, spot: Double, barrier: Double, dynamics: Dynamics, payAt: PaymentTime = .expiry,
        observations: Int? = nil
    ) {
        self.direction = direction
        self.spot = spot
        self.barrier = barrier
        self.dynamics = dynamics
        self.payAt = payAt
        self.observations = observations
    }
}

/// Pays 1 at the end if the underlying never touches either of two barriers.
public struct DoubleNoTouch: Sendable, Equatable {
    /// The underlying's price now, above 0.
    public var spot: Double
    /// The lower barrier, 0 or more.
    public var lower: Double
    /// The upper barrier, above the lower.
    public var upper: Double
    /// Rates, volatility and the time to the end.
    public var dynamics: Dynamics
    /// How many equally spaced looks, the moment 0 excluded and the end included; nil looks always.
    public var observations: Int?

    /// A double-no-touch from its terms.
    public init(spot: Double, lower: Double, upper: Double, dynamics: Dynamics, observations: Int? = nil) {
        self.spot = spot
        self.lower = lower
        self.upper = upper
        self.dynamics = dynamics
        self.observations = observations
    }
}

/// Pays in cash at the end, for each rung that the underlying touched, that rung's payout. A rung above the spot is
/// touched from below, one below it from above, one at the spot certainly.
public struct LadderStrip: Sendable, Equatable {
    /// The underlying's price now, above 0.
    public var spot: Double
    /// The rungs, each above 0.
    public var rungs: [Double]
    /// What each rung pays, in the rungs' order.
    public var payouts: [Double]
    /// Rates, volatility and the time to the end.
    public var dynamics: Dynamics
    /// How many equally spaced looks, the moment 0 excluded and the end included; nil looks always.
    public var observations: Int?

    /// A strip from its terms.
    public init(spot: Double, rungs: [Double], payouts: [Double], dynamics: Dynamics, observations: Int? = nil) {
        self.spot = spot
        self.rungs = rungs
        self.payouts = payouts
        self.dynamics = dynamics
        self.observations = observations
    }
}
