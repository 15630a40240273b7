/// A twenty-byte account or contract address.
@frozen
public struct Address: Sendable, Hashable {
    /// Big-endian readings of bytes 0…7, 8…15 and 16…19, so that comparing them compares bytes.
    @usableFromInline let w0: UInt64
    @usableFromInline let w1: UInt64
    @usableFromInline let w2: UInt32

    @inlinable
    init(words w0: UInt64, _ w1: UInt64, _ w2: UInt32) {
        self.w0 = w0
        self.w1 = w1
        self.w2 = w2
    }

    /// The zero address.
    @inlinable public static var zero: Address { Address(words: 0, 0, 0) }

    /// Whether this is the zero address.
    @inlinable public var isZero: Bool { w0 == 0 && w1 == 0 && w2 == 0 }

    /// Exactly 20 bytes, else nil.
    @inlinable
    public init?(bytes: some Collection<UInt8>) {
        let loaded = bytes.withContiguousStorageIfAvailable { Address(raw: UnsafeRawBufferPointer($0)) }
        guard let value = loaded ?? Array(bytes).withUnsafeBytes({ Address(raw: $0) }) else { return nil }
        self = value
    }

    /// Exactly 20 bytes of memory, else nil.
    @inlinable
    public init?(raw: UnsafeRawBufferPointer) {
        guard raw.count == 20 else { return nil }
        self.init(
            words: UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
            UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
            UInt32(bigEndian: raw.loadUnaligned(fromByteOffset: 16, as: UInt32.self)))
    }

    /// The address in the last 20 bytes of an ABI word; nil when the first 12 are not zero.
    @inlinable
    public init?(word: Bytes32) {
        guard word.w0 == 0, word.w1 >> 32 == 0 else { return nil }
        self.init(lowBytesOf: word)
    }

    /// The last 20 bytes of a word, the rest ignored: an address from the hash of a public key.
    @inlinable
    init(lowBytesOf word: Bytes32) {
        self.init(
            words: word.w1 &<< 32 | word.w2 &>> 32, word.w2 &<< 32 | word.w3 &>> 32, UInt32(truncatingIfNeeded: word.w3)
        )
    }

    /// The ABI word: 12 zero bytes and the address.
    @inlinable public var word: Bytes32 {
        Bytes32(words: 0, w0 &>> 32, w0 &<< 32 | w1 &>> 32, w1 &<< 32 | UInt64(w2))
    }

    /// The bytes as an array of 20.
    public var array: [UInt8] { withUnsafeBytes { Array($0) } }

    /// Lends the 20 bytes for the length of a call.
    @inlinable
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let memory = (w0.bigEndian, w1.bigEndian, w2.bigEndian)
        return try Swift.withUnsafeBytes(of: memory) { (raw) throws(Failure) in
            try body(UnsafeRawBufferPointer(rebasing: raw.prefix(20)))
        }
    }
}

extension Address: Comparable {
    /// Byte by byte from the first.
    @inlinable
    public static func < (left: Address, right: Address) -> Bool {
        if left.w0 != right.w0 { return left.w0 < right.w0 }
        if left.w1 != right.w1 { return left.w1 < right.w1 }
        return left.w2 < right.w2
    }
}

extension Address: CustomStringConvertible {
    /// The EIP-55 form.
    public var description: String { checksummed }
}
