/// A secret key that signs. Never shown: its descriptions hide the number.
public struct PrivateKey: Sendable {
    /// Why bytes are no secret key.
    public enum KeyError: Error, Sendable, Hashable {
        /// Not exactly 32 bytes.
        case length(Int)
        /// 0, or not below the curve's order.
        case outOfRange
    }

    private let secret: Bytes32
    /// The account that this key signs for.
    public let address: Address

    /// A key of 32 bytes, big-endian, above 0 and below the curve's order.
    public init(bytes: [UInt8]) throws(KeyError) {
        guard let secret = Bytes32(bytes: bytes) else { throw .length(bytes.count) }
        guard let address = Secp256k1.address(secret: secret) else { throw .outOfRange }
        self.secret = secret
        self.address = address
    }

    /// A new random key from the system's generator.
    public static func generate() -> PrivateKey {
        var generator = SystemRandomNumberGenerator()
        while true {
            let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            // Refused with a probability below 2^-127.
            if let key = try? PrivateKey(bytes: bytes) { return key }
        }
    }

    /// The deterministic (RFC 6979) low-s signature of a digest.
    public func sign(digest: Bytes32) -> Signature {
        guard let bytes = Secp256k1.sign(digest, secret: secret), let signature = try? Signature(parsing: bytes) else {
            preconditionFailure("a valid key signs every digest")
        }
        return signature
    }
}

extension PrivateKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The address alone.
    public var description: String { "PrivateKey(\(address))" }
    /// The address alone.
    public var debugDescription: String { description }
    /// The address alone.
    public var customMirror: Mirror { Mirror(self, children: ["address": address]) }
}
