/// Finds a second equal key of an object being read: a look at each member while they are few, a hash table after that,
/// so that many keys cost linear time. (Swift's hashing is seeded per process: nobody can aim for collisions.)
struct KeyTable {
    private static let few = 32
    private var keys: Set<JSONKey> = []

    init() {}

    /// Whether this key, about to join the object, is new to it.
    @inline(__always)
    mutating func isNew(_ key: JSONKey, in object: borrowing JSONObject) -> Bool {
        if object.count < Self.few { return !object.contains(key) }
        if keys.isEmpty { keys = object.keySet }
        return keys.insert(key).inserted
    }
}
