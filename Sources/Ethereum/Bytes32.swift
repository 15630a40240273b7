/// Thirty-two bytes in their order: a hash, an ABI word, a configuration hash.
///
/// Held as four numbers read big-endian, so that comparing words compares bytes and hashing is four words' work.
@frozen
public struct Bytes32: Sendable, Hashable {
    @usableFromInline let w0: UInt64
    @usableFromInline let w1: UInt64
    @usableFromInline let w2: UInt64
    @usableFromInline let w3: UInt64

    /// From four words, each the big-endian reading of eight bytes, the first bytes first.
    @inlinable
    public init(words w0: UInt64, _ w1: UInt64, _ w2: UInt64, _ w3: UInt64) {
        self.w0 = w0
        self.w1 = w1
        self.w2 = w2
        self.w3 = w3
    }

    /// All zero.
    @inlinable public static var zero: Bytes32 { Bytes32(words: 0, 0, 0, 0) }

    /// Whether every byte is zero.
    @inlinable public var isZero: Bool { w0 | w1 | w2 | w3 == 0 }

    /// Exactly 32 bytes, else nil.
    @inlinable
    public init?(bytes: some Collection<UInt8>) {
        let loaded = bytes.withContiguousStorageIfAvailable { Bytes32(raw: UnsafeRawBufferPointer($0)) }
        guard let value = loaded ?? Array(bytes).withUnsafeBytes({ Bytes32(raw: $0) }) else { return nil }
        self = value
    }

    /// Exactly 32 bytes of memory, else nil.
    @inlinable
    public init?(raw: UnsafeRawBufferPointer) {
        guard raw.count == 32 else { return nil }
        self.init(
            words: UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
            UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
            UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 16, as: UInt64.self)),
            UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 24, as: UInt64.self)))
    }

    /// `0x` and exactly 64 hex digits of either case, in ASCII; else nil.
    @inlinable
    public init?(hexBytes: some Collection<UInt8>) {
        let loaded = hexBytes.withContiguousStorageIfAvailable { Bytes32(hex: UnsafeRawBufferPointer($0)) }
        guard let value = loaded ?? Array(hexBytes).withUnsafeBytes({ Bytes32(hex: $0) }) else { return nil }
        self = value
    }

    /// `0x` and exactly 64 hex digits of either case; else nil.
    public init?(hex text: String) {
        self.init(hexBytes: text.utf8)
    }

    @usableFromInline
    init?(hex: UnsafeRawBufferPointer) {
        guard hex.count == 66, Hex.hasPrefix(hex),
            let w0 = Hex.word(hex, at: 2), let w1 = Hex.word(hex, at: 18),
            let w2 = Hex.word(hex, at: 34), let w3 = Hex.word(hex, at: 50)
        else { return nil }
        self.init(words: w0, w1, w2, w3)
    }

    /// Lower-case hex with `0x`, 66 characters.
    public var hex: String {
        var ascii: [UInt8] = []
        appendHex(to: &ascii)
        return String(decoding: ascii, as: UTF8.self)
    }

    /// Appends lower-case hex with `0x`, 66 bytes.
    public func appendHex(to ascii: inout [UInt8]) {
        withUnsafeBytes { Hex.append($0, to: &ascii) }
    }

    /// The bytes as an array of 32.
    public var array: [UInt8] { withUnsafeBytes { Array($0) } }

    /// Lends the 32 bytes for the length of a call.
    @inlinable
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let memory = (w0.bigEndian, w1.bigEndian, w2.bigEndian, w3.bigEndian)
        return try Swift.withUnsafeBytes(of: memory, body)
    }
}

extension Bytes32: Comparable {
    /// Byte by byte from the first.
    @inlinable
    public static func < (left: Bytes32, right: Bytes32) -> Bool {
        if left.w0 != right.w0 { return left.w0 < right.w0 }
        if left.w1 != right.w1 { return left.w1 < right.w1 }
        if left.w2 != right.w2 { return left.w2 < right.w2 }
        return left.w3 < right.w3
    }
}

extension Bytes32: CustomStringConvertible {
    /// Lower-case hex with `0x`.
    public var description: String { hex }
}
