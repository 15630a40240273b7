public import Ethereum
public import Market

/// The truth, as `Exchange` needs it. `Store` is its one implementation; tests run it on a real PostgreSQL.
public protocol OfferLog: Sendable {
    /// Takes the head's lock, reads what `requests` touch, lets `CommitPlan` decide, writes, commits.
    /// - Throws: `WriteFailure` when the outcome is not a commit.
    func commit(_ requests: [WriteRequest]) async throws(WriteFailure) -> Commit

    /// The rows after `seq`, in order, at most `limit`.
    func events(after seq: UInt64, limit: Int) async throws -> [BookEvent]

    /// Every open offer, each book's last change, and the head they reflect, from one snapshot.
    func openBooks(_ offer: @escaping @Sendable (OfferState) -> Void) async throws -> BooksSnapshot

    /// The offer that any of its three hashes names, in whatever status.
    func offer(named hash: Bytes32) async throws -> OfferState?

    /// The offers that `filter` keeps, in ascending `seq` after `seq`, at most `limit`.
    func offers(matching filter: OfferFilter, after seq: UInt64, limit: Int) async throws -> OfferListing
}

/// What a start loads besides the open offers.
public struct BooksSnapshot: Sendable {
    /// Which book: the underlying and the side.
    public struct LastChange: Sendable {
        /// The book.
        public let book: BookID
        /// Position in the log.
        public let seq: UInt64
        /// Commit time, µs since 1970.
        public let atMicros: Int64

        /// The book's last change was at `seq`, committed at `atMicros`.
        public init(book: BookID, seq: UInt64, atMicros: Int64) {
            self.book = book
            self.seq = seq
            self.atMicros = atMicros
        }
    }

    /// The log's head.
    public let head: LogHead
    /// When each book last changed.
    public let lastChanges: [LastChange]

    /// The head the loaded offers reflect, and when each book last changed.
    public init(head: LogHead, lastChanges: [LastChange]) {
        self.head = head
        self.lastChanges = lastChanges
    }
}

/// A committed batch: one result a request, and the rows it wrote as events for the live books.
public struct Commit: Sendable {
    /// One for each request, in order.
    public let results: [WriteResult]
    /// The rows written, as changes of books.
    public let events: [BookEvent]
    /// The head's seq before the batch.
    public let headBefore: UInt64
    /// The head's seq after the batch.
    public let headAfter: UInt64

    /// `events` are the rows `headBefore + 1 … headAfter`.
    public init(results: [WriteResult], events: [BookEvent], headBefore: UInt64, headAfter: UInt64) {
        self.results = results
        self.events = events
        self.headBefore = headBefore
        self.headAfter = headAfter
    }
}

/// What is stored of the chain, as the follower and its status need it. `Store` is its one implementation.
public protocol ChainStore: Sendable {
    /// The newest followed headers, highest first, at most `limit`; the cursor is among them.
    func followedHeaders(_ limit: Int) async throws -> [ChainHeader]
    /// The blocks at `height` and above with events that count, highest first.
    func recordedBlocks(from height: UInt64) async throws -> [RecordedBlock]
    /// The epoch of whoever leads.
    func leaderEpoch() async throws -> Int64
    /// What is known of the chain in all.
    func chainSummary() async throws -> ChainSummary
}

/// A block with events that are recorded and not withdrawn.
public struct RecordedBlock: Sendable, Hashable {
    /// Height.
    public let number: UInt64
    /// Its hash.
    public let hash: Bytes32
    /// How many of its events count.
    public let events: Int

    /// A block as recorded.
    public init(number: UInt64, hash: Bytes32, events: Int) {
        self.number = number
        self.hash = hash
        self.events = events
    }
}

/// What is stored of the chain in all.
public struct ChainSummary: Sendable {
    /// A time when the chain let go of blocks.
    public struct Reorg: Sendable, Hashable {
        /// Its row in the log.
        public let seq: UInt64
        /// Blocks withdrawn.
        public let depth: Int
        /// Events withdrawn with them.
        public let events: Int
        /// When it was applied here, µs since 1970.
        public let atMicros: Int64

        /// A reorg as recorded.
        public init(seq: UInt64, depth: Int, events: Int, atMicros: Int64) {
            self.seq = seq
            self.depth = depth
            self.events = events
            self.atMicros = atMicros
        }
    }

    /// The last block whose effects are applied; nil when the chain was never followed.
    public let cursor: ChainHeader?
    /// How many reorgs there were, and the last of them, newest first.
    public let reorgs: (count: Int, last: [Reorg])
    /// How many events are kept apart, and the last of them, newest first.
    public let quarantined: (count: Int, last: [RecordedEvent])
    /// Events that wait for confirmations.
    public let pending: Int
    /// The time of the latest block followed or posted, unix seconds.
    public let latestBlockTime: UInt64?

    /// A summary as read.
    public init(
        cursor: ChainHeader?, reorgs: (count: Int, last: [Reorg]), quarantined: (count: Int, last: [RecordedEvent]),
        pending: Int, latestBlockTime: UInt64?
    ) {
        self.cursor = cursor
        self.reorgs = reorgs
        self.quarantined = quarantined
        self.pending = pending
        self.latestBlockTime = latestBlockTime
    }
}
