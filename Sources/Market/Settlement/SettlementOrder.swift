/// One attempt at settling an option: a proposal, and once it is approved an order that may go out.
public struct SettlementOrder: Sendable, Hashable {
    /// What is known of the order at CoW.
    public enum Fate: String, Sendable, Hashable, CaseIterable {
        /// Nobody approved it yet, or CoW has not confirmed it.
        case waiting
        /// CoW has it.
        case open
        /// It filled.
        case fulfilled
        /// It was cancelled at CoW.
        case cancelled
        /// CoW says that its validTo passed.
        case expired
    }

    /// Which attempt, from 1.
    public let attempt: Int32
    /// The order.
    public internal(set) var proposal: SettlementProposal
    /// Whether somebody asked to submit it.
    public internal(set) var isRequested = false
    /// How often sending was begun.
    public internal(set) var sends: Int32 = 0
    /// How many of these CoW answered with a refusal: it has not taken the order by them.
    public internal(set) var refusals: Int32 = 0
    /// Look-ups in a row that changed nothing.
    public internal(set) var checks: Int32 = 0
    /// What is known of it at CoW.
    public internal(set) var fate = Fate.waiting
    /// When the worker takes it up next, µs since 1970; nil when there is nothing more to learn.
    public internal(set) var dueAtMicros: Int64?
    /// CoW's words, or ours, on what went wrong last.
    public internal(set) var lastError: String?

    /// A first proposal, or the one after a failure.
    init(attempt: Int32, proposal: SettlementProposal) {
        self.attempt = attempt
        self.proposal = proposal
    }

    /// An attempt as stored.
    @_spi(Store)
    public init(
        attempt: Int32, proposal: SettlementProposal, isRequested: Bool, sends: Int32, refusals: Int32, checks: Int32,
        fate: Fate, dueAtMicros: Int64?, lastError: String?
    ) {
        self.init(attempt: attempt, proposal: proposal)
        self.isRequested = isRequested
        self.sends = sends
        self.refusals = refusals
        self.checks = checks
        self.fate = fate
        self.dueAtMicros = dueAtMicros
        self.lastError = lastError
    }

    /// Whether CoW may have the order although it has not said so.
    public var mayBeThere: Bool { sends > refusals }

    /// Whether the order could still fill, given the time of the newest confirmed block (unix seconds).
    public func canStillFill(confirmedTime: UInt64?) -> Bool {
        guard sends > 0, fate != .cancelled, fate != .waiting || mayBeThere else { return false }
        if let confirmedTime, confirmedTime > UInt64(proposal.order.validTo) { return false }
        return true
    }
}

/// When the worker takes an order up again; all in µs.
enum SettlementSchedule {
    /// The first pause after a send that came to nothing; doubled from one to the next.
    static let firstPause: Int64 = 500_000
    /// The longest pause between sends.
    static let longestPause: Int64 = 30_000_000
    /// The pause between looks at an order that CoW has.
    static let look: Int64 = 5_000_000
    /// Looks before they become rarer: a minute of them.
    static let eagerLooks: Int32 = 12
    /// The longest pause between looks.
    static let longestLook: Int64 = 60_000_000
    /// How long after its validTo an order is watched that might have filled after all, seconds.
    static let watch: UInt64 = 3_600
    /// How often one order is sent at most.
    static let mostSends: Int32 = 1_000

    /// The pause after `count` sends, or looks without an answer, in a row.
    static func pause(after count: Int32) -> Int64 {
        count >= 7 ? longestPause : min(firstPause << Int64(max(count, 1) - 1), longestPause)
    }

    /// The pause after `checks` looks that changed nothing.
    static func look(after checks: Int32) -> Int64 {
        guard checks > eagerLooks else { return look }
        return checks - eagerLooks >= 4 ? longestLook : min(look << Int64(checks - eagerLooks), longestLook)
    }
}
