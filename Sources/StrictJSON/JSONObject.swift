/// An object's members in the order they were sent. Keys are compared as bytes of their unescaped UTF-8.
public struct JSONObject: Sendable {
    /// A key's unescaped UTF-8 and its value.
    public typealias Member = (key: ArraySlice<UInt8>, value: JSONValue)

    /// Keys and values; no two keys are equal.
    public private(set) var members: [Member] = []
    /// A mark of each key, so that a search looks at numbers and only then at bytes. Equal keys have equal marks.
    private var marks: [UInt64] = []

    init() {}

    /// The value of a key, nil when it is absent. Looks at every member: meant for objects of a known, small shape.
    public subscript(_ key: StaticString) -> JSONValue? {
        key.withUTF8Buffer { index(of: UnsafeRawBufferPointer($0)) }.map { members[$0].value }
    }

    /// The first key that is not among those allowed, nil when every key is.
    public func firstKey(notIn allowed: [StaticString]) -> ArraySlice<UInt8>? {
        let known = allowed.compactMap { name in name.withUTF8Buffer { index(of: UnsafeRawBufferPointer($0)) } }
        guard known.count < members.count else { return nil }
        return members.indices.first { !known.contains($0) }.map { members[$0].key }
    }

    /// Makes room for some members.
    mutating func reserve(_ count: Int) {
        members.reserveCapacity(count)
        marks.reserveCapacity(count)
    }

    /// Appends a member whose key is new.
    mutating func append(_ key: consuming ArraySlice<UInt8>, _ value: consuming JSONValue) {
        marks.append(key.withUnsafeBytes { Self.mark($0) })
        members.append((key, value))
    }

    func index(of key: UnsafeRawBufferPointer) -> Int? {
        let mark = Self.mark(key)
        return marks.indices.first { marks[$0] == mark && members[$0].key.isEqual(to: key) }
    }

    /// Made of the key's length, its first eight bytes and its last eight.
    private static func mark(_ key: UnsafeRawBufferPointer) -> UInt64 {
        guard key.count >= 8 else { return key.reduce(UInt64(key.count)) { $0 &<< 8 | UInt64($1) } }
        let first = key.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
        let last = key.loadUnaligned(fromByteOffset: key.count - 8, as: UInt64.self)
        return (first &* 0x9e37_79b9_7f4a_7c15 ^ last) &+ UInt64(key.count)
    }
}

extension ArraySlice<UInt8> {
    /// Whether these bytes are the string's UTF-8.
    public func isEqual(to text: StaticString) -> Bool {
        text.withUTF8Buffer { isEqual(to: UnsafeRawBufferPointer($0)) }
    }

    /// Whether these bytes are the same as others.
    func isEqual(to other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        return withUnsafeBytes { mine in
            for index in 0..<mine.count where mine[index] != other[index] { return false }
            return true
        }
    }
}
