public import Ethereum

/// Where the settlement of an option stands. The raw values are the words in SQL, JSON and the documentation.
public enum SettlementStatus: String, Sendable, Hashable, CaseIterable {
    /// Terms were proposed; they bind nobody.
    case initiated
    /// The holder signed the terms.
    case approved
    /// CoW has confirmed the order.
    case submitted
    /// The collateral was sold.
    case completed
    /// The order came to nothing; another may follow.
    case failed
}

/// Why a settlement failed.
public struct SettlementFailure: Sendable, Hashable {
    /// The reasons; the raw values are the words in SQL and JSON.
    public enum Reason: String, Sendable, Hashable, CaseIterable {
        /// Nobody approved before validTo.
        case proposalExpired = "proposal_expired"
        /// The position went to another between approval and sending.
        case holderChanged = "holder_changed"
        /// The order did not fill before validTo.
        case orderExpired = "order_expired"
        /// The order was cancelled at CoW.
        case orderCancelled = "order_cancelled"
        /// CoW refused the order for good.
        case refused
        /// CoW answered with another order's id.
        case uidMismatch = "uid_mismatch"
        /// It was sent as often as is allowed.
        case attemptsExhausted = "attempts_exhausted"
    }

    /// Why.
    public let reason: Reason
    /// The reason at length: CoW's own words where there are any.
    public let words: String

    /// A failure with its words.
    public init(_ reason: Reason, _ words: String) {
        self.reason = reason
        self.words = words
    }
}

/// The price that a settlement is reckoned at: the feed's or the operator's, at initiation.
public struct SettlementPrice: Sendable, Hashable {
    /// 8 decimals.
    public let priceE8: UInt256
    /// `feed`, `operator` or `simulation`.
    public let source: String
    /// The price's own time, µs since 1970.
    public let asOfMicros: Int64

    /// A price of `source` at `asOfMicros` (µs since 1970).
    public init(priceE8: UInt256, source: String, asOfMicros: Int64) {
        self.priceE8 = priceE8
        self.source = source
        self.asOfMicros = asOfMicros
    }
}

/// What the holder's approval is.
public struct SettlementApproval: Sendable, Hashable {
    /// Who held the option and signed.
    public let holder: Address
    /// The signature over the terms: 65 bytes of a plain key, or a contract wallet's own.
    public let signature: [UInt8]

    /// `holder` signed.
    public init(holder: Address, signature: [UInt8]) {
        self.holder = holder
        self.signature = signature
    }
}

/// How a settlement ended well.
public struct SettlementCompletion: Sendable, Hashable {
    /// What the sale brought, in the stablecoin's smallest unit.
    public let proceeds: UInt256
    /// How it is shared.
    public let payout: Payout
    /// Which attempt's order filled.
    public let attempt: Int32
    /// Whether the chain said so; else CoW did.
    public let onChain: Bool

    /// The order of `attempt` brought `proceeds`.
    public init(proceeds: UInt256, payout: Payout, attempt: Int32, onChain: Bool) {
        self.proceeds = proceeds
        self.payout = payout
        self.attempt = attempt
        self.onChain = onChain
    }
}

/// What a step of a settlement leaves in the log.
public enum SettlementEvent: String, Sendable, Hashable, CaseIterable {
    case initiated, approved, submitted, completed, failed
    /// The chain took back what had completed it.
    case reopened
}
