/// A key and its mark, so that a search looks at a few numbers and hardly ever at bytes.
@usableFromInline
struct JSONKey: Hashable, Sendable {
    let mark: KeyMark
    @usableFromInline let bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        mark = bytes.withUnsafeBytes { KeyMark($0) }
    }

    @usableFromInline
    static func == (left: JSONKey, right: JSONKey) -> Bool {
        left.mark == right.mark
            && (left.mark.isWhole || right.bytes.withUnsafeBytes { left.bytes.isEqual(to: $0) })
    }

    /// The bytes as one run: an array's own hashing takes them one by one.
    @usableFromInline
    func hash(into hasher: inout Hasher) {
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

/// A key's length, its first eight bytes and its last eight: up to 16 bytes, that is the whole key.
struct KeyMark: Equatable, Sendable {
    private let count: Int
    private let first: UInt64
    private let last: UInt64

    init(_ key: UnsafeRawBufferPointer) {
        count = key.count
        if key.count >= 8 {
            first = key.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
            last = key.loadUnaligned(fromByteOffset: key.count - 8, as: UInt64.self)
        } else {
            first = key.reduce(0) { $0 &<< 8 | UInt64($1) }
            last = 0
        }
    }

    /// Whether equal marks are equal keys.
    var isWhole: Bool { count <= 16 }
}
