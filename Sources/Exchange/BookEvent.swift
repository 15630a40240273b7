public import Ethereum
public import Market
import StrictJSON

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
    /// The option that is another since the row, or whose settlement is.
    public let option: UInt256?

    /// A row at `seq`, committed at `createdAtMicros` (µs since 1970).
    public init(seq: UInt64, createdAtMicros: Int64, change: Change, option: UInt256? = nil) {
        self.seq = seq
        self.createdAtMicros = createdAtMicros
        self.change = change
        self.option = option
    }

    /// The option that a row of the log is about, or whose settlement; nil for rows about anything else.
    public static func option(_ type: EventType, about relatedID: String?, data: String?) -> UInt256? {
        switch type {
        case .optionTaken, .optionConfirmed, .optionReverted, .optionTransferred, .optionSettled,
            .settlementInitiatedOnChain, .settlementApprovedOnChain, .settlementExecutedOnChain, .eventReverted,
            .settlementInitiated, .settlementApproved, .settlementSubmitted, .settlementCompleted, .settlementFailed:
            return relatedID.flatMap { UInt256(decimal: Array($0.utf8)) }
        case .offerFilled, .fillReverted:
            // An offer that comes after its option tells the option's terms.
            let fields = data.flatMap { try? JSONValue.parse(Array($0.utf8)) }?.object
            return fields?["tokenId"]?.string.flatMap { UInt256(decimal: $0) }
        default: return nil
        }
    }
}
