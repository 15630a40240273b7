public import Ethereum

/// A cancel whose signer is known. Whether the named offers are the signer's is for the one who knows them.
public struct VerifiedCancel: Sendable, Hashable {
    /// How far ahead of the clock a watermark may lie, in seconds.
    public static let maxAheadSeconds: UInt64 = 60

    /// What was signed.
    public let message: CancelMessage
    /// Who signed.
    public let signer: Address
    /// The signed digest, the evidence's id.
    public let digest: Bytes32
    /// Of a plain key `r ‖ s ‖ v`, 65 bytes, v 27 or 28; of a contract wallet as it was sent.
    public let signature: [UInt8]
    /// Whether a contract wallet affirmed it: then the signature alone does not tell the signer.
    public let isByWallet: Bool

    private init(
        message: CancelMessage, signer: Address, digest: Bytes32, signature: [UInt8], isByWallet: Bool = false
    ) {
        self.message = message
        self.signer = signer
        self.digest = digest
        self.signature = signature
        self.isByWallet = isByWallet
    }

    /// Checks the watermark against the clock, then recovers the signer, who must be the writer that the message or
    /// the body names, where one is named.
    /// - Parameters:
    ///   - now: unix seconds.
    ///   - diagnosing: whether a refusal says what the signature does match; that costs up to 6 ms of one core.
    public static func verify(
        _ draft: CancelDraft, deployment: Deployment, now: UInt64, diagnosing: Bool = true
    ) throws(Rejection) -> VerifiedCancel {
        if case .all(let writer, let issuedBefore) = draft.message {
            try check(writer: writer, issuedBefore: issuedBefore, now: now)
        }
        if let writer = draft.writer, writer.isZero {
            throw Rejection(.malformed, .zeroAddress, field: "writer", "writer must not be the zero address.")
        }
        let expected = draft.message.writer ?? draft.writer
        let check = signatureCheck(draft.message, deployment, expected: expected, diagnosing: diagnosing)
        let (signature, signer) = try check.recover(draft.signature)
        // Both are named only in a cancel by time; then both must be the signer.
        if let writer = draft.writer, writer != signer {
            throw signatureCheck(draft.message, deployment, expected: writer, diagnosing: false).mismatch(
                draft.signature, recovered: signer,
                detail: "The body names \(writer) as writer, but the signature recovers to \(signer).")
        }
        return VerifiedCancel(
            message: draft.message, signer: signer, digest: check.digest, signature: signature.bytes65)
    }

    /// A cancel that the contract wallet it names affirmed; nil when the approval is of something else.
    public static func affirmed(
        _ draft: CancelDraft, deployment: Deployment, by approval: WalletApproval
    ) -> VerifiedCancel? {
        guard draft.claim(deployment) == approval.claim else { return nil }
        return VerifiedCancel(
            message: draft.message, signer: approval.claim.wallet, digest: approval.claim.digest,
            signature: draft.signature, isByWallet: true)
    }

    /// The refusal of this cancel because it names another writer's offer, with what the signature does match if that
    /// writer made it in another domain.
    /// - Parameter writer: who must have signed.
    public func refusal(writer: Address, of offerHash: Bytes32, deployment: Deployment) -> Rejection {
        Self.signatureCheck(message, deployment, expected: writer, diagnosing: true).mismatch(
            signature, recovered: signer,
            detail: "Offer \(offerHash) is \(writer)'s, but this cancel recovers to \(signer); nothing was cancelled.")
    }

    /// A cancel that was verified before it was stored.
    @_spi(Store)
    public static func stored(
        message: CancelMessage, signer: Address, digest: Bytes32, signature: [UInt8]
    ) -> VerifiedCancel {
        VerifiedCancel(message: message, signer: signer, digest: digest, signature: signature)
    }

    private static func check(writer: Address, issuedBefore: UInt64, now: UInt64) throws(Rejection) {
        if writer.isZero {
            throw Rejection(.malformed, .zeroAddress, field: "writer", "writer must not be the zero address.")
        }
        if issuedBefore > now, issuedBefore - now > maxAheadSeconds {
            throw Rejection(
                .malformed, .issuedBeforeTooLate, field: "issuedBefore",
                "issuedBefore may lie at most \(maxAheadSeconds) seconds after now (\(now)), in unix seconds.")
        }
    }

    private static func signatureCheck(
        _ message: CancelMessage, _ deployment: Deployment, expected: Address?, diagnosing: Bool
    ) -> SignatureCheck {
        let structHash = message.structHash
        return SignatureCheck(
            message: .cancel(message), structHash: structHash, digest: deployment.digest(structHash: structHash),
            expected: expected, deployment: deployment, diagnosing: diagnosing)
    }
}
