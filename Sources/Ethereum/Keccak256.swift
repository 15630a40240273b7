/// Keccak-256 as Ethereum uses it: the original padding byte 0x01, rate 136 bytes, 32 bytes out
/// (Keccak team, "The Keccak reference" 3.0; not NIST's SHA3-256, whose padding differs).
///
/// Nothing is allocated: bytes are absorbed straight into the sponge.
///
///     var hash = Keccak256()
///     hash.update(typeHash)
///     hash.update(ABI.word(writer))
///     let structHash = hash.finalize()
public struct Keccak256: Sendable {
    /// Bytes absorbed between two permutations: 1600 bits of state less twice 256 bits of capacity.
    static let rate = 136

    var lanes = KeccakLanes.zero
    /// Bytes of the current block absorbed so far, always below `rate`.
    var position = 0

    /// An empty sponge.
    public init() {}

    /// Absorbs bytes; the split into calls does not matter.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var index = 0
        while index < bytes.count {
            if position % 8 == 0, index + 8 <= bytes.count {
                let lane = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                xor(lane, lane: position / 8)
                advance(8)
                index += 8
            } else {
                xor(byte: bytes[index], at: position)
                advance(1)
                index += 1
            }
        }
    }

    /// Absorbs bytes; the split into calls does not matter.
    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// Absorbs bytes; the split into calls does not matter.
    public mutating func update(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// Absorbs one 32-byte word.
    public mutating func update(_ word: Bytes32) {
        if position % 8 == 0, position <= Self.rate - 32 {
            xor(word.w0.byteSwapped, lane: position / 8)
            xor(word.w1.byteSwapped, lane: position / 8 + 1)
            xor(word.w2.byteSwapped, lane: position / 8 + 2)
            xor(word.w3.byteSwapped, lane: position / 8 + 3)
            advance(32)
        } else {
            word.withUnsafeBytes { update($0) }
        }
    }

    /// The hash of everything absorbed; the sponge itself is not changed, so more may follow.
    public func finalize() -> Bytes32 {
        var last = self
        last.xor(byte: 0x01, at: position)
        last.xor(byte: 0x80, at: Self.rate - 1)
        last.lanes.permute()
        let out = last.lanes.words
        return Bytes32(
            words: out.0.byteSwapped, out.1.byteSwapped, out.2.byteSwapped, out.3.byteSwapped)
    }

    /// The hash of some bytes.
    public static func hash(_ bytes: UnsafeRawBufferPointer) -> Bytes32 {
        var sponge = Keccak256()
        sponge.update(bytes)
        return sponge.finalize()
    }

    /// The hash of some bytes.
    public static func hash(_ bytes: [UInt8]) -> Bytes32 {
        bytes.withUnsafeBytes { hash($0) }
    }

    /// The hash of some bytes.
    public static func hash(_ bytes: ArraySlice<UInt8>) -> Bytes32 {
        bytes.withUnsafeBytes { hash($0) }
    }

    /// The hash of a string's UTF-8, as in type hashes and event topics.
    public static func hash(utf8 text: String) -> Bytes32 {
        hash(Array(text.utf8))
    }

    @inline(__always)
    private mutating func advance(_ count: Int) {
        position += count
        if position == Self.rate {
            lanes.permute()
            position = 0
        }
    }

    @inline(__always)
    private mutating func xor(byte: UInt8, at offset: Int) {
        xor(UInt64(byte) &<< UInt64(offset % 8 * 8), lane: offset / 8)
    }

    @inline(__always)
    private mutating func xor(_ value: UInt64, lane: Int) {
        withUnsafeMutableBytes(of: &lanes.words) { raw in
            let old = raw.load(fromByteOffset: lane * 8, as: UInt64.self)
            raw.storeBytes(of: old ^ value, toByteOffset: lane * 8, as: UInt64.self)
        }
    }
}
