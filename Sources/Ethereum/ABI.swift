/// Words of the contract ABI: 32 bytes a value, numbers big-endian, shorter ones padded in front.
public enum ABI {
    /// address
    @inlinable
    public static func word(_ value: Address) -> Bytes32 { value.word }

    /// bool: 0 or 1
    @inlinable
    public static func word(_ value: Bool) -> Bytes32 { Bytes32(words: 0, 0, 0, value ? 1 : 0) }

    /// uint256
    @inlinable
    public static func word(_ value: UInt256) -> Bytes32 { value.bigEndian }

    /// uint8 … uint64; the width makes no difference to the word.
    @inlinable
    public static func word(_ value: UInt64) -> Bytes32 { Bytes32(words: 0, 0, 0, value) }

    /// uint16
    @inlinable
    public static func word(_ value: UInt16) -> Bytes32 { word(UInt64(value)) }

    /// uint32
    @inlinable
    public static func word(_ value: UInt32) -> Bytes32 { word(UInt64(value)) }

    /// bytes32
    @inlinable
    public static func word(_ value: Bytes32) -> Bytes32 { value }
}

/// `abi.encode` of static values: 32 bytes each, one after the other.
public struct ABIEncoder: Sendable {
    /// The encoding so far.
    public private(set) var bytes: [UInt8]

    /// An empty encoding with room for some words.
    public init(capacity words: Int = 12) {
        bytes = []
        bytes.reserveCapacity(words * 32)
    }

    /// Appends a word; see `ABI.word` for values of other types.
    public mutating func append(_ word: Bytes32) {
        word.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }

    /// Appends the tail of a `bytes` value: its length, then the bytes, padded behind to whole words.
    public mutating func append(bytes value: [UInt8]) {
        append(ABI.word(UInt64(value.count)))
        bytes.append(contentsOf: value)
        bytes.append(contentsOf: repeatElement(0, count: (32 - value.count % 32) % 32))
    }

    /// Keccak-256 of the encoding.
    public var keccak: Bytes32 { Keccak256.hash(bytes) }
}

/// The hash of an EIP-712 type string as `Mail(address from,address to)`, or of an event's signature.
public func typeHash(_ type: String) -> Bytes32 {
    Keccak256.hash(utf8: type)
}
