/// Prepares pieces on all cores and hands each on in the order in which they came.
///
/// At most `width` pieces are in the works or waiting, so memory stays bounded when handing on is the slower part.
func inOrder<Piece: Sendable, Prepared: Sendable>(
    width: Int, next: () throws -> Piece?, prepare: @escaping @Sendable (Piece) async -> Prepared,
    handOn: (Prepared) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: (Int, Prepared).self) { group in
        var started = 0
        var handed = 0
        var waiting: [Int: Prepared] = [:]
        while let piece = started - handed < width ? try next() : nil {
            let number = started
            started += 1
            group.addTask { (number, await prepare(piece)) }
        }
        while let (number, prepared) = try await group.next() {
            waiting[number] = prepared
            while let ready = waiting.removeValue(forKey: handed) {
                handed += 1
                if let piece = try next() {
                    let number = started
                    started += 1
                    group.addTask { (number, await prepare(piece)) }
                }
                try await handOn(ready)
            }
        }
    }
}
