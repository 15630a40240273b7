public import Ethereum
public import Market

/// Takes requests to settle: proposals of anybody, approvals of holders, and the word to submit.
public struct SettlementDesk: Sendable {
    /// What an initiation comes to.
    public enum Initiation: Sendable {
        /// A new proposal, or other terms in the place of those that stood.
        case created(SettlementProposal)
        /// These terms stood already.
        case stood(SettlementProposal)
        /// A put needs no order; its shares.
        case direct(Payout, Rejection)
    }

    /// How long a submission waits for CoW's word.
    public static let patience = Duration.seconds(5)
    /// How often the database is asked meanwhile: the worker may be another process.
    private static let look = Duration.milliseconds(250)

    /// What may be settled, and how.
    public let rules: SettlementRules
    /// The stored settlements.
    public let store: any SettlementStore
    private let price: @Sendable (_ token: Address, _ nowMicros: Int64) -> SettlementPrice?
    private let nowMicros: @Sendable () -> Int64
    private let judge: SignatureJudge
    private let submit: (@Sendable () -> Void)?
    private let hearing: SettlementHearing
    private let listeners: [any SettlementListener]

    /// A desk by the clock `nowMicros` (µs since 1970).
    /// - Parameters:
    ///   - price: what settles an option on a token now; nil when nothing fresh is known.
    ///   - judge: decides what is no plain key's signature.
    ///   - submit: wakes the worker; nil where no CoW is configured.
    ///   - hearing: hears of what the worker does.
    public init(
        rules: SettlementRules, store: any SettlementStore,
        price: @escaping @Sendable (_ token: Address, _ nowMicros: Int64) -> SettlementPrice?,
        judge: SignatureJudge = SignatureJudge(wallets: nil),
        nowMicros: @escaping @Sendable () -> Int64, submit: (@Sendable () -> Void)?,
        hearing: SettlementHearing, listeners: [any SettlementListener]
    ) {
        self.hearing = hearing
        self.rules = rules
        self.store = store
        self.price = price
        self.nowMicros = nowMicros
        self.judge = judge
        self.submit = submit
        self.listeners = listeners
    }

    /// Proposes terms; the same request again has the same answer.
    /// - Throws: `Rejection`, `WriteFailure`.
    public func initiate(_ tokenId: UInt256, _ wish: SettlementWish) async throws -> Initiation {
        let facts = try await store.facts(tokenId)
        let (nowMicros, price) = (nowMicros(), price(for: facts, tokenId))
        let rules = rules
        let change = try await store.change(tokenId, by: .anybody) { facts -> (SettlementStep, Payout?) in
            let scene = try Self.scene(facts, tokenId, rules, nowMicros, price)
            if let direct = try Self.directPayout(scene) { return (.unchanged(facts.settlement), direct) }
            return (try OptionSettlement.propose(wish, over: facts.settlement, in: scene), nil)
        }
        if let payout = change.value { return .direct(payout, SettlementRules.put(tokenId)) }
        announce(change)
        if let refusal = change.refusal { throw refusal }
        guard let proposal = change.stored?.settlement.present.proposal else { throw WriteFailure.notStored }
        return change.events.contains(.initiated) ? .created(proposal) : .stood(proposal)
    }

    /// The holder approves.
    /// - Throws: `Rejection`, `WriteFailure`.
    public func approve(
        _ tokenId: UInt256, _ consent: SettlementConsent, signature: [UInt8]
    ) async throws -> StoredSettlement {
        let facts = try await store.facts(tokenId)
        let (nowMicros, price) = (nowMicros(), price(for: facts, tokenId))
        let scene = try Self.scene(facts, tokenId, rules, nowMicros, price)
        if try Self.directPayout(scene) != nil { throw SettlementRules.put(tokenId) }
        let proposal = try OptionSettlement.named(by: consent, over: facts.settlement, in: scene)
        let holder = scene.option.holder
        let approval = SettlementApproval(
            holder: holder, signature: try await verified(signature, of: proposal.terms, by: holder))
        let rules = rules
        let change = try await store.change(tokenId, by: .holder(holder)) { facts in
            let scene = try Self.scene(facts, tokenId, rules, nowMicros, price)
            return (try OptionSettlement.approve(consent, approval, over: facts.settlement, in: scene), ())
        }
        announce(change)
        if let refusal = change.refusal { throw refusal }
        guard let stored = change.stored else { throw WriteFailure.notStored }
        return stored
    }

    /// The signature in the form in which it is stored and passed on: a contract wallet's is what it affirmed, unchanged.
    private func verified(
        _ signature: [UInt8], of terms: SettlementTerms, by holder: Address
    ) async throws(Rejection) -> [UInt8] {
        do throws(Rejection) {
            return try terms.verify(
                signature, holder: holder, deployment: rules.deployment, diagnosing: !judge.servesWallets)
        } catch {
            guard judge.servesWallets else { throw error }
            let claim = WalletClaim(wallet: holder, digest: terms.digest(rules.deployment), signature: signature)
            do throws(Rejection) {
                return try await judge.approval(of: claim, refusal: error).claim.signature
            } catch let refusal {
                guard refusal == error else { throw refusal }
                // There is no contract: a diagnosis helps then.
                return try terms.verify(signature, holder: holder, deployment: rules.deployment)
            }
        }
    }

    /// Has the approved order sent, and waits a while for CoW's word.
    /// - Throws: `Rejection`, `WriteFailure`.
    public func submit(_ tokenId: UInt256) async throws -> StoredSettlement {
        guard let submit else {
            throw Rejection(
                .unavailable, code: "cow_not_configured",
                detail: "No CoW API is configured, so nothing can be submitted. Start the service with --cow-url.")
        }
        let (nowMicros, rules) = (nowMicros(), rules)
        let change = try await store.change(tokenId, by: .anybody) { facts in
            let scene = try Self.scene(facts, tokenId, rules, nowMicros, .failure(Self.noPrice(tokenId)))
            if scene.option.contract?.isCall == false { throw SettlementRules.put(tokenId) }
            return (OptionSettlement.requestSubmission(of: facts.settlement, in: scene), ())
        }
        announce(change)
        if let refusal = change.refusal { throw refusal }
        guard let stored = change.stored else { throw WriteFailure.notStored }
        guard stored.settlement.isSubmitting else { return stored }
        let changes = hearing.changes(of: tokenId, everyOther: Self.look)
        defer { changes.stop() }
        submit()
        return await outcome(of: stored, changes)
    }

    /// Waits until CoW's word is there or patience is at an end. The request is stored: whatever goes wrong with looking,
    /// it is under way.
    private func outcome(of asked: StoredSettlement, _ changes: SettlementHearing.Changes) async -> StoredSettlement {
        let deadline = ContinuousClock.now + Self.patience - Self.look
        var stored = asked
        await changes.listen { change in
            if let now = change { stored = now } else { stored = await look(again: stored) }
            return !stored.settlement.isSubmitting || ContinuousClock.now >= deadline
        }
        return stored
    }

    private func look(again stored: StoredSettlement) async -> StoredSettlement {
        (try? await store.facts(stored.settlement.tokenId).stored) ?? stored
    }

    private func price(for facts: SettlementFacts, _ tokenId: UInt256) -> Result<SettlementPrice, Rejection> {
        guard let contract = facts.option?.contract,
            let price = price(contract.underlying, nowMicros())
        else { return .failure(Self.noPrice(tokenId)) }
        return .success(price)
    }

    private func announce<Value>(_ change: SettlementChange<Value>) {
        guard let stored = change.stored else { return }
        for event in change.events { for listener in listeners { listener.changed(stored, event) } }
    }
}

extension SettlementDesk {
    /// What a request about an option is judged by.
    /// - Throws: 404 when there is no such option.
    public static func scene(
        _ facts: SettlementFacts, _ tokenId: UInt256, _ rules: SettlementRules, _ nowMicros: Int64,
        _ price: Result<SettlementPrice, Rejection>
    ) throws(Rejection) -> SettlementScene {
        guard let option = facts.option else {
            throw Rejection(
                .notFound, code: "option_not_found", field: "tokenId",
                detail: "No option \(tokenId) is known here. It appears once its OptionTaken event is.")
        }
        return SettlementScene(
            option: option, rules: rules, clock: facts.clock(nowMicros: nowMicros), price: price,
            isPaidOut: facts.sold != nil)
    }

    /// A put's shares; nil for a call.
    static func directPayout(_ scene: SettlementScene) throws(Rejection) -> Payout? {
        guard let contract = scene.option.contract, !contract.isCall else { return nil }
        _ = try scene.rules.check(scene.option, at: scene.clock)
        return scene.rules.putPayout(scene.option, price: try scene.price.get())
    }

    static func noPrice(_ tokenId: UInt256) -> Rejection {
        Rejection(
            .unavailable, code: "price_unavailable",
            detail: "No price of option \(tokenId)'s underlying that is at most \(SettlementRules.oldestPrice) s old "
                + "is known from the feed or the operator. Post one, or try again.")
    }
}
