import UnixSignals

/// Work without an end of its own: SIGINT and SIGTERM end it well.
enum UntilInterrupted {
    /// Runs `body` until it throws or a signal comes.
    static func run(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup { group in
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { return }
            }
            group.addTask { try await body() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
