public import Ethereum
public import Market
public import ServiceLifecycle
import Synchronization

/// Knows which offers a quote may list: a contract has code of its own to say whether it signed, and may say otherwise
/// at any block. A book is a function of the log alone and does not change for it.
///
/// Plain keys are looked up behind the answers, for an account can be given code (EIP-7702); what was last known of
/// them counts meanwhile. Contract wallets are asked at the newest block, before an offer is listed.
public final class WalletWatch: Service {
    /// What is known of the writer of an offer.
    public enum Standing: Sendable, Hashable {
        /// Signed by a plain key, and there is no contract at its address.
        case plain
        /// The contract at its address affirms the signature.
        case affirmed
        /// The contract at its address does not affirm the signature.
        case refused
        /// A contract wallet's signature, and no contract.
        case withoutContract
        /// Nobody could be asked.
        case unknown(isPlain: Bool)

        /// Whether a quote may list the offer.
        public var isListed: Bool {
            switch self {
            case .plain, .affirmed, .unknown(isPlain: true): true
            case .refused, .withoutContract, .unknown(isPlain: false): false
            }
        }
    }

    /// Writers that may wait for a look behind the answers.
    private static let capacity = 10_000
    /// Signatures whose kind is remembered.
    private static let kinds = 100_000
    /// Looks at a time.
    private static let lanes = 4
    /// After the chain did not answer, plain keys are not waited for so long.
    private static let patience = Duration.seconds(2)
    /// How long a look at a plain key counts while another is on its way.
    private static let lookLifetime = Duration.seconds(15)

    private struct State {
        var waiting: Set<WalletClaim> = []
        var isPlain: [WalletClaim: Bool] = [:]
        var failedAt: ContinuousClock.Instant?
    }

    private let wallets: any Wallets
    private let state = Mutex(State())
    private let wake: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    /// Watches what `wallets` say.
    public init(wallets: any Wallets) {
        self.wallets = wallets
        (wake, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Has the writer of an offer looked up behind the answers.
    public func notice(_ offer: SignedOffer) { notice(offer.claim) }

    private func notice(_ claim: WalletClaim) {
        if wallets.known(claim)?.isCurrent == true { return }
        state.withLock { state in
            if state.waiting.count < Self.capacity { state.waiting.insert(claim) }
        }
        waker.yield()
    }

    /// Looks up what was noticed, until shutdown.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in self.wake {
                while case let claims = self.take(), !claims.isEmpty { await self.look(claims) }
            }
        }
    }

    private func take() -> [WalletClaim] {
        state.withLock { state in
            let claims = Array(state.waiting.prefix(Self.lanes))
            state.waiting.subtract(claims)
            return claims
        }
    }

    private func look(_ claims: [WalletClaim]) async {
        await withDiscardingTaskGroup { group in
            for claim in claims { group.addTask { _ = await self.ask(claim) } }
        }
    }

    /// Those of the offers that a quote must not list, by their ids.
    public func withheld(_ offers: [SignedOffer]) async -> Set<Bytes32> {
        await withTaskGroup(of: Bytes32?.self) { group in
            for offer in offers {
                group.addTask { await self.standing(of: offer).isListed ? nil : offer.hashes.offerHash }
            }
            var withheld: Set<Bytes32> = []
            for await hash in group { if let hash { withheld.insert(hash) } }
            return withheld
        }
    }

    /// What is known of an offer's writer at the newest block.
    public func standing(of offer: SignedOffer) async -> Standing {
        let claim = offer.claim
        let known = wallets.known(claim)
        if let known, known.isCurrent { return standing(known.answer, claim, before: known) }
        let wasPlainLately = known?.answer == .noCode && (known?.age ?? .zero) < Self.lookLifetime
        if wasPlainLately || hasFailedLately, known?.answer == .noCode || known == nil, isPlain(claim) {
            notice(claim)
            return wasPlainLately ? .plain : .unknown(isPlain: true)
        }
        return standing(await ask(claim), claim, before: known)
    }

    private func ask(_ claim: WalletClaim) async -> WalletAnswer {
        let answer = await wallets.answer(claim, since: nil)
        state.withLock { $0.failedAt = answer == .unknown ? .now : nil }
        return answer
    }

    private var hasFailedLately: Bool {
        state.withLock { state in state.failedAt.map { .now - $0 < Self.patience } ?? false }
    }

    private func standing(_ answer: WalletAnswer, _ claim: WalletClaim, before: KnownWallet?) -> Standing {
        switch answer {
        case .signed: return .affirmed
        case .refused: return .refused
        case .noCode: return isPlain(claim) ? .plain : .withoutContract
        case .unknown, .exhausted:
            return .unknown(isPlain: before?.answer != .refused && isPlain(claim))
        }
    }

    /// Whether the address signed with its own key. Recovering takes 60 µs and never changes.
    private func isPlain(_ claim: WalletClaim) -> Bool {
        if let kind = state.withLock({ $0.isPlain[claim] }) { return kind }
        let kind = claim.isPlain
        state.withLock { state in
            if state.isPlain.count >= Self.kinds { state.isPlain.removeAll() }
            state.isPlain[claim] = kind
        }
        return kind
    }
}

extension WalletWatch.Standing {
    /// As `/explain` shows it.
    public var rule: Explanation.Rule {
        let detail =
            switch self {
            case .plain: "The writer signed with a plain key, and there is no contract at its address."
            case .affirmed: "The writer's contract affirms the signature (EIP-1271)."
            case .refused: "The writer's contract does not affirm the signature (EIP-1271); quotes leave the offer out."
            case .withoutContract: "The writer is a contract wallet that is not there; quotes leave the offer out."
            case .unknown(isPlain: true):
                "The writer signed with a plain key; whether there is a contract at its address could not be asked."
            case .unknown(isPlain: false):
                "The writer's contract could not be asked whether it affirms the signature; quotes leave the offer out."
            }
        return Explanation.Rule(rule: "signature_holds", pass: isListed, detail: detail)
    }
}
