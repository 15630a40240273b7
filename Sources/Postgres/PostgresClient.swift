public import Logging
public import ServiceLifecycle
import Synchronization

/// A pool of connections, each with a thread of its own, so that libpq never blocks Swift's threads.
///
/// Usable before `run()` too: connections are made when they are needed. After ``shutdown()`` every call throws an error
/// of kind shutdown. While the server is known to be away calls fail at once, and one thread tries to connect again.
public final class PostgresClient: Sendable, Service {
    private let pool: Pool
    private let lastID = Atomic<UInt64>(0)

    /// A pool that has not connected yet.
    public init(configuration: PostgresConfiguration, logger: Logger) {
        pool = Pool(configuration, logger)
    }

    deinit { pool.stop() }

    /// Connects once ahead of any caller and keeps going until graceful shutdown or cancellation; then ``shutdown()``.
    public func run() async throws {
        pool.begin()
        try? await gracefulShutdown()
        await shutdown()
    }

    /// Refuses new and waiting callers, lets running ones finish (their deadlines bound that) and closes everything.
    public func shutdown() async {
        pool.stop()
        await pool.ended()
    }

    /// Runs `body` with a connection on the connection's own thread.
    ///
    /// Afterwards an open transaction is rolled back; other state a body leaves in the session (SET, LISTEN, session locks,
    /// temporary tables) stays with the connection. Cancellation takes a waiting caller out of the queue; once `body` has
    /// begun it is not interrupted and its result is returned, for it may have committed.
    /// - Throws: what `body` throws; ``PostgresError`` when there is no connection for it; `CancellationError`.
    public func withConnection<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection) throws -> Value
    ) async throws -> Value {
        let id = lastID.wrappingAdd(1, ordering: .relaxed).newValue
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let job = PoolJob(
                    run: { connection in
                        let result = Result { try body(connection) }
                        return { continuation.resume(with: result) }
                    },
                    fail: { continuation.resume(throwing: $0) })
                pool.submit(id, job)
                // The handler may have run before there was anything to cancel.
                if Task.isCancelled { pool.cancel(id) }
            }
        } onCancel: {
            pool.cancel(id)
        }
    }

    /// Runs one statement on any connection, as a transaction of its own.
    public func query(_ query: Query) async throws -> Rows {
        try await withConnection { connection in try connection.query(query) }
    }

    /// How the pool is doing.
    public var statistics: PoolStatistics { pool.statistics }
}

/// A pool's figures at one moment.
public struct PoolStatistics: Sendable, Equatable {
    /// Open connections.
    public var connections: Int
    /// Those of them nobody uses.
    public var idle: Int
    /// Callers waiting for one.
    public var waiting: Int
    /// Statements sent since the start.
    public var queries: Int
    /// Those of them that failed.
    public var failedQueries: Int
    /// Connections made to replace lost ones.
    public var reconnects: Int
    /// Since when there has been a connection, in microseconds since 1970; nil while there is none.
    public var connectedSinceMicros: Int64?
    /// Since when there has been none because the last was lost or the first failed; nil otherwise.
    public var downSinceMicros: Int64?
}
