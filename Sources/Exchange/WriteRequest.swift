public import Ethereum
public import Market

/// Something that wants a row in the log. All checking that needs no database is done before it is made.
public enum WriteRequest: Sendable {
    case offer(SignedOffer)
    case imported(ImportedOffer)
    case cancel(VerifiedCancel)
    /// A cancel that another service, or this one in an earlier life, had recorded.
    case importedCancel(VerifiedCancel)
    /// Offers whose deadline the leader saw pass; `leaderEpoch` proves that it still leads.
    case expire([Bytes32], leaderEpoch: Int64)
    /// What the chain did, from the follower or from the operator.
    case chain(ChainUpdate)
    /// What the leader found of writers' funds.
    case fund(FundingUpdate)
}

/// What became of one named offer of a cancel.
public struct CancelResult: Sendable, Hashable {
    /// The words of the reply.
    public enum Status: String, Sendable {
        case cancelled
        case alreadyCancelled = "already_cancelled"
        case filled, expired, tombstoned
    }

    /// The offer, by its id.
    public let offerHash: Bytes32
    /// What became of it.
    public let status: Status
    /// The log position at which it was cancelled or recorded.
    public let seq: UInt64

    /// One line of a cancel's reply.
    public init(offerHash: Bytes32, status: Status, seq: UInt64) {
        self.offerHash = offerHash
        self.status = status
        self.seq = seq
    }
}

/// The answer to a `WriteRequest`, given only after its transaction is durable and the local books show it.
public enum WriteResult: Sendable {
    case created(OfferState)
    /// The offer was there: the stored row, whatever its status.
    case existed(OfferState)
    case cancelled([CancelResult], headSeq: UInt64)
    case expired(count: Int)
    case followed(ChainOutcome)
    case funded(count: Int)
    case rejected(Rejection)
    case failed(WriteFailure)
}

/// Why a write has no answer from the database.
public enum WriteFailure: Error, Sendable, Hashable {
    /// Nothing was written; repeat later.
    case notStored
    /// The connection was lost around the commit; repeating is safe and tells.
    case outcomeUnknown
    /// The queue in front of the database is full.
    case overloaded
    /// The service is stopping.
    case stopping
}

extension Rejection {
    /// What a sender is told of a write without an answer from the database.
    public init(_ failure: WriteFailure) {
        let (code, detail) =
            switch failure {
            case .notStored: ("not_stored", "The database did not take it; nothing was stored. Send it again.")
            case .outcomeUnknown:
                (
                    "outcome_unknown",
                    "The database was lost while it was storing this. Send it again: that is safe and tells."
                )
            case .overloaded:
                ("overloaded", "More is waiting than can be stored in time; nothing was stored. Send it again.")
            case .stopping:
                ("stopping", "This process is stopping; nothing was stored. Send it again, to another one.")
            }
        self.init(.unavailable, code: code, detail: detail)
    }
}
