import Ethereum

// From approval to the end: what the worker does, and what it learns.
extension OptionSettlement {
    /// What is to be done for the order of an attempt now that it is due. A send is counted here, so that it is stored
    /// before it goes out.
    /// - Parameter isAbsent: whether CoW said just now that it does not know the order.
    public func next(
        for attempt: Int32, isAbsent: Bool = false, in scene: SettlementScene
    ) -> (step: SettlementStep, action: SettlementAction) {
        var step = tidied(in: scene)
        guard let settlement = step.settlement, let order = settlement.order(attempt), order.dueAtMicros != nil else {
            return (step, .wait)
        }
        let isPresent = attempt == settlement.present.attempt
        if isPresent, settlement.status == .approved, scene.option.isSettled, !settlement.hasLapsed(at: scene.clock) {
            // The chain is ahead of CoW: what it says of the sale is on its way.
            step.settlement?.update(attempt) { $0.dueAtMicros = scene.clock.nowMicros + SettlementSchedule.look }
            return (step, .wait)
        }
        guard isPresent, settlement.status == .approved, let approval = settlement.approval else {
            return (step, settlement.status == .completed ? .wait : .lookUp(order.proposal.uid))
        }
        if order.mayBeThere, !isAbsent { return (step, .lookUp(order.proposal.uid)) }
        if settlement.hasLapsed(at: scene.clock) {
            step.fail(
                .orderExpired,
                order.lastError.map { "validTo passed before CoW took it; at last: \($0)" }
                    ?? "validTo passed before it was sent.", nowMicros: scene.clock.nowMicros)
            return (step, .wait)
        }
        if order.sends >= SettlementSchedule.mostSends {
            step.fail(
                .attemptsExhausted, "Sent \(order.sends) times; at last: \(order.lastError ?? "no answer")",
                nowMicros: scene.clock.nowMicros)
            return (step, .wait)
        }
        step.settlement?.update(attempt) { $0.sends += 1 }
        return (
            step,
            .send(
                order.proposal,
                signature: OrderSignature.encode(
                    tokenId: tokenId, takerSignature: approval.signature))
        )
    }

    /// What became of a send.
    public func sent(_ attempt: Int32, _ answer: SendAnswer, nowMicros: Int64) -> SettlementStep {
        var step = SettlementStep(self)
        guard let order = order(attempt) else { return step }
        let isPresent = attempt == present.attempt && status == .approved
        switch answer {
        case .accepted(let uid) where uid != order.proposal.uid.bytes:
            step.mismatch(attempt, isPresent, "CoW answered with \(Hex.encode(uid))", nowMicros: nowMicros)
        case .accepted, .duplicated:
            step.found(attempt, isPresent, nowMicros: nowMicros)
        case .notYetValid(let words):
            step.settlement?.update(attempt) {
                $0.refusals += 1
                $0.lastError = words
                $0.dueAtMicros = nowMicros + SettlementSchedule.pause(after: $0.sends)
            }
        case .refused(let kind, let words):
            step.settlement?.update(attempt) {
                $0.refusals += 1
                $0.lastError = "\(kind): \(words)"
                $0.dueAtMicros = $0.mayBeThere ? nowMicros + SettlementSchedule.longestLook : nil
            }
            if isPresent { step.fail(.refused, "\(kind): \(words)", nowMicros: nowMicros) }
        case .unclear(let words):
            step.settlement?.update(attempt) {
                $0.lastError = words
                $0.dueAtMicros = nowMicros + SettlementSchedule.pause(after: $0.sends)
            }
        }
        return step
    }

    /// What CoW said of an order when asked for it.
    /// - Parameter decimals: of the option's tokens, for its payout.
    public func found(
        _ attempt: Int32, _ answer: LookUpAnswer, in scene: SettlementScene
    ) -> SettlementStep {
        var step = SettlementStep(self)
        let now = scene.clock.nowMicros
        guard order(attempt) != nil, status != .completed else { return step }
        let isPresent = attempt == present.attempt && (status == .approved || status == .submitted)
        switch answer {
        case .open: step.found(attempt, isPresent, nowMicros: now)
        case .fulfilled(let executed): step.complete(attempt, executed: executed, onChain: false, in: scene)
        case .cancelled:
            step.settlement?.update(attempt) { $0.fate = .cancelled }
            if isPresent { step.fail(.orderCancelled, "The order was cancelled at CoW.", nowMicros: now) }
            step.watch(attempt, scene.clock)
        case .expired:
            step.settlement?.update(attempt) { $0.fate = .expired }
            if isPresent { step.fail(.orderExpired, "CoW found nobody to fill it before validTo.", nowMicros: now) }
            step.watch(attempt, scene.clock)
        case .foreign(let words): step.mismatch(attempt, isPresent, words, nowMicros: now)
        case .notFound, .unclear:
            let words = if case .unclear(let words) = answer { words } else { "CoW does not know the order." }
            step.missed(attempt, isPresent, words, scene.clock)
        }
        if scene.isPaidOut, isPresent, let now = step.settlement, now.status == .submitted {
            // The chain has paid the option out, and CoW does not say what its order brought.
            step.complete(attempt, executed: nil, onChain: true, in: scene)
        }
        return step
    }

    /// Nothing can be said of an order now: it is looked at again later.
    public func deferred(_ attempt: Int32, nowMicros: Int64) -> SettlementStep {
        var step = SettlementStep(self)
        step.settlement?.update(attempt) { $0.dueAtMicros = nowMicros + SettlementSchedule.longestLook }
        return step
    }

    mutating func update(_ attempt: Int32, _ body: (inout SettlementOrder) -> Void) {
        guard let index = orders.firstIndex(where: { $0.attempt == attempt }) else { return }
        body(&orders[index])
    }
}

extension SettlementStep {
    /// CoW has the order.
    fileprivate mutating func found(_ attempt: Int32, _ isPresent: Bool, nowMicros: Int64) {
        settlement?.update(attempt) {
            $0.checks = $0.fate == .open ? $0.checks + 1 : 0
            $0.fate = .open
            $0.dueAtMicros = nowMicros + SettlementSchedule.look(after: $0.checks)
        }
        guard isPresent, settlement?.status == .approved else { return }
        settlement?.update(attempt) { $0.lastError = nil }
        change(.submitted) { $0.status = .submitted }
    }

    /// CoW gave no answer, or knows nothing of the order.
    fileprivate mutating func missed(
        _ attempt: Int32, _ isPresent: Bool, _ words: String, _ clock: SettlementClock
    ) {
        settlement?.update(attempt) {
            $0.checks += 1
            $0.lastError = words
            $0.dueAtMicros =
                clock.nowMicros
                + ($0.fate == .open
                    ? SettlementSchedule.look(after: $0.checks) : SettlementSchedule.pause(after: $0.checks))
        }
        guard let settlement, let order = settlement.order(attempt) else { return }
        if isPresent, clock.now > UInt64(order.proposal.order.validTo) {
            // An order that CoW confirmed is followed on: only CoW or the chain can say what became of it.
            if order.fate == .waiting {
                fail(.orderExpired, "validTo passed; at last: \(words)", nowMicros: clock.nowMicros)
            }
        }
        if !isPresent { watch(attempt, clock) }
    }

    /// The answer is about another order.
    fileprivate mutating func mismatch(_ attempt: Int32, _ isPresent: Bool, _ words: String, nowMicros: Int64) {
        let words = "\(words), not with the order that was sent"
        settlement?.update(attempt) {
            $0.lastError = words
            $0.dueAtMicros = nowMicros + SettlementSchedule.longestLook
        }
        if isPresent { fail(.uidMismatch, words, nowMicros: nowMicros) }
    }

    /// An order that came to nothing is looked at now and then, for it might fill after all, until that is past.
    fileprivate mutating func watch(_ attempt: Int32, _ clock: SettlementClock) {
        settlement?.update(attempt) {
            let isOver = clock.now > UInt64($0.proposal.order.validTo) + SettlementSchedule.watch
            $0.dueAtMicros = isOver ? nil : clock.nowMicros + SettlementSchedule.longestLook
        }
    }

    /// The sale happened, by whichever order.
    mutating func complete(
        _ attempt: Int32, executed: UInt256?, onChain: Bool, in scene: SettlementScene
    ) {
        guard let order = settlement?.order(attempt) else { return }
        let least = order.proposal.order.buyAmount
        // An order fills for its buyAmount or more; the contract sees to that, whatever an answer leaves out.
        let proceeds = onChain ? executed ?? least : max(executed ?? least, least)
        let decimals = scene.option.contract?.decimals
        let payout =
            decimals.map {
                scene.rules.callPayout(scene.option, decimals: $0, price: order.proposal.price, proceeds: proceeds)
            } ?? Payout(total: proceeds, payoff: .zero, feeBps: 0, priceE8: order.proposal.price.priceE8)
        settlement?.update(attempt) {
            $0.fate = .fulfilled
            $0.lastError = nil
        }
        change(.completed) {
            $0.status = .completed
            $0.failure = nil
            $0.completion = SettlementCompletion(
                proceeds: proceeds, payout: payout, attempt: attempt, onChain: onChain)
            for index in $0.orders.indices { $0.orders[index].dueAtMicros = nil }
        }
    }
}
