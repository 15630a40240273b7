import Ethereum
import Exchange
import Market
import StrictJSON

/// Logs what a step changed of a settlement, and notes the tables' rows.
struct SettlementWrites {
    let before: StoredSettlement?
    let step: SettlementStep
    let holder: Address

    /// Appends to the log and to `rows`; the settlement as it is stored then, nil when there is none.
    func write(to transaction: inout LogTransaction, _ rows: inout SettlementRows) -> StoredSettlement? {
        guard let settlement = step.settlement else { return nil }
        if step.events.isEmpty, settlement == before?.settlement { return before }
        var seq = before?.seq ?? 0
        for event in step.events {
            seq = transaction.append(
                EventType(event), about: settlement.tokenId.decimalString, data: data(of: event, settlement))
        }
        let stored = StoredSettlement(
            settlement: settlement, holder: holder,
            createdAtMicros: before?.createdAtMicros ?? transaction.nowMicros,
            updatedAtMicros: step.events.isEmpty
                ? before?.updatedAtMicros ?? transaction.nowMicros : transaction.nowMicros,
            seq: seq)
        // A look at an order that changed nothing concerns the order's row alone.
        if !step.events.isEmpty || shownOrder(settlement) != before.map({ shownOrder($0.settlement) }) {
            rows.settlements.append(.init(before: before, after: stored))
        }
        rows.orders += settlement.orders.filter { before?.settlement.order($0.attempt) != $0 }
        if step.events.contains(.approved) { rows.approved.append(settlement) }
        return stored
    }

    /// What the settlement's row says of its present order that changes without its state.
    private func shownOrder(_ settlement: OptionSettlement) -> [String] {
        [String(settlement.present.sends), settlement.present.lastError ?? ""]
    }
}

// What the log says of a step, keys in order.
extension SettlementWrites {
    private func data(of event: SettlementEvent, _ settlement: OptionSettlement) -> String {
        // Two events of one step are about different attempts: a failed one is the one before.
        let order =
            event == .failed && settlement.status != .failed
            ? before?.settlement.present ?? settlement.present : settlement.present
        var json = JSONWriter(capacity: 512)
        json.beginObject()
        json.key("attempt")
        json.integer(order.attempt)
        if event == .completed, let before = before?.settlement { stood(before, to: &json) }
        switch event {
        case .initiated: proposed(order.proposal, to: &json)
        case .approved:
            if let approval = settlement.approval {
                json.key("holder")
                json.address(approval.holder)
            }
            json.key("settlementConditionsHash")
            json.hash(order.proposal.terms.conditionsHash)
        case .submitted:
            json.key("orderUid")
            json.string(order.proposal.uid.hex)
        case .completed: completed(settlement, to: &json)
        case .failed: failed(settlement, order, to: &json)
        case .reopened:
            json.key("status")
            json.string(settlement.status.rawValue)
        }
        json.endObject()
        return String(decoding: json.bytes, as: UTF8.self)
    }

    private func proposed(_ proposal: SettlementProposal, to json: inout JSONWriter) {
        json.key("minBuyAmount")
        json.uint256(proposal.order.buyAmount)
        json.key("orderHash")
        json.hash(proposal.uid.orderHash)
        json.key("orderUid")
        json.string(proposal.uid.hex)
        json.key("priceE8")
        json.uint256(proposal.price.priceE8)
        json.key("priceSource")
        json.string(proposal.price.source)
        json.key("settlementConditionsHash")
        json.hash(proposal.terms.conditionsHash)
        json.key("validTo")
        json.integer(proposal.order.validTo)
    }

    private func completed(_ settlement: OptionSettlement, to json: inout JSONWriter) {
        guard let completion = settlement.completion else { return }
        json.key("fillAttempt")
        json.integer(completion.attempt)
        json.key("onChain")
        json.bool(completion.onChain)
        json.key("orderUid")
        json.string(settlement.order(completion.attempt)?.proposal.uid.hex ?? "")
        json.key("payout")
        json.beginObject()
        let payout = completion.payout
        json.key("fee")
        json.uint256(payout.fee)
        json.key("payoff")
        json.uint256(payout.payoff)
        json.key("priceE8")
        json.uint256(payout.priceE8)
        json.key("taker")
        json.uint256(payout.taker)
        json.key("total")
        json.uint256(payout.total)
        json.key("writer")
        json.uint256(payout.writer)
        json.endObject()
    }

    /// Where it stood before: the chain may take its word back.
    private func stood(_ before: OptionSettlement, to json: inout JSONWriter) {
        json.key("before")
        json.beginObject()
        if let failure = before.failure {
            json.key("reason")
            json.string(failure.reason.rawValue)
        }
        json.key("status")
        json.string(before.status.rawValue)
        if let failure = before.failure {
            json.key("words")
            json.string(failure.words)
        }
        json.endObject()
    }

    private func failed(_ settlement: OptionSettlement, _ order: SettlementOrder, to json: inout JSONWriter) {
        json.key("orderUid")
        json.string(order.proposal.uid.hex)
        if let failure = settlement.failure {
            json.key("reason")
            json.string(failure.reason.rawValue)
            json.key("words")
            json.string(failure.words)
        }
    }
}

extension EventType {
    /// The log's word for a step.
    init(_ event: SettlementEvent) {
        self =
            switch event {
            case .initiated: .settlementInitiated
            case .approved: .settlementApproved
            case .submitted: .settlementSubmitted
            case .completed: .settlementCompleted
            case .failed: .settlementFailed
            case .reopened: .settlementReopened
            }
    }
}
