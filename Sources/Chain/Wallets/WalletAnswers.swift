import Ethereum
import Exchange
import Market

/// What wallets said, by the block at which they said it. Pure: answers and blocks go in.
struct WalletAnswers {
    /// Answers that are kept; past it the older ones are forgotten.
    static let capacity = 50_000

    /// What an answer is of, besides its block.
    struct Key: Hashable {
        let wallet: Address
        let digest: Bytes32
        let signatureHash: Bytes32

        init(_ claim: WalletClaim) {
            wallet = claim.wallet
            digest = claim.digest
            signatureHash = Keccak256.hash(claim.signature)
        }
    }

    private struct Entry {
        let answer: WalletProbe.Answer
        let block: Bytes32
        let at: ContinuousClock.Instant
    }

    private var answers: [Key: Entry] = [:]
    /// Addresses without code: true for every claim that carries no call of a factory.
    private var withoutCode: [Address: (block: Bytes32, at: ContinuousClock.Instant)] = [:]

    /// Answers that are kept.
    var count: Int { answers.count + withoutCode.count }

    /// What was said at `block`.
    func answer(_ claim: WalletClaim, at block: Bytes32) -> WalletProbe.Answer? {
        if let entry = answers[Key(claim)], entry.block == block { return entry.answer }
        return withoutCode[claim.wallet]?.block == block && !Self.mayDeploy(claim) ? .noCode : nil
    }

    /// What was said last, at whatever block.
    func last(
        _ claim: WalletClaim
    ) -> (answer: WalletProbe.Answer, block: Bytes32, at: ContinuousClock.Instant)? {
        if let entry = answers[Key(claim)] { return (entry.answer, entry.block, entry.at) }
        guard let (block, at) = withoutCode[claim.wallet], !Self.mayDeploy(claim) else { return nil }
        return (.noCode, block, at)
    }

    /// Keeps an answer given at `block`.
    mutating func keep(
        _ answer: WalletProbe.Answer, of claim: WalletClaim, at block: Bytes32,
        now: ContinuousClock.Instant = .now
    ) {
        if answer == .noCode, !Self.mayDeploy(claim) {
            if withoutCode.count >= Self.capacity { withoutCode = withoutCode.filter { $0.value.block == block } }
            if withoutCode.count >= Self.capacity { withoutCode.removeAll() }
            withoutCode[claim.wallet] = (block, now)
            answers[Key(claim)] = nil
            return
        }
        if answers.count >= Self.capacity { answers = answers.filter { $0.value.block == block } }
        if answers.count >= Self.capacity { answers.removeAll() }
        answers[Key(claim)] = Entry(answer: answer, block: block, at: now)
        withoutCode[claim.wallet] = nil
    }

    private static func mayDeploy(_ claim: WalletClaim) -> Bool {
        claim.signature.suffix(32).elementsEqual(ERC6492.suffix)
    }
}
