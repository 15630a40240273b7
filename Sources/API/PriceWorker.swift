import Market
import NIOPosix
public import ServiceLifecycle
import Synchronization

/// A thread of its own on which requests are priced, so that no simulation ever holds up another request.
public final class PriceWorker: Service {
    /// Requests that may wait for the thread.
    private static let mostWaiting = 16

    private let pool = NIOThreadPool(numberOfThreads: 1)
    private let waiting = Mutex(0)

    /// A worker whose thread begins with `run()`.
    public init() {}

    /// Works until shutdown.
    public func run() async throws {
        pool.start()
        try await gracefulShutdown()
        try await pool.shutdownGracefully()
    }

    /// Does some work on the thread, after what was asked for before it.
    /// - Throws: `overloaded` when too much is waiting or the worker does not run.
    func perform<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        let isAdmitted = waiting.withLock { count in
            guard count < Self.mostWaiting else { return false }
            count += 1
            return true
        }
        guard isAdmitted else { throw Self.overloaded }
        defer { waiting.withLock { $0 -= 1 } }
        return try await pool.runIfActive(work)
    }

    private static var overloaded: Rejection {
        Rejection(
            .unavailable, code: "overloaded", detail: "More requests wait to be priced than can be. Send it again.")
    }
}
