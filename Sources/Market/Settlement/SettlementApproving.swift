public import Ethereum

/// What the holder approves: the hash of the terms, and the terms themselves where they need not be those that stand.
public struct SettlementConsent: Sendable, Hashable {
    /// The hash of the approved terms.
    public let conditionsHash: Bytes32
    /// The terms, where the approval is to stand on its own.
    public let own: SettlementWish?

    /// Consent to the terms with this hash.
    public init(conditionsHash: Bytes32, own: SettlementWish?) {
        self.conditionsHash = conditionsHash
        self.own = own
    }
}

extension OptionSettlement {
    /// The proposal that a consent is to, before its signature is looked at.
    /// - Throws: 409 when the terms are no longer those that stand, 400 when they cannot stand on their own.
    public static func named(
        by consent: SettlementConsent, over present: OptionSettlement?, in scene: SettlementScene
    ) throws(Rejection) -> SettlementProposal {
        if let present, present.status != .failed,
            present.present.proposal.terms.conditionsHash == consent.conditionsHash
        {
            if present.status == .completed { throw SettlementRules.settled(present.tokenId) }
            return present.present.proposal
        }
        let contract = try scene.rules.check(scene.option, at: scene.clock)
        guard let own = consent.own else { throw refusal(of: consent, over: present) }
        var step = SettlementStep(present)
        step.tidy(scene)
        if let refusal = step.settlement?.refusalOfOtherTerms(scene) { throw refusal }
        try step.initiate(own, contract, scene)
        guard let proposal = step.settlement?.present.proposal, proposal.terms.conditionsHash == consent.conditionsHash
        else {
            throw Rejection(
                .conflict, .termsChanged,
                "settlementConditionsHash is not that of an order over these minBuyAmount and validTo; the terms are "
                    + "others, or were made for another collateral, chain or contract. Initiate, and sign what it gives."
            )
        }
        return proposal
    }

    private static func refusal(of consent: SettlementConsent, over present: OptionSettlement?) -> Rejection {
        guard let present else {
            return Rejection(
                .conflict, .notInitiated,
                "Nothing was initiated. Initiate and sign what it gives, or send minBuyAmount and validTo along.")
        }
        switch present.status {
        case .initiated:
            return Rejection(
                .conflict, .termsChanged,
                "Other terms stand now: \(present.present.proposal.terms.conditionsHash). Sign those, or send "
                    + "minBuyAmount and validTo of yours along.")
        case .failed:
            let words = present.failure.map { "\($0.reason.rawValue): \($0.words)" } ?? ""
            return Rejection(
                .conflict, present.failure?.reason == .proposalExpired ? .proposalExpired : .settlementFailed,
                "The settlement failed (\(words)). Initiate again.")
        case .approved:
            return Rejection(
                .conflict, .alreadyApproved,
                "The holder approved \(present.present.proposal.terms.conditionsHash); other terms come too late.")
        case .submitted:
            return Rejection(
                .conflict, .alreadySubmitted,
                "Order \(present.present.proposal.uid) is at CoW; other terms come too late.")
        case .completed: return SettlementRules.settled(present.tokenId)
        }
    }

    /// The holder approves; the signature was checked to be `approval`'s holder's, over what `named` gave.
    /// - Throws: what `named` throws.
    public static func approve(
        _ consent: SettlementConsent, _ approval: SettlementApproval, over present: OptionSettlement?,
        in scene: SettlementScene
    ) throws(Rejection) -> SettlementStep {
        var step = SettlementStep(present)
        step.tidy(scene)
        guard approval.holder == scene.option.holder else {
            step.refusal = Rejection(
                .conflict, .holderChanged, "Option \(scene.option.tokenId) is \(scene.option.holder)'s by now.")
            return step
        }
        let hash = consent.conditionsHash
        if let present = step.settlement, present.present.proposal.terms.conditionsHash == hash {
            switch present.status {
            case .approved, .submitted: return step
            case .initiated:
                _ = try scene.rules.check(scene.option, at: scene.clock)
                step.approve(approval, at: scene.clock)
                return step
            case .completed, .failed: break
            }
        }
        guard consent.own != nil else {
            step.refusal = refusal(of: consent, over: step.settlement)
            return step
        }
        if let refusal = step.settlement?.refusalOfOtherTerms(scene) {
            step.refusal = refusal
            return step
        }
        step.put(try named(by: consent, over: step.settlement, in: scene))
        step.approve(approval, at: scene.clock)
        return step
    }

    /// Somebody asks to submit the approved order.
    public static func requestSubmission(
        of present: OptionSettlement?, in scene: SettlementScene
    ) -> SettlementStep {
        var step = SettlementStep(present)
        step.tidy(scene)
        guard let settlement = step.settlement else {
            step.refusal = Rejection(.conflict, .notInitiated, "Nothing was initiated. Initiate and approve first.")
            return step
        }
        switch settlement.status {
        case .initiated:
            step.refusal = Rejection(
                .conflict, .notApproved, "The holder has not approved. Sign termsToSign and approve first.")
        case .failed:
            let failure = settlement.failure.map { "\($0.reason.rawValue): \($0.words)" } ?? ""
            step.refusal = Rejection(
                .conflict, settlement.failure?.reason == .holderChanged ? .holderChanged : .settlementFailed,
                "The settlement failed (\(failure)). Initiate again.")
        case .approved:
            if scene.option.isSettled {
                step.refusal = SettlementRules.settled(settlement.tokenId)
            } else if !settlement.present.isRequested {
                step.settlement?.orders[settlement.orders.count - 1].isRequested = true
                step.settlement?.orders[settlement.orders.count - 1].dueAtMicros = scene.clock.nowMicros
            }
        case .submitted, .completed: break
        }
        return step
    }
}

extension SettlementStep {
    fileprivate mutating func approve(_ approval: SettlementApproval, at clock: SettlementClock) {
        guard let order = settlement?.present.proposal.order else { return }
        guard UInt64(order.validTo) >= clock.now + SettlementRules.shortestLife else {
            refusal = Rejection(
                .conflict, .proposalExpired,
                "The order ends at \(order.validTo) (unix seconds), sooner than CoW takes one. Initiate again.")
            return
        }
        change(.approved) {
            $0.status = .approved
            $0.approval = approval
        }
    }
}
