import Ethereum
import Market

/// The protocol contract's transactions as executions: a function of the events that are not withdrawn, like everything
/// else the chain did.
extension CommitPlan {
    /// Notes the transactions of `changed` events, and those whose record is to be made anew: something of them was
    /// withdrawn, or was already there when more of them came.
    mutating func note(transactionsOf changed: Set<EventKey>, _ before: [EventKey: RecordedEvent]) {
        guard !changed.isEmpty else { return }
        let transactions = Set(changed.compactMap { state.chain.events[$0]?.txHash })
        let known = before.values.filter { $0.status != .reverted && transactions.contains($0.txHash) }.map(\.txHash)
        chain.removedExecutions.formUnion(known)
        chain.executions = chain.executions.filter { !transactions.contains($0.key) }
        var events: [Bytes32: [RecordedEvent]] = [:]
        for event in state.chain.events.values where event.status != .reverted && transactions.contains(event.txHash) {
            events[event.txHash, default: []].append(event)
        }
        for (transaction, events) in events {
            let sorted = events.sorted { $0.precedes($1) }
            guard let last = sorted.last else { continue }
            let block = sorted.filter { $0.key.blockHash == last.key.blockHash }
            let main = block.first { $0.name != .transfer } ?? last
            chain.executions[transaction] = ContractExecution(
                id: transaction.hex, functionName: main.name.rawValue, caller: main.event?.caller,
                atMicros: Int64(clamping: min(main.blockTime, Self.lastSecond)) * 1_000_000, gasUsed: nil, success: true
            )
        }
    }

    /// The last moment that the database takes, unix seconds.
    private static let lastSecond: UInt64 = 9_000_000_000_000
}

extension ProtocolEvent {
    /// Who called the contract, as far as the event tells.
    fileprivate var caller: Address? {
        switch self {
        case .optionTaken(let taken): taken.taker
        case .optionSettled(_, _, let settler), .settlementExecuted(_, _, let settler): settler
        case .settlementApproved(_, let approver): approver
        case .offerCancelled(_, let writer): writer
        case .settlementInitiated, .transfer: nil
        }
    }
}
