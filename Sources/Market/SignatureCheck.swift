public import Ethereum

/// The one way from bytes to a signer, for offers and cancels alike: no signer can do one and not the other.
struct SignatureCheck {
    let message: SignableMessage
    let structHash: Bytes32
    let digest: Bytes32
    /// Who must have signed; nil when the signature alone says who acts.
    let expected: Address?
    let deployment: Deployment
    let diagnosing: Bool

    /// The signature in its one accepted form and its signer.
    /// - Throws: 422, each broken rule with its own code, with what was computed wherever a signer is expected.
    func recover(_ bytes: [UInt8]) throws(Rejection) -> (Signature, Address) {
        let signature: Signature
        let signer: Address
        do {
            signature = try Signature(parsing: bytes)
            signer = try signature.recover(digest: digest)
        } catch {
            throw refusal(of: error, bytes)
        }
        if let expected, signer != expected {
            throw Rejection(
                .signature, .signatureMismatch, field: "signature",
                "The signature recovers to \(signer), not to \(expected): compare the digest and the domain with "
                    + "what was signed, and sign again.",
                findings: findings(bytes, recovered: signer))
        }
        return (signature, signer)
    }

    /// A refusal of a signature that is good in itself but another's than the one who should have signed.
    func mismatch(_ bytes: [UInt8], recovered: Address, detail: String) -> Rejection {
        Rejection(
            .signature, .signatureMismatch, field: "signature", detail, findings: findings(bytes, recovered: recovered))
    }

    private func refusal(of error: SignatureError, _ bytes: [UInt8]) -> Rejection {
        let (code, detail) = error.words
        let recovered = SignatureDoctor.lowTwin(bytes).flatMap { try? $0.recover(digest: digest) }
        return Rejection(
            .signature, code, field: "signature", detail, findings: findings(bytes, recovered: recovered))
    }

    private func findings(_ bytes: [UInt8], recovered: Address?) -> SignatureFindings? {
        guard let expected else { return nil }
        let doctor = SignatureDoctor(
            message: message, structHash: structHash, digest: digest, expected: expected, deployment: deployment)
        return SignatureFindings(
            domainSeparator: deployment.domainSeparator, structHash: structHash, digest: digest, recovered: recovered,
            expected: expected, diagnosis: diagnosing ? doctor.diagnosis(bytes) : [])
    }
}

/// Signatures over digests that are no deployment's own, as a log-in's (EIP-191), by the same rules.
public enum DigestSignature {
    /// Checks that `signer`'s own key signed `digest`.
    /// - Throws: 422, each broken rule with its own code.
    public static func verify(_ bytes: [UInt8], digest: Bytes32, signer: Address) throws(Rejection) {
        let recovered: Address
        do {
            recovered = try Signature(parsing: bytes).recover(digest: digest)
        } catch {
            let (code, detail) = error.words
            throw Rejection(.signature, code, field: "signature", detail)
        }
        guard recovered == signer else {
            throw Rejection(
                .signature, .signatureMismatch, field: "signature",
                "The signature recovers to \(recovered), not to \(signer): the message must be signed as it is sent, by "
                    + "personal_sign. Its digest here is \(digest.hex).")
        }
    }
}

extension SignatureError {
    /// The rule that is broken, and what to do.
    fileprivate var words: (Rejection.Code, String) {
        switch self {
        case .length(let count):
            (
                .signatureLength,
                "The signature has \(count) bytes; send 65 (r, s, v) or the 64 of EIP-2098. "
                    + "Any other length is a contract wallet's, and only the chain can tell."
            )
        case .recoveryId(let v):
            (.signatureV, "The signature's last byte is \(v); it must be 27 or 28 (0 and 1 are taken as well).")
        case .highS:
            (
                .signatureHighS,
                "s is in the upper half of the curve's order; send its twin: n - s in place of s, and the other v."
            )
        case .zero:
            (.signatureRange, "r and s must not be 0; this is no signature.")
        case .outOfRange:
            (.signatureRange, "r and s must be below the curve's order; this is no signature.")
        case .unrecoverable:
            (.signatureUnrecoverable, "No key fits this signature; it is damaged. Sign again.")
        }
    }
}
