public import Ethereum
public import Exchange
public import Logging
@_spi(Chain) public import Market
import Synchronization

/// Asks contract wallets at the newest block (EIP-1271, ERC-6492; a delegation of EIP-7702 is code like any other), and
/// remembers what they said by block, wallet, digest and signature. What failed or took too long is never remembered.
public final class ContractWallets: Wallets {
    /// How long one question may take.
    static let timeout = Duration.seconds(3)

    /// How a caller that waited goes on.
    private enum Resumption: Sendable {
        case turn
        case answer(WalletAnswer)
    }
    private typealias Caller = CheckedContinuation<Resumption, Never>

    private struct State {
        var answers = WalletAnswers()
        var budget = WalletBudget()
        var turns = WalletTurns<Caller>()
        var block: (block: WalletBlock, at: ContinuousClock.Instant)?
        var counts = Counts()
    }

    /// What happened since the start.
    public struct Counts: Sendable, Hashable {
        /// Questions answered from memory.
        public var remembered = 0
        /// Questions that the node was asked.
        public var asked = 0
        /// Those of them without an answer.
        public var failed = 0

        /// None yet.
        public init() {}
    }

    private let node: any WalletNode
    private let walletGas: UInt64
    private let blockLifetime: Duration
    private let logger: Logger
    private let state = Mutex(State())

    /// Asks `node`, giving each wallet so much gas; the newest block counts as such for `blockLifetime`.
    public init(
        node: any WalletNode, walletGas: UInt64 = WalletProbe.walletGas, blockLifetime: Duration = .seconds(1),
        logger: Logger
    ) {
        self.node = node
        self.walletGas = walletGas
        self.blockLifetime = blockLifetime
        self.logger = logger
    }

    /// What happened since the start.
    public var counts: Counts { state.withLock { $0.counts } }

    /// What is known of a claim without asking.
    public func known(_ claim: WalletClaim) -> KnownWallet? {
        state.withLock { state in
            guard let last = state.answers.last(claim) else { return nil }
            let isCurrent = freshBlock(state, now: .now)?.hash == last.block
            return KnownWallet(answer: Self.answer(last.answer, claim), isCurrent: isCurrent, age: .now - last.at)
        }
    }

    /// What the wallet says at the newest block; what is no approval is of a block asked for after `since`.
    public func answer(_ claim: WalletClaim, since: ContinuousClock.Instant?) async -> WalletAnswer {
        let probe: WalletProbe
        do throws(ERC6492.Broken) {
            probe = try WalletProbe(
                wallet: claim.wallet, digest: claim.digest, signature: claim.signature, walletGas: walletGas)
        } catch {
            return .refused
        }
        let key = WalletAnswers.Key(claim)
        let resumption: Resumption = await withCheckedContinuation { caller in
            let now: Resumption? = state.withLock { state in
                if let block = freshBlock(state, now: .now), let known = state.answers.answer(claim, at: block.hash),
                    known == .signed || !isOlder(state, than: since)
                {
                    state.counts.remembered += 1
                    return .answer(Self.answer(known, claim))
                }
                guard state.budget.admits(claim.wallet, now: .now) else { return .answer(.exhausted) }
                switch state.turns.take(key, caller) {
                case .yours: return .turn
                case .wait: return nil
                case .refused: return .answer(.exhausted)
                }
            }
            if let now { caller.resume(returning: now) }
        }
        if case .answer(let answer) = resumption { return answer }
        let answer = await ask(claim, probe, since: since)
        let (hearing, starting) = state.withLock { $0.turns.ended(key) }
        for caller in hearing { caller.resume(returning: .answer(answer)) }
        for caller in starting { caller.resume(returning: .turn) }
        return answer
    }

    private func freshBlock(_ state: State, now: ContinuousClock.Instant) -> WalletBlock? {
        guard let (block, at) = state.block, now - at < blockLifetime else { return nil }
        return block
    }

    /// Whether the newest known block was asked for before a moment.
    private func isOlder(_ state: State, than moment: ContinuousClock.Instant?) -> Bool {
        guard let moment, let (_, at) = state.block else { return false }
        return at < moment
    }

    private static func answer(_ found: WalletProbe.Answer, _ claim: WalletClaim) -> WalletAnswer {
        switch found {
        case .signed: .signed(WalletApproval(claim))
        case .refused: .refused
        case .noCode: .noCode
        }
    }

    private func ask(
        _ claim: WalletClaim, _ probe: WalletProbe, since: ContinuousClock.Instant?
    ) async -> WalletAnswer {
        // Those before it in the queue may have used the budget up.
        guard state.withLock({ $0.budget.admits(claim.wallet, now: .now) }) else { return .exhausted }
        do throws(NodeFailure) {
            do throws(NodeFailure) {
                let answer = try await askOnce(claim, probe)
                if case .signed = answer { return answer }
                // The block may be older than the wallet.
                let isOld = state.withLock { state in
                    let isOld = isOlder(state, than: since)
                    if isOld { state.block = nil }
                    return isOld
                }
                return isOld ? try await askOnce(claim, probe) : answer
            } catch {
                // The chain moved: the next look is at its new head.
                guard case .inconsistent = error else { throw error }
                state.withLock { $0.block = nil }
                return try await askOnce(claim, probe)
            }
        } catch {
            state.withLock { $0.counts.failed += 1 }
            logger.debug("a wallet was not asked", metadata: ["wallet": "\(claim.wallet)", "error": "\(error)"])
            return .unknown
        }
    }

    private func askOnce(_ claim: WalletClaim, _ probe: WalletProbe) async throws(NodeFailure) -> WalletAnswer {
        let block = try await newestBlock()
        // Another question about this address may have been answered meanwhile.
        if let known = state.withLock({ $0.answers.answer(claim, at: block.hash) }) {
            return Self.answer(known, claim)
        }
        let begin = ContinuousClock.now
        state.withLock { $0.counts.asked += 1 }
        var penalty = Duration.zero
        defer { state.withLock { $0.budget.charge(claim.wallet, .now - begin + penalty, now: .now) } }
        let bytes: [UInt8]
        do throws(NodeFailure) {
            bytes = try await Self.inTime { [node] () async throws(NodeFailure) -> [UInt8] in
                try await node.run(probe, at: block)
            }
        } catch {
            if error == .tooLarge { penalty = WalletBudget.tooLarge }
            throw error
        }
        guard let found = WalletProbe.answer(bytes) else { throw .garbled("the probe answered \(bytes.count) bytes") }
        state.withLock { $0.answers.keep(found, of: claim, at: block.hash) }
        return Self.answer(found, claim)
    }

    private func newestBlock() async throws(NodeFailure) -> WalletBlock {
        if let block = state.withLock({ freshBlock($0, now: .now) }) { return block }
        let asked = ContinuousClock.now
        let block = try await Self.inTime { [node] () async throws(NodeFailure) -> WalletBlock in
            try await node.newestBlock()
        }
        state.withLock { $0.block = (block, asked) }
        return block
    }

    /// Runs `body` for at most `timeout`; what is late is cancelled.
    private static func inTime<Value: Sendable>(
        _ body: @escaping @Sendable () async throws(NodeFailure) -> Value
    ) async throws(NodeFailure) -> Value {
        let result = await withTaskGroup(of: Result<Value, NodeFailure>.self) { group in
            group.addTask {
                do throws(NodeFailure) {
                    return .success(try await body())
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                try? await Task.sleep(for: timeout)
                return .failure(.unreachable("no answer within \(timeout)"))
            }
            let first = await group.next() ?? .failure(.unreachable("nobody was asked"))
            group.cancelAll()
            return first
        }
        return try result.get()
    }
}
