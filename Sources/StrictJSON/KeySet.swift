/// The keys of an object being read, to find a second equal one: a look at each while they are few, a hash table after
/// that, so that many keys cost linear time. (Swift's hashing is seeded per process: nobody can aim for collisions.)
struct KeySet {
    private static let few = 16
    private var table: Set<Key> = []

    init() {}

    /// Adds a key to those of the members read so far; false when it is there already.
    mutating func insert(
        _ key: ArraySlice<UInt8>, among members: [(key: ArraySlice<UInt8>, value: JSONValue)]
    ) -> Bool {
        if members.count < Self.few {
            for member in members where Key(bytes: member.key) == Key(bytes: key) { return false }
            return true
        }
        if table.isEmpty {
            for member in members { table.insert(Key(bytes: member.key)) }
        }
        return table.insert(Key(bytes: key)).inserted
    }

    /// Bytes hashed as one run instead of one by one.
    private struct Key: Hashable {
        let bytes: ArraySlice<UInt8>

        static func == (left: Key, right: Key) -> Bool {
            left.bytes.count == right.bytes.count && left.bytes.elementsEqual(right.bytes)
        }

        func hash(into hasher: inout Hasher) {
            bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
        }
    }
}
