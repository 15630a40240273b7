public import Ethereum

/// What one row of the log says happened. The raw values are the words in SQL, JSON and the documentation.
public enum EventType: String, Sendable, Hashable {
    case offerCreated = "offer_created"
    case offerCancelled = "offer_cancelled"
    /// A signed cancel that closed nothing: its offer is unknown (a tombstone), filled or expired.
    case cancelRecorded = "cancel_recorded"
    /// A `CancelAllOffers` watermark was raised.
    case cancelAllRecorded = "cancel_all_recorded"
    case offerExpired = "offer_expired"
    /// A product was submitted.
    case contractAccepted = "contract_accepted"
    /// A ladder hit rungs.
    case contractHit = "contract_hit"
    /// The operator gave a product a price of its own.
    case contractObserved = "contract_observed"
    /// A product ended, and its payout was decided.
    case contractEnded = "contract_ended"
    /// The operator put a record into the products' store.
    case contractRecorded = "contract_recorded"
    /// The operator took a record out of the products' store; a product that was active is over without a payout.
    case contractDeleted = "contract_deleted"
    /// The operator emptied the products' store.
    case contractsCleaned = "contracts_cleaned"

    // What the chain did; each of these rows carries the transaction.
    /// Somebody took part of an offer: an option exists.
    case optionTaken = "option_taken"
    /// The take is deep enough in the chain.
    case optionConfirmed = "option_confirmed"
    /// A reorg undid the take.
    case optionReverted = "option_reverted"
    /// The option changed hands.
    case optionTransferred = "option_transferred"
    /// The option was paid out.
    case optionSettled = "option_settled"
    case settlementInitiatedOnChain = "settlement_initiated_on_chain"
    case settlementApprovedOnChain = "settlement_approved_on_chain"
    case settlementExecutedOnChain = "settlement_executed_on_chain"
    /// A writer's cancel on chain was seen, whether or not the offer is known.
    case cancelSeen = "cancel_seen"
    /// An event other than a take was undone with its block.
    case eventReverted = "event_reverted"
    /// An event is kept apart and changes nothing.
    case eventQuarantined = "event_quarantined"
    /// More of an offer is filled.
    case offerFilled = "offer_filled"
    /// A fill was undone; its amount is back.
    case fillReverted = "fill_reverted"
    /// The chain took more of an offer than there was: it is closed for an operator to look at.
    case offerOverfilled = "offer_overfilled"
    /// What had closed an offer on chain was undone.
    case offerReopened = "offer_reopened"
    /// An offer is closed for another reason than before.
    case offerClosed = "offer_closed"
    /// Its writer can deliver less than the least fill of an open offer: no book lists it.
    case offerUnfunded = "offer_unfunded"
    /// A listed offer: all of it is funded again, or another part of it than before.
    case offerFunded = "offer_funded"
    /// The chain let go of blocks that were followed.
    case chainReorged = "chain_reorged"

    // Steps of a settlement through CoW Protocol.
    case settlementInitiated = "settlement_initiated"
    case settlementApproved = "settlement_approved"
    case settlementSubmitted = "settlement_submitted"
    case settlementCompleted = "settlement_completed"
    case settlementFailed = "settlement_failed"
    /// A reorg took back what had completed it: it stands where it stood before.
    case settlementReopened = "settlement_reopened"
}

/// One row of `transaction_logs`: gapless `seq`, chained by hash to the row before it.
public struct LogEntry: Sendable, Hashable {
    /// Position in the log.
    public let seq: UInt64
    /// What happened, in the words of `EventType`.
    public let eventType: String
    /// `0x` text of the offer hash or address the row is about.
    public let relatedID: String?
    /// The chain transaction that caused it.
    public let txHash: String?
    /// The block of that transaction.
    public let blockNumber: UInt64?
    /// Canonical JSON (sorted keys, no spaces, uint256 as decimal strings) of what the related row does not
    /// commit to; nil when that is nothing.
    public let data: String?
    /// Microseconds since 1970, taken after the head's lock.
    public let createdAtMicros: Int64
    /// Chain hash of the row before.
    public let previousHash: Bytes32
    /// Chain hash of the row.
    public let hash: Bytes32

    /// Makes the row that follows `previousHash`; its hash is computed here.
    public init(
        seq: UInt64, eventType: String, relatedID: String?, txHash: String? = nil, blockNumber: UInt64? = nil,
        data: String?, createdAtMicros: Int64, previousHash: Bytes32
    ) {
        self.seq = seq
        self.eventType = eventType
        self.relatedID = relatedID
        self.txHash = txHash
        self.blockNumber = blockNumber
        self.data = data
        self.createdAtMicros = createdAtMicros
        self.previousHash = previousHash
        self.hash = Self.chainHash(
            previousHash: previousHash, seq: seq,
            texts: [
                eventType, relatedID, txHash, blockNumber.map { String($0) }, String(createdAtMicros), data,
            ])
    }

    /// `keccak256(prev_hash ‖ uint64be seq ‖ for each text: uint32be length ‖ UTF-8)`, a null being of length 0
    /// (storage.md, `transaction_logs`).
    private static func chainHash(previousHash: Bytes32, seq: UInt64, texts: [String?]) -> Bytes32 {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        previousHash.withUnsafeBytes { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: seq.bigEndian) { bytes.append(contentsOf: $0) }
        for text in texts {
            let utf8 = (text ?? "").utf8
            withUnsafeBytes(of: UInt32(truncatingIfNeeded: utf8.count).bigEndian) { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: utf8)
        }
        return Keccak256.hash(bytes)
    }
}

/// The end of the log: what the next row chains to.
public struct LogHead: Sendable, Hashable {
    /// Position in the log.
    public let seq: UInt64
    /// Chain hash of the row.
    public let hash: Bytes32
    /// Names the log's life; a restore or promotion draws a new one.
    public let epoch: UInt64

    /// A head as read or as a batch leaves it.
    public init(seq: UInt64, hash: Bytes32, epoch: UInt64) {
        self.seq = seq
        self.hash = hash
        self.epoch = epoch
    }

    /// 16 hex digits, as replies and ETags show it.
    public var epochText: String {
        let digits = String(epoch, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
