import CSecp256k1
import Synchronization

/// The one place that calls libsecp256k1.
///
/// One context serves all threads: after its creation it is only read. Its callbacks never abort the process;
/// what is called here has been checked before, so neither should ever run.
enum Secp256k1 {
    /// Set by the library's internal-error callback. After that no result can be trusted, so none is given.
    private static let faulted = Atomic<Bool>(false)

    // Created once, then only read: the library allows any number of threads to share a constant context.
    nonisolated(unsafe) private static let context: OpaquePointer = {
        guard let context = secp256k1_context_create(UInt32(SECP256K1_CONTEXT_NONE)) else {
            preconditionFailure("out of memory at start")
        }
        secp256k1_context_set_illegal_callback(context, { _, _ in }, nil)
        secp256k1_context_set_error_callback(
            context, { _, _ in Secp256k1.faulted.store(true, ordering: .relaxed) }, nil)
        // Blinds the multiplication by secret keys against side channels.
        var generator = SystemRandomNumberGenerator()
        let seed = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        _ = secp256k1_context_randomize(context, seed)
        return context
    }()

    /// The signer's address, nil when no key fits. r, s and v are in range, as a `Signature` promises.
    static func recover(_ signature: Signature, digest: Bytes32) -> Address? {
        let recoveryId = Int32(signature.v) - 27
        guard recoveryId == 0 || recoveryId == 1, !faulted.load(ordering: .relaxed) else { return nil }
        var parsed = secp256k1_ecdsa_recoverable_signature()
        var key = secp256k1_pubkey()
        let recovered =
            secp256k1_ecdsa_recoverable_signature_parse_compact(context, &parsed, signature.bytes65, recoveryId) == 1
            && secp256k1_ecdsa_recover(context, &key, &parsed, digest.array) == 1
        return recovered && !faulted.load(ordering: .relaxed) ? address(of: &key) : nil
    }

    /// The address of a secret key, nil when the number is 0 or not below the curve's order.
    static func address(secret: Bytes32) -> Address? {
        var key = secp256k1_pubkey()
        let bytes = secret.array
        let valid =
            secp256k1_ec_seckey_verify(context, bytes) == 1
            && secp256k1_ec_pubkey_create(context, &key, bytes) == 1
        return valid && !faulted.load(ordering: .relaxed) ? address(of: &key) : nil
    }

    /// Deterministic (RFC 6979), low-s signature as `r ‖ s ‖ v` of 65 bytes, nil when the key is out of range.
    static func sign(_ digest: Bytes32, secret: Bytes32) -> [UInt8]? {
        var signature = secp256k1_ecdsa_recoverable_signature()
        let signed =
            secp256k1_ecdsa_sign_recoverable(context, &signature, digest.array, secret.array, nil, nil) == 1
        guard signed, !faulted.load(ordering: .relaxed) else { return nil }
        var recoveryId: Int32 = 0
        var bytes = [UInt8](repeating: 0, count: 64)
        _ = secp256k1_ecdsa_recoverable_signature_serialize_compact(context, &bytes, &recoveryId, &signature)
        return bytes + [UInt8(truncatingIfNeeded: recoveryId)]
    }

    /// The last 20 bytes of the Keccak of the key's two coordinates (Yellow Paper, appendix F).
    private static func address(of key: inout secp256k1_pubkey) -> Address? {
        var bytes = [UInt8](repeating: 0, count: 65)
        var size = bytes.count
        guard secp256k1_ec_pubkey_serialize(context, &bytes, &size, &key, UInt32(SECP256K1_EC_UNCOMPRESSED)) == 1,
            size == bytes.count
        else { return nil }
        return Address(lowBytesOf: Keccak256.hash(bytes[1...]))
    }
}
