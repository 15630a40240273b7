public import Ethereum

/// The moment that a page of positions is of: a position of the log and a tick of the market, which decide every figure on
/// it but for the seconds that are left.
public struct PositionMoment: Sendable, Hashable {
    /// The log's life.
    public let epoch: String
    /// The last row of the log that this process shows.
    public let seq: UInt64
    /// The market's newest tick, ms since 1970; 0 before the first.
    public let asOfMillis: Int64

    /// The present moment of this process.
    public init(_ books: Books, _ board: PriceBoard) {
        self.init(epoch: books.loadedHead.epochText, seq: books.appliedSeq, asOfMillis: board.asOfMillis ?? 0)
    }

    /// A moment by its parts.
    public init(epoch: String, seq: UInt64, asOfMillis: Int64) {
        self.epoch = epoch
        self.seq = seq
        self.asOfMillis = asOfMillis
    }
}

/// Pages of positions that some process rendered already. Nothing is lost with it, and nothing of another moment is ever
/// taken from it. `Store` is its one implementation.
public protocol PositionCache: Sendable {
    /// The first page of an address's positions at exactly this moment; nil when nobody left it.
    func page(of address: Address, at moment: PositionMoment) async -> [UInt8]?
    /// Leaves a page for others; an older one never replaces a newer.
    func keep(_ page: [UInt8], of address: Address, at moment: PositionMoment) async
}
