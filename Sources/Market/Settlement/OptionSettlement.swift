public import Ethereum

/// The settlement of one option: where it stands, and every order that was made for it. Pure: events go in, the new state
/// and what is to be logged come out; whoever calls holds the row (protocol.md §7).
public struct OptionSettlement: Sendable, Hashable {
    /// The option.
    public let tokenId: UInt256
    /// Where it stands.
    public internal(set) var status: SettlementStatus
    /// The orders by attempt; the last is the present one. Never empty.
    public internal(set) var orders: [SettlementOrder]
    /// The holder's signature under the present terms, from `approved` on.
    public internal(set) var approval: SettlementApproval?
    /// Why the last attempt failed; nil unless it did.
    public internal(set) var failure: SettlementFailure?
    /// How it ended well.
    public internal(set) var completion: SettlementCompletion?

    /// A first proposal.
    init(_ proposal: SettlementProposal) {
        tokenId = proposal.tokenId
        status = .initiated
        orders = [SettlementOrder(attempt: 1, proposal: proposal)]
    }

    /// A settlement as stored; nil without an order.
    @_spi(Store)
    public init?(
        tokenId: UInt256, status: SettlementStatus, orders: [SettlementOrder], approval: SettlementApproval?,
        failure: SettlementFailure?, completion: SettlementCompletion?
    ) {
        guard !orders.isEmpty else { return nil }
        self.tokenId = tokenId
        self.status = status
        self.orders = orders
        self.approval = approval
        self.failure = failure
        self.completion = completion
    }

    /// The present attempt.
    public var present: SettlementOrder { orders[orders.count - 1] }

    /// The largest validTo of all orders before the present one.
    var largestEarlierValidTo: UInt32? { orders.dropLast().map(\.proposal.order.validTo).max() }

    /// The order of an attempt.
    public func order(_ attempt: Int32) -> SettlementOrder? { orders.first { $0.attempt == attempt } }

    /// Whether a failed settlement may be tried anew: no earlier order can fill any more.
    public func mayTryAgain(confirmedTime: UInt64?) -> Bool {
        !orders.contains { $0.canStillFill(confirmedTime: confirmedTime) }
    }

    /// Whether somebody asked to submit the present order and CoW has not confirmed it.
    public var isSubmitting: Bool { status == .approved && present.isRequested }
}

/// What became of a request: the settlement as it is now, what is to be logged, and how the request is answered.
public struct SettlementStep: Sendable {
    /// The settlement afterwards; nil when there is none.
    public var settlement: OptionSettlement?
    /// One row of the log each, in order.
    public var events: [SettlementEvent] = []
    /// Why the request is refused; what was logged stays.
    public var refusal: Rejection?

    /// Nothing happened.
    init(_ settlement: OptionSettlement?, refusal: Rejection? = nil) {
        self.settlement = settlement
        self.refusal = refusal
    }

    /// A step that leaves the settlement as it is.
    public static func unchanged(_ settlement: OptionSettlement?) -> SettlementStep { SettlementStep(settlement) }

    /// Changes the settlement and notes what is to be logged.
    mutating func change(_ event: SettlementEvent, _ body: (inout OptionSettlement) -> Void) {
        guard var changed = settlement else { return }
        body(&changed)
        settlement = changed
        events.append(event)
    }

    /// The settlement fails.
    mutating func fail(_ reason: SettlementFailure.Reason, _ words: String, nowMicros: Int64) {
        change(.failed) { $0.fail(reason, words, nowMicros: nowMicros) }
    }
}

extension OptionSettlement {
    /// Ends the present attempt; its order is watched while it might be at CoW.
    mutating func fail(_ reason: SettlementFailure.Reason, _ words: String, nowMicros: Int64) {
        status = .failed
        failure = SettlementFailure(reason, words)
        approval = nil
        let last = orders.count - 1
        orders[last].lastError = words
        let isKnown = orders[last].fate == .waiting && !orders[last].mayBeThere
        orders[last].dueAtMicros = isKnown ? nil : nowMicros + SettlementSchedule.longestLook
    }

    /// Another proposal in the place of the present one; a new attempt after a failure.
    mutating func replace(with proposal: SettlementProposal) {
        if status == .failed {
            orders.append(SettlementOrder(attempt: present.attempt + 1, proposal: proposal))
        } else {
            orders[orders.count - 1] = SettlementOrder(attempt: present.attempt, proposal: proposal)
        }
        status = .initiated
        failure = nil
        approval = nil
    }
}
