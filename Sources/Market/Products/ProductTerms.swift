public import Ethereum

/// Which product a submission asks for; the words of JSON and SQL.
public enum ProductType: String, Sendable, Hashable, CaseIterable {
    /// Pays by the share of its rungs that the price crosses.
    case luckyLadder = "LuckyLadder"
    /// Pays in full when the price moves far enough.
    case momentumCatcher = "MomentumCatcher"
}

/// What of the price's path a Momentum Catcher measures, in 1e-8 units.
public enum MovementMode: String, Sendable, Hashable, CaseIterable {
    /// How far the price is from the first one observed, either way.
    case net
    /// The sum of all steps, either way.
    case path
    /// The largest single step, either way.
    case tick
}

/// What a product bets on: fixed when it is submitted.
public struct ProductTerms: Sendable, Hashable {
    /// The bet, by product.
    public enum Bet: Sendable, Hashable {
        /// Prices of 1e-8 units, strictly ascending.
        case luckyLadder(rungsE8: [Int64])
        /// A movement of at least `targetE8` (1e-8 units, above 0).
        case momentumCatcher(targetE8: Int64, mode: MovementMode)
    }

    /// The token whose published price is observed.
    public let token: Address
    /// The bet.
    public let bet: Bet
    /// How long it observes, ms.
    public let durationMillis: Int64
    /// What it pays at most, in 1e-8 units, above 0.
    public let payoffE8: Int64

    /// Terms that were checked (`ProductRules`) or stored.
    public init(token: Address, bet: Bet, durationMillis: Int64, payoffE8: Int64) {
        self.token = token
        self.bet = bet
        self.durationMillis = durationMillis
        self.payoffE8 = payoffE8
    }

    /// Which product it is.
    public var type: ProductType {
        switch bet {
        case .luckyLadder: .luckyLadder
        case .momentumCatcher: .momentumCatcher
        }
    }
}

/// What became of a product; the words of JSON and SQL.
public enum ProductStatus: String, Sendable, Hashable, CaseIterable {
    /// It observes.
    case active
    /// A ladder whose rungs were all hit before its time was over.
    case completed
    /// A momentum catcher whose target was reached.
    case targetHit = "target_hit"
    /// Its time is over: a ladder pays for the rungs it hit.
    case expired
    /// Ended before its time, without a payout.
    case cancelled
}
