public import Ethereum
public import Market

/// Names one book: an underlying and a side. Offers of different stablecoins share it.
public struct BookID: Sendable, Hashable {
    /// The token that options are written on.
    public let underlying: Address
    /// Calls or puts.
    public let isCall: Bool

    /// The book of `underlying`'s calls or puts.
    public init(underlying: Address, isCall: Bool) {
        self.underlying = underlying
        self.isCall = isCall
    }

    /// The book that `offer` belongs to.
    public init(_ offer: Offer) {
        self.init(underlying: offer.underlying, isCall: offer.isCall)
    }
}
