public import Ethereum

/// Where a settlement stood before the chain completed it.
public struct SettlementOrigin: Sendable, Hashable {
    /// Its state then; never `completed`.
    public let status: SettlementStatus
    /// Why it had failed, where it had.
    public let failure: SettlementFailure?

    /// A state to go back to; nil when there is no going back to it.
    public init?(status: SettlementStatus, failure: SettlementFailure?) {
        guard status != .completed, (status == .failed) == (failure != nil) else { return nil }
        self.status = status
        self.failure = failure
    }
}

// What the chain says, and takes back.
extension OptionSettlement {
    /// The chain says that the option's collateral was sold.
    public func executedOnChain(proceeds: UInt256?, in scene: SettlementScene) -> SettlementStep {
        var step = SettlementStep(self)
        guard status != .completed else { return step }
        step.complete(present.attempt, executed: proceeds, onChain: true, in: scene)
        return step
    }

    /// The chain says that the option was paid out, and not what the sale brought: CoW is asked now. Whatever it answers,
    /// an order that it had taken is at its end then (`found`).
    /// - Parameter asksCow: whether there is a CoW to ask.
    public func paidOutOnChain(asksCow: Bool, in scene: SettlementScene) -> SettlementStep {
        guard status == .submitted else { return SettlementStep(self) }
        guard asksCow else { return executedOnChain(proceeds: nil, in: scene) }
        var step = SettlementStep(self)
        step.settlement?.update(present.attempt) { $0.dueAtMicros = min($0.dueAtMicros ?? .max, scene.clock.nowMicros) }
        return step
    }

    /// A reorg took back what completed the settlement: it stands where it stood, and CoW is asked again for every order
    /// that it may have.
    public func reopened(to origin: SettlementOrigin, nowMicros: Int64) -> SettlementStep {
        var step = SettlementStep(self)
        guard status == .completed, let completion, completion.onChain,
            approval != nil || ![.approved, .submitted].contains(origin.status)
        else { return step }
        step.change(.reopened) {
            $0.status = origin.status
            $0.failure = origin.failure
            $0.completion = nil
            $0.update(completion.attempt) { $0.fate = origin.status == .submitted ? .open : .waiting }
            for index in $0.orders.indices where $0.orders[index].mayBeThere || $0.orders[index].isRequested {
                $0.orders[index].dueAtMicros = nowMicros
            }
        }
        return step
    }
}
