public import Ethereum

/// What the writer's tokens allow of an open offer, where that is less than all of it.
public struct Funding: Sendable, Hashable {
    /// What the writer can deliver of it, in collateral, beside its better-priced offers of the same token.
    public let fundable: UInt256
    /// Whether that is less than the least fill: nobody can take it, and its book does not list it.
    public let isUnfunded: Bool

    /// What was found.
    public init(fundable: UInt256, isUnfunded: Bool) {
        self.fundable = fundable
        self.isUnfunded = isUnfunded
    }
}

/// What a writer has of a token.
public struct Funds: Sendable, Hashable {
    /// What it owns, in the token's smallest unit.
    public let balance: UInt256
    /// What it lets the protocol's contract move.
    public let allowance: UInt256

    /// As the token says.
    public init(balance: UInt256, allowance: UInt256) {
        self.balance = balance
        self.allowance = allowance
    }

    /// What the contract can move.
    public var available: UInt256 { min(balance, allowance) }
}

extension OfferState {
    /// What can be taken in all, in collateral: what remains, or less where the writer can deliver less.
    public var fundable: UInt256 { min(remaining, funding?.fundable ?? remaining) }
    /// Whether it stands in its book: open, and not found unfunded.
    public var isListed: Bool { closed == nil && funding?.isUnfunded != true }
    /// The least that a single fill may take: the tail of an offer may be below its minimum.
    public var leastFill: UInt256 { min(offer.minFillAmount, remaining) }
}
