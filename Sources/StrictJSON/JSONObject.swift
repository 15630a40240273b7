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
        key.withUTF8Buffer { index(of: UnsafeRawBufferPointer($0)) }.map { values[$0] }
    }

    /// Whether the keys are the first of these, in this order, as programs write them: then a member's place is known.
    public func follows(_ order: [StaticString]) -> Bool {
        keys.count <= order.count && (0..<keys.count).allSatisfy { isKey(order[$0], at: $0) }
    }

    /// The first key that is not among those allowed, nil when every key is.
    public func firstKey(notIn allowed: [StaticString]) -> ArraySlice<UInt8>? {
        if follows(allowed) { return nil }
        let known = allowed.compactMap { name in name.withUTF8Buffer { index(of: UnsafeRawBufferPointer($0)) } }
        guard known.count < keys.count else { return nil }
        return keys.indices.first { !known.contains($0) }.map { keys[$0].bytes }
    }

    /// Makes room for some members.
    mutating func reserve(_ count: Int) {
        keys.reserveCapacity(count)
        values.reserveCapacity(count)
    }

    /// Appends a key that is new; its value is appended next.
    mutating func append(key: consuming JSONKey) { keys.append(key) }

    /// Appends the value of the last key.
    mutating func append(value: consuming JSONValue) { values.append(value) }

    /// The key appended last.
    var lastKey: ArraySlice<UInt8> { keys.last?.bytes ?? [] }

    /// How many members there are.
    var count: Int { keys.count }

    /// Whether a key is there, found by looking at each.
    func contains(_ key: JSONKey) -> Bool {
        key.bytes.withUnsafeBytes { index(of: $0) } != nil
    }

    /// All keys, in a hash table.
    var keySet: Set<JSONKey> { Set(keys) }

    private func index(of key: UnsafeRawBufferPointer) -> Int? {
        let mark = KeyMark(key)
        return keys.withUnsafeBufferPointer { keys in
            (0..<keys.count).first { keys[$0].mark == mark && (mark.isWhole || keys[$0].bytes.isEqual(to: key)) }
        }
    }

    private func isKey(_ name: StaticString, at place: Int) -> Bool {
        name.withUTF8Buffer { name in
            let mark = KeyMark(UnsafeRawBufferPointer(name))
            return keys[place].mark == mark
                && (mark.isWhole || keys[place].bytes.isEqual(to: UnsafeRawBufferPointer(name)))
        }
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
