public import Ethereum

/// The terms a writer signs: an option on `underlying` that anyone may take, wholly or in part, until `deadline`.
///
/// Amounts are in the token's smallest unit, durations in whole days, the deadline in unix seconds.
public struct Offer: Sendable, Hashable {
    /// Who signs, locks the collateral and receives the premium.
    public let writer: Address
    /// The token the option is on.
    public let underlying: Address
    /// Collateral in all: of the underlying for a call, of the stablecoin for a put.
    public let collateralAmount: UInt256
    /// The token of the premium and of a put's collateral.
    public let stablecoin: Address
    /// A call, else a put.
    public let isCall: Bool
    /// Stablecoin units a day for the whole collateralAmount.
    public let premiumPerDay: UInt256
    /// The fewest days it can be taken for.
    public let minDuration: UInt16
    /// The most days it can be taken for.
    public let maxDuration: UInt16
    /// The least collateral a fill may take, but for the tail.
    public let minFillAmount: UInt256
    /// Unix seconds, the last second at which it can be taken.
    public let deadline: UInt64
    /// Opaque to this service.
    public let configHash: Bytes32

    /// Terms as they are; `OfferRules` judges them.
    public init(
        writer: Address, underlying: Address, collateralAmount: UInt256, stablecoin: Address, isCall: Bool,
        premiumPerDay: UInt256, minDuration: UInt16, maxDuration: UInt16, minFillAmount: UInt256, deadline: UInt64,
        configHash: Bytes32
    ) {
        self.writer = writer
        self.underlying = underlying
        self.collateralAmount = collateralAmount
        self.stablecoin = stablecoin
        self.isCall = isCall
        self.premiumPerDay = premiumPerDay
        self.minDuration = minDuration
        self.maxDuration = maxDuration
        self.minFillAmount = minFillAmount
        self.deadline = deadline
        self.configHash = configHash
    }

    /// Call or put.
    public var side: Side { isCall ? .call : .put }
    /// What is locked: the underlying of a call, the stablecoin of a put.
    public var collateralToken: Address { isCall ? underlying : stablecoin }
}

/// The two sides of a book.
public enum Side: String, Sendable, Hashable, CaseIterable {
    /// The right to buy.
    case call
    /// The right to sell.
    case put
}
