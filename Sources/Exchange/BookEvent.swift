public import Ethereum
public import Market

/// What a row of the log changes in a book; the view of the log that `Books` is folded from.
public struct BookEvent: Sendable {
    /// The change itself.
    public enum Change: Sendable {
        /// A new offer, open or (behind a tombstone or watermark) born cancelled.
        case created(OfferState)
        /// The offer was closed; `wasListed` says whether its book listed it, which an unfunded one's does not.
        case closed(offerHash: Bytes32, book: BookID, reason: OfferState.ClosedReason, wasListed: Bool = true)
        /// The offer as it stands after the row: fills or its writer's funds changed what can be taken, took it out of its
        /// book, or brought it back. Its book lists it when `isListed`; `wasListed` says the same of before the row.
        case changed(OfferState, wasListed: Bool)
        /// The row changes no book.
        case none
    }

    /// Position in the log.
    public let seq: UInt64
    /// Commit time, µs since 1970.
    public let createdAtMicros: Int64
    /// What it changes.
    public let change: Change

    /// A row at `seq`, committed at `createdAtMicros` (µs since 1970).
    public init(seq: UInt64, createdAtMicros: Int64, change: Change) {
        self.seq = seq
        self.createdAtMicros = createdAtMicros
        self.change = change
    }
}
