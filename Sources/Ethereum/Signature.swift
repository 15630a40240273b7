/// Why bytes are no plain key's signature, or name no signer.
public enum SignatureError: Error, Sendable, Hashable {
    /// Neither 65 bytes nor 64 (EIP-2098).
    case length(Int)
    /// The last of 65 bytes is not 27, 28, 0 or 1.
    case recoveryId(UInt8)
    /// r or s is 0.
    case zero
    /// r or s is not below the curve's order.
    case outOfRange
    /// s is above half the curve's order: the other, malleable form of a signature (EIP-2).
    case highS
    /// No public key belongs to this r.
    case unrecoverable
}

/// A plain key's signature in its one accepted form: 0 < r < n, 0 < s ≤ n/2, v 27 or 28.
public struct Signature: Sendable, Hashable {
    /// x of the nonce's point.
    public let r: Bytes32
    /// The proof, in the lower half of the order.
    public let s: Bytes32
    /// 27 or 28: the parity of the nonce's point.
    public let v: UInt8

    /// Half of the curve's order n, rounded down.
    private static let halfOrder = Bytes32(
        words: 0x7fff_ffff_ffff_ffff, 0xffff_ffff_ffff_ffff, 0x5d57_6e73_57a4_501d, 0xdfe9_2f46_681b_20a0)
    /// The curve's order n.
    static let order = Bytes32(
        words: 0xffff_ffff_ffff_ffff, 0xffff_ffff_ffff_fffe, 0xbaae_dce6_af48_a03b, 0xbfd2_5e8c_d036_4141)

    /// Reads `r ‖ s ‖ v` of 65 bytes (v 27, 28, 0 or 1) or EIP-2098's 64 bytes.
    public init(parsing bytes: [UInt8]) throws(SignatureError) {
        guard bytes.count == 64 || bytes.count == 65, let r = Bytes32(bytes: bytes[..<32]),
            var s = Bytes32(bytes: bytes[32..<64])
        else { throw .length(bytes.count) }
        var v: UInt8
        if bytes.count == 65 {
            v = bytes[64]
            if v < 2 { v += 27 }
            guard v == 27 || v == 28 else { throw .recoveryId(bytes[64]) }
        } else {
            v = s.w0 >> 63 == 0 ? 27 : 28
            s = Bytes32(words: s.w0 & (.max >> 1), s.w1, s.w2, s.w3)
        }
        guard !r.isZero, !s.isZero else { throw .zero }
        guard r < Self.order, s < Self.order else { throw .outOfRange }
        guard s <= Self.halfOrder else { throw .highS }
        self.r = r
        self.s = s
        self.v = v
    }

    /// `r ‖ s ‖ v`, v 27 or 28.
    public var bytes65: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(65)
        r.withUnsafeBytes { bytes.append(contentsOf: $0) }
        s.withUnsafeBytes { bytes.append(contentsOf: $0) }
        bytes.append(v)
        return bytes
    }

    /// EIP-2098's 64 bytes: r, then s with the parity in its top bit.
    public var compact64: [UInt8] {
        let packed = Bytes32(words: s.w0 | UInt64(v - 27) << 63, s.w1, s.w2, s.w3)
        return r.array + packed.array
    }

    /// The address whose key signed the digest. Costs about 60 µs, all of it elliptic-curve work.
    public func recover(digest: Bytes32) throws(SignatureError) -> Address {
        guard let address = Secp256k1.recover(self, digest: digest) else { throw .unrecoverable }
        return address
    }
}
