/// The statements prepared on one connection. Those beyond the capacity are parsed anew each time.
struct StatementCache {
    /// What makes two statements the same.
    struct Key: Hashable {
        let sql: String
        let types: [UInt32]
    }

    static let capacity = 256
    private var names: [Key: String] = [:]
    private var made = 0

    func name(of key: Key) -> String? { names[key] }

    /// A name for a statement to be prepared, or nil when there is no room.
    mutating func reserveName() -> String? {
        guard names.count < Self.capacity else { return nil }
        made += 1
        return "s\(made)"
    }

    mutating func insert(_ name: String, for key: Key) { names[key] = name }
}
