import Ethereum

/// Nonces that every process of a deployment knows for its own, without keeping them: seconds since 1970, chance, and a tag
/// under the deployment's secret, as hexadecimal digits. That each is used once is the session table's affair.
struct SignInNonce: Sendable {
    /// How long one is good for, seconds.
    static let lifetime: UInt64 = 600
    private static let chance = 12
    private static let tag = 12

    private let key: [UInt8]

    /// Nonces under a secret that all processes of a deployment share.
    init(key: [UInt8]) { self.key = key }

    /// A new one.
    func make(now: UInt64) -> String {
        let payload =
            withUnsafeBytes(of: now.bigEndian, Array.init)
            + (0..<Self.chance).map { _ in UInt8.random(in: .min ... .max) }
        return String(Hex.encode(payload + tag(payload)).dropFirst(2))
    }

    /// When one that was made here ends, unix seconds; nil for any other text.
    func end(of text: String) -> UInt64? {
        guard let bytes = Hex.decode(Array("0x\(text)".utf8)), bytes.count == 8 + Self.chance + Self.tag else {
            return nil
        }
        let payload = Array(bytes.dropLast(Self.tag))
        var difference: UInt8 = 0
        for (given, right) in zip(bytes.suffix(Self.tag), tag(payload)) { difference |= given ^ right }
        guard difference == 0 else { return nil }
        return payload.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } &+ Self.lifetime
    }

    /// `keccak256(key ‖ a name ‖ payload)`, cut: a sponge needs no HMAC.
    private func tag(_ payload: [UInt8]) -> [UInt8] {
        Array(Keccak256.hash(key + Array("sign-in nonce".utf8) + payload).array.prefix(Self.tag))
    }
}
