import Ethereum
import Exchange
import Logging
import Market
import Synchronization
import Testing

@testable import Chain

/// A node whose blocks and answers the test sets.
private final class ScriptedWalletNode: WalletNode {
    struct State {
        var block = WalletBlock(number: 1, hash: Keccak256.hash([1]))
        var answer: Result<[UInt8], NodeFailure> = .success([])
        var newestFailure: NodeFailure?
        var runs = 0
        var probes: [WalletProbe] = []
    }
    let state = Mutex(State())
    /// What a run waits for, when there is something.
    let gate: AsyncStream<Void>?
    let entered: AsyncStream<Void>.Continuation?

    init(gate: AsyncStream<Void>? = nil, entered: AsyncStream<Void>.Continuation? = nil) {
        self.gate = gate
        self.entered = entered
    }

    func newestBlock() async throws(NodeFailure) -> WalletBlock {
        let (block, failure) = state.withLock { ($0.block, $0.newestFailure) }
        if let failure { throw failure }
        return block
    }

    func run(_ probe: WalletProbe, at block: WalletBlock) async throws(NodeFailure) -> [UInt8] {
        entered?.yield()
        if let gate { for await _ in gate { break } }
        let result = state.withLock { state in
            state.runs += 1
            state.probes.append(probe)
            return state.block == block ? state.answer : .failure(.inconsistent("another block"))
        }
        return try result.get()
    }
}

@Suite struct ContractWalletsTests {
    private let claim = WalletClaim(
        wallet: Address(bytes: [UInt8](repeating: 7, count: 20)) ?? .zero, digest: Keccak256.hash([7]), signature: [7])
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func words(_ values: [UInt64], _ last: Bytes32) -> [UInt8] {
        values.flatMap { ABI.word($0).array } + last.array
    }

    private var magic: Bytes32 { Bytes32(bytes: EIP1271.magic + [UInt8](repeating: 0, count: 28)) ?? .zero }

    @Test func `An answer is remembered for its block; no failure ever is`() async {
        let node = ScriptedWalletNode()
        let wallets = ContractWallets(node: node, blockLifetime: .seconds(3_600), logger: logger)
        let failures: [NodeFailure] = [
            .unreachable("no"), .refused(RPCError(code: -32_000, message: "out of gas")), .tooLarge, .garbled("what"),
        ]
        for failure in failures {
            node.state.withLock { $0.answer = .failure(failure) }
            #expect(await wallets.answer(claim, since: nil) == .unknown)
        }
        node.state.withLock { $0.answer = .success([1, 2, 3]) }
        #expect(await wallets.answer(claim, since: nil) == .unknown)
        #expect(wallets.known(claim) == nil)
        node.state.withLock { $0.answer = .success(self.words([562, 1, 32], self.magic)) }
        let before = node.state.withLock { $0.runs }
        for _ in 0..<5 {
            guard case .signed(let approval) = await wallets.answer(claim, since: nil) else {
                Issue.record("not signed")
                return
            }
            #expect(approval.claim == claim)
        }
        #expect(node.state.withLock { $0.runs } == before + 1)
        #expect(wallets.known(claim)?.isCurrent == true)
        #expect(wallets.counts.remembered == 4)
    }

    @Test func `Answers too large to be read use up what a wallet may cost, however quickly they come`() async {
        let node = ScriptedWalletNode()
        let wallets = ContractWallets(node: node, blockLifetime: .seconds(3_600), logger: logger)
        node.state.withLock { $0.answer = .failure(.tooLarge) }
        var answers: [WalletAnswer] = []
        for _ in 0..<6 { answers.append(await wallets.answer(claim, since: nil)) }
        #expect(answers == [.unknown, .unknown, .unknown, .exhausted, .exhausted, .exhausted])
        #expect(node.state.withLock { $0.runs } == 3)
        // Others are asked as before.
        let other = WalletClaim(wallet: .zero, digest: claim.digest, signature: [])
        #expect(await wallets.answer(other, since: nil) == .unknown)
    }

    @Test func `The probe that is run carries what is asked, and the gas it was told`() async {
        let node = ScriptedWalletNode()
        let wallets = ContractWallets(
            node: node, walletGas: 123_456, blockLifetime: .seconds(3_600), logger: logger)
        node.state.withLock { $0.answer = .success(self.words([1, 0, 0], .zero)) }
        #expect(await wallets.answer(claim, since: nil) == .refused)
        let probe = try? WalletProbe(
            wallet: claim.wallet, digest: claim.digest, signature: claim.signature, walletGas: 123_456)
        #expect(node.state.withLock { $0.probes } == [probe])
        let broken = WalletClaim(wallet: claim.wallet, digest: claim.digest, signature: ERC6492.suffix)
        #expect(await wallets.answer(broken, since: nil) == .refused)
        #expect(node.state.withLock { $0.runs } == 1)
    }

    @Test func `An answer of another block than meant is none: the new head is looked at`() async {
        let node = ScriptedWalletNode()
        let wallets = ContractWallets(node: node, blockLifetime: .seconds(3_600), logger: logger)
        node.state.withLock { $0.answer = .success(self.words([0, 1, 0], .zero)) }
        #expect(await wallets.answer(claim, since: nil) == .noCode)
        let other = WalletClaim(wallet: .zero, digest: claim.digest, signature: [])
        node.state.withLock { $0.block = WalletBlock(number: 1, hash: Keccak256.hash([2])) }
        #expect(await wallets.answer(other, since: nil) == .noCode)
        #expect(node.state.withLock { $0.runs } == 3)
        #expect(wallets.known(claim)?.isCurrent == false)
    }

    @Test func `Who deploys a wallet and posts at once is not told that there is none`() async {
        let node = ScriptedWalletNode()
        let wallets = ContractWallets(node: node, blockLifetime: .seconds(3_600), logger: logger)
        node.state.withLock { $0.answer = .success(self.words([0, 1, 0], .zero)) }
        #expect(await wallets.answer(claim, since: .now) == .noCode)
        node.state.withLock { state in
            state.block = WalletBlock(number: 2, hash: Keccak256.hash([2]))
            state.answer = .success(self.words([562, 1, 32], self.magic))
        }
        // A block known a moment ago does for a look behind the answers.
        #expect(await wallets.answer(claim, since: nil) == .noCode)
        guard case .signed = await wallets.answer(claim, since: .now) else {
            Issue.record("the newest block was not asked for")
            return
        }
        let before = node.state.withLock { $0.runs }
        guard case .signed = await wallets.answer(claim, since: .now) else {
            Issue.record("an approval at a known block does")
            return
        }
        #expect(node.state.withLock { $0.runs } == before)
    }

    @Test func `The same question at the same time is asked once`() async {
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let (entering, entered) = AsyncStream.makeStream(of: Void.self)
        let node = ScriptedWalletNode(gate: gate, entered: entered)
        node.state.withLock { $0.answer = .success(self.words([562, 1, 32], self.magic)) }
        let wallets = ContractWallets(node: node, blockLifetime: .seconds(3_600), logger: logger)
        let claim = claim
        await withTaskGroup(of: WalletAnswer.self) { group in
            for _ in 0..<20 { group.addTask { await wallets.answer(claim, since: nil) } }
            for await _ in entering { break }
            open.yield()
            open.finish()
            for await answer in group {
                guard case .signed = answer else {
                    Issue.record("\(answer)")
                    continue
                }
            }
        }
        #expect(node.state.withLock { $0.runs } == 1)
    }

    @Test func `Without a newest block nothing is known`() async {
        let node = ScriptedWalletNode()
        node.state.withLock { $0.newestFailure = .unreachable("no") }
        let wallets = ContractWallets(node: node, blockLifetime: .seconds(3_600), logger: logger)
        #expect(await wallets.answer(claim, since: nil) == .unknown)
        #expect(node.state.withLock { $0.runs } == 0)
        let refusal = Rejection(.signature, code: "signature_length", detail: "")
        let judge = SignatureJudge(wallets: wallets)
        await #expect(throws: Rejection.self) { try await judge.approval(of: claim, refusal: refusal) }
        do throws(Rejection) {
            _ = try await judge.approval(of: claim, refusal: refusal)
        } catch {
            #expect(error.kind == .unavailable && error.code == "wallet_unavailable")
        }
    }
}
