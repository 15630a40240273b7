public import Ethereum
public import Market

/// What was read under the lock of the chain's doings: everything that the events of one update touch.
public struct ChainState: Sendable {
    /// The last block whose effects are applied; nil before the first, or when the chain is not followed.
    public var cursor: Bytes32?
    /// Every event about an offer or an option concerned that still counts, and those of the blocks concerned whatever
    /// their status.
    public var events: [EventKey: RecordedEvent] = [:]
    /// The options concerned as they are stored.
    public var options: [UInt256: OptionState] = [:]
    /// Any of an offer's three hashes → its offerHash, for the stored offers that events name.
    public var names: [Bytes32: Bytes32] = [:]
    /// Offers that an event closed: what undoes the event opens them again.
    public var closedByChain: Set<Bytes32> = []

    /// Nothing touched.
    public init() {}

    /// Remembers an offer under each of its hashes.
    public mutating func name(_ signed: SignedOffer) {
        let offerHash = signed.hashes.offerHash
        for hash in [offerHash, signed.hashes.structHash, signed.encodedHash] { names[hash] = offerHash }
    }
}

/// One row of `fills`: what a take did to its offer.
public struct FillState: Sendable, Hashable {
    /// Block and place of the take.
    public let key: EventKey
    /// Height of the block.
    public let blockNumber: UInt64
    /// The take's transaction.
    public let txHash: Bytes32
    /// The offer; nil while it is unknown here.
    public let offerHash: Bytes32?
    /// What the event says.
    public let taken: ProtocolEvent.OptionTaken
    /// For the whole duration, in the stablecoin's smallest unit; nil while the offer is unknown.
    public let premium: UInt256?
    /// Reverted ones do not count.
    public let status: OptionState.Status
    /// The log row of its last change.
    public let seq: UInt64
}

/// What a plan writes besides the log's rows, offers and cancels: the last value of each row.
public struct ChainWrites: Sendable {
    /// Events, new or changed.
    public internal(set) var events: [EventKey: RecordedEvent] = [:]
    /// Those of `events` that are not stored yet; nor are their fills.
    public internal(set) var newEvents: Set<EventKey> = []
    /// Fills, new or changed.
    public internal(set) var fills: [EventKey: FillState] = [:]
    /// Options, new or changed.
    public internal(set) var options: [UInt256: OptionState] = [:]
    /// Those of `options` that are not stored yet.
    public internal(set) var newOptions: Set<UInt256> = []
    /// Offers of which more or less is filled, or that events closed or opened: as they stand after the batch.
    public internal(set) var offers: [OfferState] = []
    /// Those of `offers` that were closed or opened.
    public internal(set) var moved: Set<Bytes32> = []
    /// How the cursor moved.
    public internal(set) var cursor: ChainUpdate.CursorMove?
    /// Blocks that left the chain.
    public internal(set) var removedBlocks: [Bytes32] = []
    /// The reorgs of the batch: log row, blocks withdrawn, events withdrawn.
    public internal(set) var reorgs: [(seq: UInt64, depth: Int, events: Int)] = []
    /// Transactions of the contract whose record is new or is made anew.
    public internal(set) var executions: [Bytes32: ContractExecution] = [:]
    /// Transactions whose record goes first.
    public internal(set) var removedExecutions: Set<Bytes32> = []
    var standings: Set<Bytes32> = []

    var isEmpty: Bool { events.isEmpty && cursor == nil && standings.isEmpty }
}
