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
        while bytes.count - index >= Self.rate - position {
            let room = Self.rate - position
            xor(UnsafeRawBufferPointer(rebasing: bytes[index..<(index + room)]))
            lanes.permute()
            position = 0
            index += room
        }
        xor(UnsafeRawBufferPointer(rebasing: bytes[index...]))
        position += bytes.count - index
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
        word.withUnsafeBytes { update($0) }
    }

    /// The hash of everything absorbed; the sponge itself is not changed, so more may follow.
    public func finalize() -> Bytes32 {
        var last = self
        Swift.withUnsafeMutableBytes(of: &last.lanes.words) { state in
            state[position] ^= 0x01
            state[Self.rate - 1] ^= 0x80
        }
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

    /// Adds bytes to the state at `position`, where there is room for them, eight at a time. In memory the state is
    /// its lanes' bytes in order, as lanes are little-endian and so is every machine that Swift runs on.
    private mutating func xor(_ bytes: UnsafeRawBufferPointer) {
        let start = position
        withUnsafeMutableBytes(of: &lanes.words) { state in
            var index = 0
            while index + 8 <= bytes.count {
                let old = state.loadUnaligned(fromByteOffset: start + index, as: UInt64.self)
                let new = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                state.storeBytes(of: old ^ new, toByteOffset: start + index, as: UInt64.self)
                index += 8
            }
            while index < bytes.count {
                state[start + index] ^= bytes[index]
                index += 1
            }
        }
    }
}
