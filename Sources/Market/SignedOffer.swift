public import Ethereum

/// An offer whose writer signed it. Made by verifying a plain key's signature, or from the approval of a contract wallet;
/// the third way in, `stored`, is Store's alone.
public struct SignedOffer: Sendable, Hashable {
    /// The terms.
    public let offer: Offer
    /// The hashes under which it was signed; `offerHash` is its id.
    public let hashes: OfferHashes
    /// Of a plain key `r ‖ s ‖ v`, 65 bytes, v 27 or 28, whatever form was sent; of a contract wallet as it was sent.
    public let signature: [UInt8]

    /// The name that the protocol contract's events use.
    public var encodedHash: Bytes32 { offer.encodedHash() }

    private init(offer: Offer, hashes: OfferHashes, signature: [UInt8]) {
        self.offer = offer
        self.hashes = hashes
        self.signature = signature
    }

    /// Hashes the draft and recovers its signer. Rules on the offer's terms are `OfferRules`' to check, before.
    /// - Parameters:
    ///   - hashes: the draft's hashes when the caller has them already.
    ///   - diagnosing: whether a refusal says what the signature does match; that costs up to 6 ms of one core.
    /// - Throws: 422 with what was computed.
    public static func verify(
        _ draft: Draft, deployment: Deployment, hashes: OfferHashes? = nil, diagnosing: Bool = true
    ) throws(Rejection) -> SignedOffer {
        let hashes = hashes ?? deployment.hashes(draft.offer)
        let check = SignatureCheck(
            message: .offer(draft.offer), structHash: hashes.structHash, digest: hashes.offerHash,
            expected: draft.offer.writer, deployment: deployment, diagnosing: diagnosing)
        let (signature, _) = try check.recover(draft.signature)
        return SignedOffer(offer: draft.offer, hashes: hashes, signature: signature.bytes65)
    }

    /// What is asked of its writer where that is a contract.
    public var claim: WalletClaim {
        WalletClaim(wallet: offer.writer, digest: hashes.offerHash, signature: signature)
    }

    /// An offer whose writer, a contract wallet, affirmed that it signed; nil when the approval is of something else.
    public static func affirmed(
        _ draft: Draft, deployment: Deployment, by approval: WalletApproval
    ) -> SignedOffer? {
        let signed = SignedOffer(
            offer: draft.offer, hashes: deployment.hashes(draft.offer), signature: draft.signature)
        return signed.claim == approval.claim ? signed : nil
    }

    /// An offer that was verified before it was stored.
    @_spi(Store)
    public static func stored(offer: Offer, hashes: OfferHashes, signature: [UInt8]) -> SignedOffer {
        SignedOffer(offer: offer, hashes: hashes, signature: signature)
    }
}
