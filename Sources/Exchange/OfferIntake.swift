import Ethereum
public import Market
import Synchronization

/// Takes signed offers in: rules, signature, the writer's limits, then the commit queue.
public struct OfferIntake: Sendable {
    /// What the checks that need no database say of a draft.
    public enum Admission: Sendable {
        /// It is open in the book already, under a good signature.
        case known(OfferState)
        /// New as far as this process knows, and its signature is the writer's.
        case verified(SignedOffer)
    }

    /// The chain and contract.
    public let deployment: Deployment
    /// What is taken in.
    public let rules: OfferRules
    private let books: Books
    private let queue: CommitQueue
    private let log: any OfferLog
    private let limits: RateLimits
    private let judge: SignatureJudge
    private let watch: WalletWatch?
    private let now: @Sendable () -> UInt64

    /// An intake under `rules` by the clock `now` (unix seconds). `judge` decides what is no plain key's signature, `watch`
    /// hears of new offers.
    public init(
        deployment: Deployment, rules: OfferRules, books: Books, queue: CommitQueue, log: any OfferLog,
        limits: RateLimits, judge: SignatureJudge, watch: WalletWatch?, now: @escaping @Sendable () -> UInt64
    ) {
        self.deployment = deployment
        self.rules = rules
        self.books = books
        self.queue = queue
        self.log = log
        self.limits = limits
        self.judge = judge
        self.watch = watch
        self.now = now
    }

    /// True when no rate limit has to be asked, so that a post can be decided without waiting.
    public var decidesAtOnce: Bool { !limits.limitsOffers }

    /// Everything that can be decided without waiting: known, or rules, cap and signature (protocol.md §4, in order).
    /// - Parameter diagnosing: whether a refused signature is diagnosed, which takes milliseconds.
    /// - Throws: the first rule that the draft breaks.
    public func admit(_ draft: Draft, diagnosing: Bool) throws(Rejection) -> Admission {
        let hashes = deployment.hashes(draft.offer)
        let known = try known(draft, hashes)
        if let known, known.signed.signature == draft.signature { return .known(known) }
        let signed = try SignedOffer.verify(draft, deployment: deployment, hashes: hashes, diagnosing: diagnosing)
        return known.map { .known($0) } ?? .verified(signed)
    }

    /// The open offer that a draft repeats; nil for a new one that the rules allow.
    private func known(_ draft: Draft, _ hashes: OfferHashes) throws(Rejection) -> OfferState? {
        if let entry = books.entry(hashes.offerHash) { return entry.state }
        try rules.check(draft.offer, now: now())
        try rules.checkOpenOffers(books.openOffers(of: draft.offer.writer))
        return nil
    }

    /// Checks the signature as `SignedOffer.verify` does, and asks the writer where it may be a contract wallet.
    /// - Parameter deadline: when wallets are asked no more.
    private func verified(
        _ draft: Draft, _ hashes: OfferHashes, diagnosing: Bool, deadline: ContinuousClock.Instant?
    ) async throws(Rejection) -> SignedOffer {
        do throws(Rejection) {
            return try SignedOffer.verify(
                draft, deployment: deployment, hashes: hashes, diagnosing: diagnosing && !judge.servesWallets)
        } catch {
            guard judge.servesWallets, error.kind == .signature else { throw error }
            if let deadline, .now > deadline { throw Self.tooManyWallets }
            let claim = WalletClaim(
                wallet: draft.offer.writer, digest: hashes.offerHash, signature: draft.signature)
            do throws(Rejection) {
                let approval = try await judge.approval(of: claim, refusal: error)
                if let signed = SignedOffer.affirmed(draft, deployment: deployment, by: approval) { return signed }
            } catch let refusal {
                // There is no contract: a diagnosis helps then.
                guard diagnosing, refusal == error else { throw refusal }
                return try SignedOffer.verify(draft, deployment: deployment, hashes: hashes)
            }
            throw error
        }
    }

    /// How long the wallets of one batch may be asked.
    private static let batchPatience = Duration.seconds(10)

    private static let tooManyWallets = Rejection(
        .unavailable, code: "wallet_unavailable", field: "signature",
        detail: "The contract wallets of this batch took too long. This offer was not stored; send it again.")

    /// Takes one offer in and waits for its answer.
    /// - Throws: the rule that it breaks.
    public func post(_ draft: Draft) async throws(Rejection) -> WriteResult {
        switch try await admission(of: draft, diagnosing: true, deadline: nil) {
        case .known(let offer): return .existed(offer)
        case .verified(let signed):
            if let stored = await closed(signed) { return .existed(stored) }
            try await limits.takeWriter(signed.offer.writer)
            let result = await queue.write(.offer(signed))
            watch?.notice(signed)
            return result
        }
    }

    /// Takes an admitted offer in; `completion` is called with its answer.
    public func enqueue(_ signed: SignedOffer, completion: @escaping CommitQueue.Completion) {
        queue.submit(.offer(signed), completion: completion)
        watch?.notice(signed)
    }

    /// One answer an item, in order; a refused item spoils no other.
    public func post(batch: [Result<Draft, Rejection>]) async -> [Result<WriteResult, Rejection>] {
        var answers: [Result<WriteResult, Rejection>?] = []
        var accepted: [(index: Int, signed: SignedOffer)] = []
        let deadline = ContinuousClock.now + Self.batchPatience
        for (index, item) in batch.enumerated() {
            do throws(Rejection) {
                switch try await admission(of: try item.get(), diagnosing: false, deadline: deadline) {
                case .known(let offer): answers.append(.success(.existed(offer)))
                case .verified(let signed):
                    if let stored = await closed(signed) {
                        answers.append(.success(.existed(stored)))
                        continue
                    }
                    try await limits.takeWriter(signed.offer.writer)
                    accepted.append((index, signed))
                    answers.append(nil)
                }
            } catch {
                answers.append(.failure(error))
            }
            // A batch holds five hundred signatures: let others at the core between them.
            if index % 16 == 15 { await Task.yield() }
        }
        for (item, result) in zip(accepted, await commit(accepted.map(\.signed))) {
            answers[item.index] = .success(result)
        }
        return answers.map { $0 ?? .success(.failed(.notStored)) }
    }

    /// A stored offer that is open no more, so that the books do not know it. Asked where a new one would count against
    /// its writer: a repetition must not, and must be answered when nothing is left.
    private func closed(_ signed: SignedOffer) async -> OfferState? {
        let hash = signed.hashes.offerHash
        guard limits.limitsOffers, let stored = try? await log.offer(named: hash), stored.offerHash == hash else {
            return nil
        }
        return stored
    }

    private func commit(_ offers: [SignedOffer]) async -> [WriteResult] {
        guard !offers.isEmpty else { return [] }
        return await withCheckedContinuation { continuation in
            let gathering = Gathering(count: offers.count) { continuation.resume(returning: $0) }
            queue.submit(
                offers.enumerated().map { index, signed in (.offer(signed), { gathering.add($0, at: index) }) })
        }
    }

    /// `admit` that also asks contract wallets, and for a draft that a rule refuses a look whether it was stored before:
    /// then a good signature gets the stored row, also after its expiry or cancel.
    private func admission(
        of draft: Draft, diagnosing: Bool, deadline: ContinuousClock.Instant?
    ) async throws(Rejection) -> Admission {
        let hashes = deployment.hashes(draft.offer)
        var stored: OfferState?
        do throws(Rejection) {
            stored = try known(draft, hashes)
        } catch {
            stored = try? await log.offer(named: hashes.offerHash)
            guard stored?.offerHash == hashes.offerHash else { throw error }
        }
        if let stored, stored.signed.signature == draft.signature { return .known(stored) }
        let signed = try await verified(draft, hashes, diagnosing: diagnosing, deadline: deadline)
        return stored.map { .known($0) } ?? .verified(signed)
    }
}

/// Collects the results of a batch that is answered as one.
private final class Gathering: Sendable {
    private let state: Mutex<(results: [WriteResult], missing: Int)>
    private let done: @Sendable ([WriteResult]) -> Void

    init(count: Int, done: @escaping @Sendable ([WriteResult]) -> Void) {
        state = Mutex((Array(repeating: .failed(.notStored), count: count), count))
        self.done = done
    }

    func add(_ result: WriteResult, at index: Int) {
        let complete: [WriteResult]? = state.withLock { state in
            state.results[index] = result
            state.missing -= 1
            return state.missing == 0 ? state.results : nil
        }
        if let complete { done(complete) }
    }
}
