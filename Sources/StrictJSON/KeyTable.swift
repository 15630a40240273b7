/// Finds a second equal key of an object being read: a look at each member while they are few, a hash table after that,
/// so that many keys cost linear time. (Swift's hashing is seeded per process: nobody can aim for collisions.)
struct KeyTable {
    private static let few = 32
    private var keys: Set<Key> = []

    init() {}

    /// Whether this key, about to join the object, is new to it.
    mutating func isNew(_ key: ArraySlice<UInt8>, in object: JSONObject) -> Bool {
        guard object.members.count >= Self.few else {
            return key.withUnsafeBytes { object.index(of: $0) == nil }
        }
        if keys.isEmpty { keys = Set(object.members.map { Key(bytes: $0.key) }) }
        return keys.insert(Key(bytes: key)).inserted
    }

    /// Bytes hashed as one run instead of one by one.
    private struct Key: Hashable {
        let bytes: ArraySlice<UInt8>

        static func == (left: Key, right: Key) -> Bool {
            right.bytes.withUnsafeBytes { left.bytes.isEqual(to: $0) }
        }

        func hash(into hasher: inout Hasher) {
            bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
        }
    }
}
