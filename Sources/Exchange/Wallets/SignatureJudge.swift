public import Market

/// Has the last word on a signature that is no plain key's of the address it should be of: that address may be a contract
/// wallet, which is asked. One judge for offers, cancels, the approval of settlements and log-in, so that no signer can
/// do one and not the other.
public struct SignatureJudge: Sendable {
    private let wallets: (any Wallets)?

    /// Without `wallets`, where no node is configured, there are plain keys only.
    public init(wallets: (any Wallets)?) {
        self.wallets = wallets
    }

    /// Whether contract wallets are served.
    public var servesWallets: Bool { wallets != nil }

    /// Asks the wallet about a signature that is no plain key's of its address.
    /// - Parameter refusal: why it is none; what is said when there is no contract.
    /// - Throws: 422 when the wallet did not sign; 503 when it cannot be asked.
    public func approval(of claim: WalletClaim, refusal: Rejection) async throws(Rejection) -> WalletApproval {
        guard let wallets, refusal.kind == .signature else { throw refusal }
        switch await wallets.answer(claim, since: .now) {
        case .signed(let approval): return approval
        case .noCode: throw refusal
        case .refused:
            throw Rejection(
                .signature, code: "wallet_refused", field: "signature",
                detail:
                    "The contract wallet \(claim.wallet) does not accept this signature (EIP-1271): compare the digest "
                    + "with what was signed, and the wallet's owners and threshold with who signed.",
                findings: refusal.findings)
        case .unknown:
            throw Rejection(
                .unavailable, code: "wallet_unavailable", field: "signature",
                detail:
                    "This is no plain key's signature of \(claim.wallet), and whether it is a contract wallet's could "
                    + "not be asked of the chain in time. Nothing was stored; send it again.")
        case .exhausted:
            throw Rejection(
                .unavailable, code: "wallet_busy", field: "signature",
                detail:
                    "The checks of \(claim.wallet) take too long or are too many at once. Nothing was stored; send it "
                    + "again in a while.")
        }
    }
}
