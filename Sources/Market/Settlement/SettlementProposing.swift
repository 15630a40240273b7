import Ethereum

/// What a request to initiate or approve is judged by.
public struct SettlementScene: Sendable {
    /// The option as it stands.
    public let option: SettlementOption
    /// What may be settled, and how.
    public let rules: SettlementRules
    /// The time.
    public let clock: SettlementClock
    /// The price, or why there is none.
    public let price: Result<SettlementPrice, Rejection>
    /// Whether a confirmed event of the chain says that the option was paid out.
    public let isPaidOut: Bool

    /// Everything at one moment.
    public init(
        option: SettlementOption, rules: SettlementRules, clock: SettlementClock,
        price: Result<SettlementPrice, Rejection>, isPaidOut: Bool = false
    ) {
        self.isPaidOut = isPaidOut
        self.option = option
        self.rules = rules
        self.clock = clock
        self.price = price
    }
}

extension OptionSettlement {
    /// Somebody proposes terms. They bind nobody: other terms replace them, the same terms change nothing.
    /// - Throws: why the option cannot be settled on these terms.
    public static func propose(
        _ wish: SettlementWish, over present: OptionSettlement?, in scene: SettlementScene
    ) throws(Rejection) -> SettlementStep {
        var step = SettlementStep(present)
        if let present {
            if present.status == .completed { throw SettlementRules.settled(present.tokenId) }
            if present.agrees(with: wish, in: scene) { return step }
        }
        let contract = try scene.rules.check(scene.option, at: scene.clock)
        step.tidy(scene)
        if let refusal = step.settlement?.refusalOfOtherTerms(scene) {
            step.refusal = refusal
            return step
        }
        try step.initiate(wish, contract, scene)
        return step
    }

    /// Whether a wish is what stands already. What a wish leaves open agrees with a default that is fresh: a repeated
    /// request has the same answer although the price moved meanwhile.
    private func agrees(with wish: SettlementWish, in scene: SettlementScene) -> Bool {
        let order = present.proposal.order
        if let validTo = wish.validTo, validTo != UInt64(order.validTo) { return false }
        if let minBuyAmount = wish.minBuyAmount, minBuyAmount != order.buyAmount { return false }
        switch status {
        case .initiated:
            // CoW would not take an order that ends sooner.
            let left = UInt64(order.validTo).subtractingReportingOverflow(scene.clock.now)
            guard !left.overflow, left.partialValue >= SettlementRules.shortestLife else { return false }
            if wish.validTo == nil, left.partialValue > SettlementRules.usualLife { return false }
            return wish.minBuyAmount != nil || hasFreshDefault(in: scene)
        case .approved: return formerHolder(scene.option) == nil
        case .submitted: return true
        case .completed, .failed: return false
        }
    }

    /// Whether the minimum that stands is the default at a price that is not too old.
    private func hasFreshDefault(in scene: SettlementScene) -> Bool {
        let price = present.proposal.price
        guard scene.clock.nowMicros - price.asOfMicros <= SettlementRules.oldestPrice * 1_000_000,
            let contract = scene.option.contract,
            let bounds = try? scene.rules.bounds(scene.option, contract, price: price)
        else { return false }
        return bounds.lowerBound == present.proposal.order.buyAmount
    }

    /// Why other terms than those that stand are refused; nil where they may replace them.
    func refusalOfOtherTerms(_ scene: SettlementScene) -> Rejection? {
        switch status {
        case .initiated: nil
        case .approved:
            Rejection(
                .conflict, .alreadyApproved,
                "The holder approved \(present.proposal.terms.conditionsHash); its terms stand. Submit it.")
        case .submitted:
            Rejection(
                .conflict, .alreadySubmitted,
                "Order \(present.proposal.uid) is at CoW until \(present.proposal.order.validTo); wait for its end.")
        case .completed: SettlementRules.settled(tokenId)
        case .failed:
            mayTryAgain(confirmedTime: scene.clock.confirmedTime)
                ? nil
                : Rejection(
                    .conflict, .orderMayFill,
                    "Order \(present.proposal.uid) may still fill. Try again when a block later than "
                        + "\(present.proposal.order.validTo) (unix seconds) is confirmed.")
        }
    }
}

extension SettlementStep {
    /// What time and the chain did to the settlement meanwhile: a proposal that nobody approved, a position that moved.
    mutating func tidy(_ scene: SettlementScene) {
        guard let settlement else { return }
        if settlement.status == .initiated, settlement.hasLapsed(at: scene.clock) {
            fail(.proposalExpired, "Nobody approved it before its validTo.", nowMicros: scene.clock.nowMicros)
        }
        if settlement.status == .approved, let holder = settlement.formerHolder(scene.option) {
            fail(
                .holderChanged, "\(holder) approved, but \(scene.option.holder) holds the option now.",
                nowMicros: scene.clock.nowMicros)
        }
    }

    /// Makes the proposal and puts it in place.
    mutating func initiate(
        _ wish: SettlementWish, _ contract: SettlementOption.Contract, _ scene: SettlementScene
    ) throws(Rejection) {
        let earlier =
            settlement.flatMap { $0.status == .failed ? $0.orders.map(\.proposal.order.validTo).max() : nil }
            ?? settlement?.largestEarlierValidTo
        let proposal = try scene.rules.proposal(
            scene.option, contract, price: try scene.price.get(), wish: wish, now: scene.clock.now, after: earlier)
        put(proposal)
    }

    /// Puts a proposal in the place of what stands; nothing changes when it says what stands already.
    mutating func put(_ proposal: SettlementProposal) {
        guard let standing = settlement else {
            settlement = OptionSettlement(proposal)
            events.append(.initiated)
            return
        }
        if standing.status == .initiated, standing.present.proposal.terms == proposal.terms { return }
        change(.initiated) { $0.replace(with: proposal) }
    }
}

extension OptionSettlement {
    /// Whether a proposal's validTo has passed.
    func hasLapsed(at clock: SettlementClock) -> Bool { clock.now > UInt64(present.proposal.order.validTo) }

    /// Who approved, when that is not who holds the option.
    func formerHolder(_ option: SettlementOption) -> Address? {
        approval.flatMap { $0.holder == option.holder ? nil : $0.holder }
    }

    /// What time alone, or a Transfer, does to a settlement; no event when that is nothing.
    public func tidied(in scene: SettlementScene) -> SettlementStep {
        var step = SettlementStep(self)
        step.tidy(scene)
        return step
    }
}
