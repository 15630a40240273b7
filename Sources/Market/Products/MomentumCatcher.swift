/// How far a price has moved towards a target, all in 1e-8 units.
///
/// Prices are at most 2^62 and the target below 2^63. A catcher that reached its target observes no more, so a path is
/// below 2^63 before its last step and below 2^64 after it: nothing here can overflow.
public struct MomentumCatcher: Sendable, Hashable {
    /// What has to be moved, above 0.
    public let targetE8: Int64
    /// What counts as movement.
    public let mode: MovementMode
    /// The first and the last price observed; nil before the first.
    public private(set) var pricesE8: Prices?
    /// The movement as it stands: from the first price to the last, the sum of the steps, or the last step.
    public private(set) var movementE8: UInt64 = 0
    /// The largest that the movement has been.
    public private(set) var maxMovementE8: UInt64 = 0

    /// The two prices that the movement depends on.
    public struct Prices: Sendable, Hashable {
        /// p₀, the first observed.
        public let first: Int64
        /// The last observed.
        public let last: Int64

        /// A first and a last price, 1e-8 units.
        public init(first: Int64, last: Int64) {
            self.first = first
            self.last = last
        }
    }

    /// A catcher that has observed nothing yet.
    public init(targetE8: Int64, mode: MovementMode) {
        self.targetE8 = targetE8
        self.mode = mode
    }

    /// A catcher as it was stored.
    public init(
        targetE8: Int64, mode: MovementMode, pricesE8: Prices?, movementE8: UInt64, maxMovementE8: UInt64
    ) {
        self.targetE8 = targetE8
        self.mode = mode
        self.pricesE8 = pricesE8
        self.movementE8 = movementE8
        self.maxMovementE8 = maxMovementE8
    }

    /// Observes the next price (1 to 2^62).
    public mutating func observe(_ priceE8: Int64) {
        guard let prices = pricesE8 else {
            pricesE8 = Prices(first: priceE8, last: priceE8)
            return
        }
        if isTargetHit { return }
        switch mode {
        case .net: movementE8 = (priceE8 - prices.first).magnitude
        case .path: movementE8 += (priceE8 - prices.last).magnitude
        case .tick: movementE8 = (priceE8 - prices.last).magnitude
        }
        maxMovementE8 = max(maxMovementE8, movementE8)
        pricesE8 = Prices(first: prices.first, last: priceE8)
    }

    /// Whether the movement reached the target.
    public var isTargetHit: Bool { maxMovementE8 >= targetE8.magnitude }
}
