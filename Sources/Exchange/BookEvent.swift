public import Ethereum
public import Market

/// What a row of the log changes in a book; the view of the log that `Books` is folded from.
public struct BookEvent: Sendable {
    /// The change itself.
    public enum Change: Sendable {
        /// A new offer, open or (behind a tombstone or watermark) born cancelled.
        case created(OfferState)
        case closed(offerHash: Bytes32, book: BookID, reason: OfferState.ClosedReason)
        /// The offer as it stands after the row: fills changed what remains, took it out of its book, or a reorg brought
        /// it back. In the book when it is open, out of it when it is closed; `wasOpen` says the same of before the row.
        case changed(OfferState, wasOpen: Bool)
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
