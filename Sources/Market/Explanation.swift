public import Ethereum

/// Why an offer can or cannot be taken now: each rule with the figures it compared.
public struct Explanation: Sendable, Hashable {
    /// One rule's outcome.
    public struct Rule: Sendable, Hashable {
        /// Stable snake_case name.
        public let rule: String
        /// Whether it holds.
        public let pass: Bool
        /// A sentence with the figures.
        public let detail: String

        /// A rule that was tested.
        public init(rule: String, pass: Bool, detail: String) {
            self.rule = rule
            self.pass = pass
            self.detail = detail
        }
    }

    /// What a taker has in mind; what is nil is left open.
    public struct Wish: Sendable, Hashable {
        /// Days.
        public let duration: UInt16?
        /// Collateral to take.
        public let amount: UInt256?

        /// A taker's wish.
        public init(duration: UInt16? = nil, amount: UInt256? = nil) {
            self.duration = duration
            self.amount = amount
        }
    }

    /// The rules in the order they are checked.
    public let rules: [Rule]
    /// Whether every rule holds.
    public var takeable: Bool { rules.allSatisfy(\.pass) }

    /// Judges an offer's state.
    /// - Parameters:
    ///   - now: unix seconds.
    ///   - signature: whether the signature holds on chain, where that was asked.
    ///   - funds: what was found of the writer's tokens, where that was asked: a sentence.
    public init(
        _ state: OfferState, now: UInt64, wish: Wish = Wish(), tailFill: Bool = true, signature: Rule? = nil,
        funds: String? = nil
    ) {
        let fill = FillRule(state, tailFill: tailFill)
        var rules = [
            Self.notExpired(state, now: now), Self.notCancelled(state), Self.notFilled(state),
        ]
        if let duration = wish.duration { rules.append(Self.duration(state.offer, duration)) }
        let amount = wish.amount ?? (state.isListed ? state.fundable : state.remaining)
        rules.append(Self.withinRemaining(state, amount))
        rules.append(Self.minimumFill(fill, amount))
        rules.append(Self.premium(fill, amount, days: wish.duration ?? state.offer.maxDuration))
        if let signature { rules.append(signature) }
        if funds != nil || state.funding != nil { rules.append(Self.funded(state, amount, funds)) }
        self.rules = rules
    }

    /// What the log says decides: a book is a function of the log alone.
    private static func funded(_ state: OfferState, _ amount: UInt256, _ funds: String?) -> Rule {
        let found = funds.map { " \($0)" } ?? ""
        guard let funding = state.funding else {
            return Rule(rule: "funded", pass: true, detail: "All that remains is taken to be funded.\(found)")
        }
        let token = state.offer.collateralToken.checksummed
        if funding.isUnfunded {
            return Rule(
                rule: "funded", pass: false,
                detail:
                    "Its writer can deliver \(funding.fundable) of \(token) beside its better-priced offers, less than "
                    + "the least fill of \(state.leastFill): no book lists it until that changes.\(found)")
        }
        return Rule(
            rule: "funded", pass: amount <= funding.fundable,
            detail:
                "Of the \(state.remaining) that remains its writer can deliver \(state.fundable) of \(token) beside its "
                + "better-priced offers; \(amount) considered.\(found)")
    }

    private static func notExpired(_ state: OfferState, now: UInt64) -> Rule {
        let deadline = state.offer.deadline
        let swept = state.closed?.reason == .expired
        return Rule(
            rule: "not_expired", pass: now <= deadline && !swept,
            detail: "The deadline is \(deadline) and it is \(now)" + (swept ? "; its expiry is logged." : "."))
    }

    private static func notCancelled(_ state: OfferState) -> Rule {
        let cancelled = state.cancelledAtMicros != nil || state.closed?.reason == .cancelled
        return Rule(
            rule: "not_cancelled", pass: !cancelled,
            detail: cancelled ? "Its writer cancelled it." : "Its writer has not cancelled it.")
    }

    private static func notFilled(_ state: OfferState) -> Rule {
        let overfilled = state.closed?.reason == .overfilled
        return Rule(
            rule: "not_filled", pass: !state.remaining.isZero && !overfilled,
            detail: "\(state.filled) of \(state.offer.collateralAmount) is filled and \(state.remaining) remains"
                + (overfilled ? "; the chain took more than there was, so it is closed." : "."))
    }

    private static func duration(_ offer: Offer, _ days: UInt16) -> Rule {
        Rule(
            rule: "duration_in_range", pass: offer.minDuration <= days && days <= offer.maxDuration,
            detail: "It can be taken for \(offer.minDuration) to \(offer.maxDuration) days; \(days) asked.")
    }

    private static func withinRemaining(_ state: OfferState, _ amount: UInt256) -> Rule {
        Rule(
            rule: "within_remaining", pass: !amount.isZero && amount <= state.remaining,
            detail: "A fill takes above 0 and at most the \(state.remaining) that remains; \(amount) considered.")
    }

    private static func minimumFill(_ fill: FillRule, _ amount: UInt256) -> Rule {
        let tail = fill.tailFill && amount == fill.remaining && !amount.isZero
        let detail = "A fill takes at least \(fill.minFillAmount)"
        return Rule(
            rule: "minimum_fill", pass: amount >= fill.minFillAmount || tail,
            detail: detail
                + (fill.tailFill ? ", or all that remains (\(fill.remaining))" : "") + "; \(amount) considered.")
    }

    private static func premium(_ fill: FillRule, _ amount: UInt256, days: UInt16) -> Rule {
        let premium = fill.premium(of: amount, days: days)
        return Rule(
            rule: "premium_not_zero", pass: premium.map { !$0.isZero } ?? false,
            detail: premium.map { "The premium of \(amount) for \(days) days is \($0)." }
                ?? "The premium of \(amount) for \(days) days passes 2^256 - 1.")
    }
}
