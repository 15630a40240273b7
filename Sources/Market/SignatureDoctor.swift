import Ethereum

/// Finds out what a refused signature was made over, by trying the mistakes that makers make: for each one the digest
/// it would have led to, and whether the signature recovers to the writer over it.
///
/// Bounded: at most `maxRecoveries` recoveries of about 60 µs, and none after the first match.
struct SignatureDoctor {
    static let maxRecoveries = 112

    let message: SignableMessage
    let structHash: Bytes32
    /// What should have been signed.
    let digest: Bytes32
    /// Who should have signed.
    let expected: Address
    let deployment: Deployment

    /// One mistake: what to say, and the digest that it leads to.
    struct Mistake {
        let text: String
        let digest: Bytes32
    }

    /// What the signature matches: `matches …`, or nothing.
    func diagnosis(_ bytes: [UInt8]) -> [String] {
        var left = Self.maxRecoveries
        func matches(_ signature: Signature, _ digest: Bytes32) -> Bool {
            guard left > 0 else { return false }
            left -= 1
            return (try? signature.recover(digest: digest)) == expected
        }
        for reading in Self.otherReadings(bytes) where matches(reading.signature, digest) { return [reading.text] }
        guard let signature = (try? Signature(parsing: bytes)) ?? Self.lowTwin(bytes) else { return [] }
        for mistakes in [domainMistakes, wrappingMistakes, structMistakes] {
            for mistake in mistakes() where matches(signature, mistake.digest) { return [mistake.text] }
        }
        return []
    }

    /// Other signatures that the bytes may have been meant for.
    static func otherReadings(_ bytes: [UInt8]) -> [(text: String, signature: Signature)] {
        var readings: [(text: String, signature: Signature)] = []
        if let twin = lowTwin(bytes) {
            readings.append(("matches as its low-s twin (n - s in place of s, v = \(twin.v))", twin))
        }
        if bytes.count == 65 {
            let own: UInt8? = (try? Signature(parsing: bytes))?.v
            for v: UInt8 in [27, 28] where v != own {
                if let other = try? Signature(parsing: Array(bytes[..<64]) + [v]) {
                    readings.append(("matches with v = \(v)", other))
                }
            }
            if let moved = try? Signature(parsing: Array(bytes[1...] + bytes[..<1])) {
                readings.append(("matches with v moved from the front to the end", moved))
            }
        }
        if bytes.count == 64 {
            for v: UInt8 in [27, 28] {
                if let whole = try? Signature(parsing: bytes + [v]) {
                    readings.append(("matches with v = \(v) appended (65 bytes)", whole))
                }
            }
        }
        if bytes.count == 66, let cut = try? Signature(parsing: Array(bytes[..<65])) {
            readings.append(("matches without its last byte", cut))
        }
        return readings
    }

    /// The accepted twin of a signature whose s is in the upper half: n − s and the other v; nil for any other.
    static func lowTwin(_ bytes: [UInt8]) -> Signature? {
        guard bytes.count == 65, let s = Bytes32(bytes: bytes[32..<64]) else { return nil }
        let v = bytes[64] < 2 ? bytes[64] + 27 : bytes[64]
        guard v == 27 || v == 28, UInt256(s) > halfOrder else { return nil }
        let (twin, negative) = order.subtractingReportingOverflow(UInt256(s))
        guard !negative else { return nil }
        return try? Signature(parsing: Array(bytes[..<32]) + twin.bigEndian.array + [55 - v])
    }

    /// The order n of secp256k1 (SEC 2, 2.4.1).
    private static let order = UInt256(
        limbs: 0xbfd2_5e8c_d036_4141, 0xbaae_dce6_af48_a03b, 0xffff_ffff_ffff_fffe, 0xffff_ffff_ffff_ffff)
    /// n / 2, rounded down.
    private static let halfOrder = UInt256(
        limbs: 0xdfe9_2f46_681b_20a0, 0x5d57_6e73_57a4_501d, 0xffff_ffff_ffff_ffff, 0x7fff_ffff_ffff_ffff)
}
