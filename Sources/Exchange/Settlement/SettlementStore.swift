public import Ethereum
public import Market

/// The stored settlements, as their desk and their worker need them. `Store` is its one implementation.
public protocol SettlementStore: Sendable {
    /// What is known of an option and its settlement, from one snapshot.
    func facts(_ tokenId: UInt256) async throws -> SettlementFacts

    /// Lets `decide` take one step under the head's lock: what it changed and its rows of the log are one transaction.
    /// - Throws: what `decide` throws; `WriteFailure`; `NotLeading`.
    func change<Value: Sendable>(
        _ tokenId: UInt256, by actor: SettlementActor,
        _ decide: @escaping @Sendable (SettlementFacts) throws -> (SettlementStep, Value)
    ) async throws -> SettlementChange<Value>

    /// Orders that the worker should take up at `nowMicros` (µs since 1970), the longest due first.
    func due(atMicros nowMicros: Int64, limit: Int) async throws -> [DueOrder]

    /// Options whose settlement time or the chain has changed without anybody asking.
    /// - Parameter seq: rows of the log up to here were looked at before.
    func overtaken(atMicros nowMicros: Int64, after seq: UInt64, limit: Int) async throws -> OvertakenSettlements

    /// One page in ascending tokenId after `after`.
    func settlements(
        matching filter: SettlementFilter, after: UInt256?, limit: Int
    ) async throws -> SettlementListing

    /// How many settlements are in each state, and since when the oldest of them is.
    func tally() async throws -> [SettlementTally]

    /// Settlements that do not move on although they should, at most `limit`.
    func stuck(atMicros nowMicros: Int64, limit: Int) async throws -> [StuckSettlement]
}

/// Who takes a step: what the database shows them depends on it.
public enum SettlementActor: Sendable, Hashable {
    /// Whoever asks; signatures stay hidden.
    case anybody
    /// The holder whose signature was verified; it is stored for this account.
    case holder(Address)
    /// The worker of the process that leads under this epoch.
    case worker(leaderEpoch: Int64)
}

/// This process does not lead any more; nothing was written.
public struct NotLeading: Error, Sendable {
    /// Nothing more to say.
    public init() {}
}

/// What is known of an option at one moment, for settling it.
public struct SettlementFacts: Sendable {
    /// The option; nil while there is none of this number.
    public var option: SettlementOption?
    /// Its settlement; nil before the first proposal.
    public var stored: StoredSettlement?
    /// What the chain said of the sale, once that is confirmed.
    public var sold: SoldOnChain?
    /// Where the settlement stood before the chain completed it.
    public var origin: SettlementOrigin?
    /// The chain's time.
    public var chain: ChainTimes

    /// Facts as read.
    public init(option: SettlementOption?, stored: StoredSettlement?, sold: SoldOnChain?, chain: ChainTimes) {
        self.option = option
        self.stored = stored
        self.sold = sold
        self.chain = chain
    }

    /// The settlement alone.
    public var settlement: OptionSettlement? { stored?.settlement }

    /// The clocks at `nowMicros` of this service's own.
    ///
    /// Followed blocks tell the time. Events that an operator posts tell it only when there are some, so there the later
    /// of the last one and the clock counts: an option in a quiet market expires too.
    public func clock(nowMicros: Int64) -> SettlementClock {
        let now = UInt64(clamping: nowMicros / 1_000_000)
        let latest = chain.latest ?? now
        return SettlementClock(
            nowMicros: nowMicros, chainTime: chain.isFollowed ? latest : max(latest, now),
            confirmedTime: chain.confirmed)
    }
}

/// What time it is on the chain; unix seconds.
public struct ChainTimes: Sendable, Hashable {
    /// Of the latest block followed or posted; nil before the first.
    public let latest: UInt64?
    /// Of the latest of them that is confirmed.
    public let confirmed: UInt64?
    /// Whether this service follows the chain itself.
    public let isFollowed: Bool

    /// Times as read.
    public init(latest: UInt64?, confirmed: UInt64?, isFollowed: Bool) {
        self.latest = latest
        self.confirmed = confirmed
        self.isFollowed = isFollowed
    }
}

/// A confirmed event that ended a settlement on the chain.
public struct SoldOnChain: Sendable, Hashable {
    /// What the sale brought, in the stablecoin's smallest unit; nil when the event does not say.
    public let proceeds: UInt256?

    /// The sale brought `proceeds`.
    public init(proceeds: UInt256?) { self.proceeds = proceeds }
}

/// A settlement with what the database keeps beside it.
public struct StoredSettlement: Sendable, Hashable {
    /// The settlement.
    public let settlement: OptionSettlement
    /// Who holds the option.
    public let holder: Address
    /// When it was first initiated, µs since 1970.
    public let createdAtMicros: Int64
    /// When it last changed its state, µs since 1970.
    public let updatedAtMicros: Int64
    /// The log row of its last change of state.
    public let seq: UInt64

    /// A settlement as stored.
    public init(
        settlement: OptionSettlement, holder: Address, createdAtMicros: Int64, updatedAtMicros: Int64, seq: UInt64
    ) {
        self.settlement = settlement
        self.holder = holder
        self.createdAtMicros = createdAtMicros
        self.updatedAtMicros = updatedAtMicros
        self.seq = seq
    }
}

/// Options whose settlement was overtaken.
public struct OvertakenSettlements: Sendable, Hashable {
    /// The options.
    public let tokenIds: [UInt256]
    /// Rows of the log up to here were looked at.
    public let throughSeq: UInt64

    /// What the log up to `throughSeq` says.
    public init(tokenIds: [UInt256], throughSeq: UInt64) {
        self.tokenIds = tokenIds
        self.throughSeq = throughSeq
    }
}

/// What a step did.
public struct SettlementChange<Value: Sendable>: Sendable {
    /// The settlement afterwards; nil when there is none.
    public let stored: StoredSettlement?
    /// What was logged, in order.
    public let events: [SettlementEvent]
    /// Why the request was refused.
    public let refusal: Rejection?
    /// What the decision gave.
    public let value: Value

    /// A step that is committed.
    public init(stored: StoredSettlement?, events: [SettlementEvent], refusal: Rejection?, value: Value) {
        self.stored = stored
        self.events = events
        self.refusal = refusal
        self.value = value
    }
}

/// An order that the worker should take up.
public struct DueOrder: Sendable, Hashable {
    /// The option.
    public let tokenId: UInt256
    /// Which of its orders.
    public let attempt: Int32

    /// An attempt at settling an option.
    public init(tokenId: UInt256, attempt: Int32) {
        self.tokenId = tokenId
        self.attempt = attempt
    }
}

/// What `GET /settlements` can narrow by; absent fields do not narrow.
public struct SettlementFilter: Sendable, Hashable {
    /// Where it stands.
    public var status: SettlementStatus?
    /// Who holds the option.
    public var holder: Address?

    /// Everything.
    public init() {}
}

/// One page of settlements in ascending tokenId.
public struct SettlementListing: Sendable {
    /// The settlements.
    public let settlements: [StoredSettlement]
    /// The tokenId to go on after; nil at the end.
    public let next: UInt256?
    /// The log's head that the page reflects.
    public let headSeq: UInt64
    /// When that head was committed, µs since 1970.
    public let headAtMicros: Int64

    /// A page, complete at `headSeq`.
    public init(settlements: [StoredSettlement], next: UInt256?, headSeq: UInt64, headAtMicros: Int64) {
        self.settlements = settlements
        self.next = next
        self.headSeq = headSeq
        self.headAtMicros = headAtMicros
    }
}

/// The settlements in one state.
public struct SettlementTally: Sendable, Hashable {
    /// The state.
    public let status: SettlementStatus
    /// How many there are.
    public let count: Int
    /// Since when the longest unchanged of them is so, µs since 1970.
    public let oldestMicros: Int64

    /// A count.
    public init(status: SettlementStatus, count: Int, oldestMicros: Int64) {
        self.status = status
        self.count = count
        self.oldestMicros = oldestMicros
    }
}

/// A settlement that should have moved on.
public struct StuckSettlement: Sendable, Hashable {
    /// How long CoW may take to confirm an order before that counts as stuck, seconds.
    public static let longestSending: Int64 = 120
    /// How many sends and look-ups may come to nothing by then.
    public static let mostTries: Int32 = 8
    /// How long after its validTo an order at CoW may have no end, seconds.
    public static let longestEnd: Int64 = 600

    /// The option.
    public let tokenId: UInt256
    /// Where it stands.
    public let status: SettlementStatus
    /// What went wrong last.
    public let lastError: String?

    /// A stuck settlement.
    public init(tokenId: UInt256, status: SettlementStatus, lastError: String?) {
        self.tokenId = tokenId
        self.status = status
        self.lastError = lastError
    }
}

/// Hears of settlements that changed their state, after the commit.
public protocol SettlementListener: Sendable {
    /// `stored` is the settlement as it is now. Called by whoever made the change: it must not block.
    func changed(_ stored: StoredSettlement, _ event: SettlementEvent)
}
