public import Ethereum
public import Market

/// What the chain did since the last update: whole blocks withdrawn, then blocks with their events. One update is one
/// transaction. The follower and `POST /chain/events` hand in the same thing.
public struct ChainUpdate: Sendable {
    /// Blocks that are no longer in the chain; all their events are withdrawn.
    public var reverted: [Bytes32]
    /// Blocks and what happened in them; a block may come more than once, in any order.
    public var blocks: [ChainBlock]
    /// Everything up to this height counts as confirmed from now on.
    public var confirmedThrough: UInt64?
    /// How the follower's cursor moves; nil for what comes from outside.
    public var cursor: CursorMove?
    /// Events of one part: the database is kept busy while the next is planned, and a statement's own cost stays small.
    var partSize = 300

    /// How the follower's cursor moves.
    public struct CursorMove: Sendable, Hashable {
        /// Where it must stand now; nil before the first block.
        public let from: Bytes32?
        /// Where it stands then: the block is recorded with the headers.
        public let to: ChainHeader
        /// Headers followed on the way, `to` among them, in ascending height.
        public let headers: [ChainHeader]
        /// Headers below this height are forgotten, but for the newest of them.
        public let forgetBelow: UInt64
        /// The leader's epoch: an old leader writes nothing.
        public let leaderEpoch: Int64

        /// A move of the cursor.
        public init(
            from: Bytes32?, to: ChainHeader, headers: [ChainHeader], forgetBelow: UInt64, leaderEpoch: Int64
        ) {
            self.from = from
            self.to = to
            self.headers = headers
            self.forgetBelow = forgetBelow
            self.leaderEpoch = leaderEpoch
        }
    }

    /// An update of these blocks.
    public init(
        reverted: [Bytes32] = [], blocks: [ChainBlock], confirmedThrough: UInt64? = nil, cursor: CursorMove? = nil
    ) {
        self.reverted = reverted
        self.blocks = blocks
        self.confirmedThrough = confirmedThrough
        self.cursor = cursor
    }

    /// How many events it carries.
    public var eventCount: Int { blocks.reduce(0) { $0 + $1.events.count } }
}

extension ChainUpdate {
    /// Blocks of an update that are planned and written together.
    struct Part: Sendable {
        let update: ChainUpdate
        let blocks: ArraySlice<ChainBlock>
        var isFirst: Bool { blocks.startIndex == update.blocks.startIndex }
        var isLast: Bool { blocks.endIndex == update.blocks.endIndex }
    }

    /// What a reorg withdraws and brings is one part: an offer that is filled again was never open in between.
    var parts: [Part] {
        var parts: [Part] = []
        var (start, size) = (blocks.startIndex, 0)
        for index in blocks.indices where reverted.isEmpty {
            size += blocks[index].events.count
            if size >= partSize, index + 1 < blocks.endIndex {
                parts.append(Part(update: self, blocks: blocks[start...index]))
                (start, size) = (index + 1, 0)
            }
        }
        return parts + [Part(update: self, blocks: blocks[start...])]
    }
}

/// A block's header as the follower needs it.
public struct ChainHeader: Sendable, Hashable {
    /// Height.
    public let number: UInt64
    /// Its hash.
    public let hash: Bytes32
    /// The block before.
    public let parentHash: Bytes32
    /// Its own clock, unix seconds.
    public let time: UInt64

    /// A header as received.
    public init(number: UInt64, hash: Bytes32, parentHash: Bytes32, time: UInt64) {
        self.number = number
        self.hash = hash
        self.parentHash = parentHash
        self.time = time
    }
}

/// A block and those of its events that concern the protocol.
public struct ChainBlock: Sendable {
    /// Height.
    public let number: UInt64
    /// Its hash.
    public let hash: Bytes32
    /// Its own clock, unix seconds.
    public let time: UInt64
    /// In the order of their places, each place once.
    public let events: [ChainEvent]

    /// A block with its events.
    public init(number: UInt64, hash: Bytes32, time: UInt64, events: [ChainEvent]) {
        self.number = number
        self.hash = hash
        self.time = time
        self.events = events
    }
}

/// One event as it was delivered.
public struct ChainEvent: Sendable, Hashable {
    /// What it says. Indirect, for events are moved about by the thousand.
    public indirect enum Content: Sendable, Hashable {
        /// Decoded.
        case event(ProtocolEvent)
        /// It cannot be decoded; `raw` (JSON text) is what came.
        case garbled(ProtocolEvent.Name, reason: String, raw: String)
    }

    /// Its transaction.
    public let txHash: Bytes32
    /// Its place in the block.
    public let logIndex: UInt32
    /// What it says.
    public let content: Content
    /// Whether it counts as confirmed at once.
    public let isFinal: Bool

    /// An event at its place.
    public init(txHash: Bytes32, logIndex: UInt32, content: Content, isFinal: Bool) {
        self.txHash = txHash
        self.logIndex = logIndex
        self.content = content
        self.isFinal = isFinal
    }
}

/// What became of an update.
public struct ChainOutcome: Sendable, Hashable {
    /// Events that are new or came back.
    public internal(set) var applied = 0
    /// Events that were there already.
    public internal(set) var known = 0
    /// Events withdrawn with their blocks.
    public internal(set) var reverted = 0
    /// Events that became confirmed.
    public internal(set) var confirmed = 0
    /// Events of this update that are kept apart: garbled, or an overfill.
    public internal(set) var quarantined = 0
    /// The log's head after it.
    public internal(set) var headSeq: UInt64 = 0
}
