/// An object's members in the order they were sent. Keys are compared as bytes of their unescaped UTF-8.
public struct JSONObject: Sendable {
    /// A key's unescaped UTF-8 and its value.
    public typealias Member = (key: ArraySlice<UInt8>, value: JSONValue)

    @usableFromInline private(set) var keys: [JSONKey] = []
    @usableFromInline private(set) var values: [JSONValue] = []

    init() {}

    /// Keys and values; no two keys are equal.
    @inlinable public var members: Members { Members(self) }

    /// An object's members by their places.
    public struct Members: RandomAccessCollection, Sendable {
        @usableFromInline let object: JSONObject

        @inlinable
        init(_ object: JSONObject) { self.object = object }

        /// 0
        @inlinable public var startIndex: Int { 0 }
        /// How many members there are.
        @inlinable public var endIndex: Int { object.keys.count }

        /// The member at a place.
        @inlinable public subscript(place: Int) -> Member { (object.keys[place].bytes, object.values[place]) }
    }

    /// The value of a key, nil when it is absent. Looks at every member: meant for objects of a known, small shape.
    public subscript(_ key: StaticString) -> JSONValue? {
        guard let index = key.withUTF8Buffer({ index(of: UnsafeRawBufferPointer($0)) }) else { return nil }
        return values[index]
    }

    /// The first key that is not among those allowed, nil when every key is.
    public func firstKey(notIn allowed: [StaticString]) -> ArraySlice<UInt8>? {
        // Usually they are the very keys, in their usual order.
        if keys.count <= allowed.count, zip(keys, allowed).allSatisfy({ $0.bytes.isEqual(to: $1) }) { return nil }
        let known = allowed.compactMap { name in name.withUTF8Buffer { index(of: UnsafeRawBufferPointer($0)) } }
        guard known.count < keys.count else { return nil }
        return keys.indices.first { !known.contains($0) }.map { keys[$0].bytes }
    }

    /// Makes room for some members.
    mutating func reserve(_ count: Int) {
        keys.reserveCapacity(count)
        values.reserveCapacity(count)
    }

    /// Appends a member whose key is new.
    mutating func append(_ key: consuming JSONKey, _ value: consuming JSONValue) {
        keys.append(key)
        values.append(value)
    }

    /// How many members there are.
    var count: Int { keys.count }

    /// Whether a key is there, found by looking at each.
    func contains(_ key: JSONKey) -> Bool {
        key.bytes.withUnsafeBytes { index(of: $0) } != nil
    }

    /// All keys, in a hash table.
    var keySet: Set<JSONKey> { Set(keys) }

    private func index(of key: UnsafeRawBufferPointer) -> Int? {
        let mark = JSONKey.mark(key)
        return keys.withUnsafeBufferPointer { keys in
            for index in 0..<keys.count where keys[index].mark == mark && keys[index].bytes.isEqual(to: key) {
                return index
            }
            return nil
        }
    }
}

/// A key and a mark of it, so that a search looks at numbers and only then at bytes: equal keys have equal marks.
@usableFromInline
struct JSONKey: Hashable, Sendable {
    let mark: UInt64
    @usableFromInline let bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        mark = bytes.withUnsafeBytes { Self.mark($0) }
    }

    /// Made of the key's length, its first eight bytes and its last eight.
    static func mark(_ key: UnsafeRawBufferPointer) -> UInt64 {
        guard key.count >= 8 else { return key.reduce(UInt64(key.count)) { $0 &<< 8 | UInt64($1) } }
        let first = key.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
        let last = key.loadUnaligned(fromByteOffset: key.count - 8, as: UInt64.self)
        return (first &* 0x9e37_79b9_7f4a_7c15 ^ last) &+ UInt64(key.count)
    }

    @usableFromInline
    static func == (left: JSONKey, right: JSONKey) -> Bool {
        left.mark == right.mark && right.bytes.withUnsafeBytes { left.bytes.isEqual(to: $0) }
    }

    /// The bytes as one run: an array's own hashing takes them one by one.
    @usableFromInline
    func hash(into hasher: inout Hasher) {
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
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
