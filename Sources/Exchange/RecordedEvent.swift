public import Ethereum
public import Market

/// Names an event for good: after a reorg the same transaction is in another block and so is another event.
public struct EventKey: Sendable, Hashable {
    /// The block.
    public let blockHash: Bytes32
    /// The place in it.
    public let logIndex: UInt32

    /// The event at a place of a block.
    public init(blockHash: Bytes32, logIndex: UInt32) {
        self.blockHash = blockHash
        self.logIndex = logIndex
    }
}

/// An event of the chain as the database keeps it, with what became of it.
public struct RecordedEvent: Sendable, Hashable {
    /// Block and place.
    public let key: EventKey
    /// Height of the block.
    public let blockNumber: UInt64
    /// The block's clock, unix seconds.
    public let blockTime: UInt64
    /// Its transaction.
    public let txHash: Bytes32
    /// What it says.
    public let content: ChainEvent.Content
    /// How sure it is; a reverted one counts for nothing.
    public internal(set) var status: OptionState.Status
    /// Why it is kept apart and changes nothing; nil when it counts.
    public internal(set) var quarantine: String?
    /// The log row of its last change.
    public internal(set) var seq: UInt64

    /// An event as stored or as just recorded.
    public init(
        key: EventKey, blockNumber: UInt64, blockTime: UInt64, txHash: Bytes32, content: ChainEvent.Content,
        status: OptionState.Status, quarantine: String?, seq: UInt64
    ) {
        self.key = key
        self.blockNumber = blockNumber
        self.blockTime = blockTime
        self.txHash = txHash
        self.content = content
        self.status = status
        self.quarantine = quarantine
        self.seq = seq
    }

    /// An event that was just delivered.
    init(_ event: ChainEvent, in block: ChainBlock) {
        var quarantine: String?
        if case .garbled(_, let reason, _) = event.content { quarantine = reason }
        self.init(
            key: EventKey(blockHash: block.hash, logIndex: event.logIndex), blockNumber: block.number,
            blockTime: block.time, txHash: event.txHash, content: event.content,
            status: event.isFinal ? .confirmed : .pending, quarantine: quarantine, seq: 0)
    }

    /// The event, nil when it could not be decoded.
    public var event: ProtocolEvent? { if case .event(let event) = content { event } else { nil } }

    /// Which event it is, or claims to be.
    public var name: ProtocolEvent.Name {
        switch content {
        case .event(let event): event.name
        case .garbled(let name, _, _): name
        }
    }

    /// The take, when it is one.
    public var taken: ProtocolEvent.OptionTaken? { if case .optionTaken(let taken)? = event { taken } else { nil } }

    /// Whether it counts.
    public var isEffective: Bool { status != .reverted && quarantine == nil }

    /// The chain's order. The block hash decides nothing on a real chain: two blocks of one height are not both in it.
    func precedes(_ other: RecordedEvent) -> Bool {
        if blockNumber != other.blockNumber { return blockNumber < other.blockNumber }
        if key.blockHash != other.key.blockHash { return key.blockHash < other.key.blockHash }
        return key.logIndex < other.key.logIndex
    }

    /// Arguments as canonical JSON text, or what came when it could not be decoded.
    public var text: String {
        switch content {
        case .event(let event): String(decoding: event.argumentsJSON, as: UTF8.self)
        case .garbled(_, _, let raw): raw
        }
    }
}
