public import Logging
public import ServiceLifecycle
import SocketThreads
import Synchronization

/// A session's advisory lock, held over a connection of its own: for what only one process may do at a time.
///
/// The server gives the lock to another as soon as it notices that this connection has ended, which may be before this
/// process does. What is written under the lock must therefore carry a check of its own (an epoch). Once used, the object
/// lives until ``shutdown()``.
public final class AdvisoryLock: Sendable, Service {
    private struct State {
        var isHeld = false
        var requests: [Request] = []
    }

    fileprivate enum Request {
        case acquire(CheckedContinuation<Bool, any Error>)
        case release(CheckedContinuation<Void, Never>)
    }

    private let configuration: PostgresConfiguration
    private let key: Int64
    private let logger: Logger
    private let checkInterval: Duration
    private let lost: @Sendable () -> Void
    private let thread = DedicatedThread()
    private let state = Mutex(State())

    /// A lock that is not held.
    ///
    /// - Parameters:
    ///   - key: the lock's number in the database.
    ///   - checkInterval: how often the silent connection is checked while the lock is held; an answer may take as long.
    ///   - lost: called on the lock's thread when a lock that was held is gone. It must not block.
    public init(
        configuration: PostgresConfiguration, key: Int64, logger: Logger, checkInterval: Duration = .seconds(1),
        lost: @escaping @Sendable () -> Void = {}
    ) {
        self.configuration = configuration
        self.key = key
        self.logger = logger
        self.checkInterval = checkInterval
        self.lost = lost
    }

    /// Whether the lock is held, as far as this process knows.
    public var held: Bool { state.withLock { $0.isHeld } }

    /// Takes the lock if nobody has it, connecting first where needed.
    ///
    /// - Returns: whether the lock is held now; true too when it was held before.
    /// - Throws: ``PostgresError`` when the server cannot be asked.
    public func tryAcquire() async throws -> Bool {
        try await withCheckedThrowingContinuation { submit(.acquire($0)) }
    }

    /// Gives the lock up. Without effect when it is not held.
    public func release() async {
        await withCheckedContinuation { submit(.release($0)) }
    }

    /// Waits for graceful shutdown or cancellation, then ``shutdown()``.
    public func run() async throws {
        try? await gracefulShutdown()
        await shutdown()
    }

    /// Gives the lock up and closes the connection; `lost` is not called.
    public func shutdown() async {
        thread.stop()
        await thread.ended()
        answerAll()
    }

    private func submit(_ request: Request) {
        state.withLock { $0.requests.append(request) }
        do {
            try thread.start { waker in self.work(waker) }
            thread.wake()
            // The thread may have ended between the two lines.
            if thread.isStopped { answerAll() }
        } catch {
            answerAll(PostgresError(error))
        }
    }

    private func takeRequests() -> [Request] {
        state.withLock { state in
            defer { state.requests = [] }
            return state.requests
        }
    }

    private func answerAll(_ error: PostgresError = .closed) {
        for request in takeRequests() {
            switch request {
            case .acquire(let continuation): continuation.resume(throwing: error)
            case .release(let continuation): continuation.resume()
            }
        }
    }
}

// The lock's thread.
extension AdvisoryLock {
    private func work(_ waker: Waker) {
        var connection: PostgresConnection?
        while !thread.isStopped {
            for request in takeRequests() { answer(request, &connection, waker) }
            let outcome = waitForEvents(
                socket: connection?.socket, events: .read, waker: waker,
                deadline: connection == nil ? nil : Deadline(after: checkInterval))
            guard let open = connection else { continue }
            if outcome.timedOut { _ = try? open.query("SELECT 1") }
            if !open.absorb() { drop(&connection) }
        }
        state.withLock { $0.isHeld = false }
        answerAll()
    }

    private func answer(_ request: Request, _ connection: inout PostgresConnection?, _ waker: Waker) {
        switch request {
        case .acquire(let continuation):
            let result = Result { try acquire(&connection, waker) }
            if let open = connection, !open.absorb() { drop(&connection) }
            continuation.resume(with: result)
        case .release(let continuation):
            // Ending the session releases the lock for sure.
            state.withLock { $0.isHeld = false }
            connection = nil
            continuation.resume()
        }
    }

    private func acquire(_ connection: inout PostgresConnection?, _ waker: Waker) throws -> Bool {
        if held { return true }
        let open: PostgresConnection
        if let connection {
            open = connection
        } else {
            open = try PostgresConnection(configuration, waker: waker) { self.thread.isStopped }
            open.responseTimeout = checkInterval
            connection = open
        }
        let isHeld = try open.query("SELECT pg_try_advisory_lock(\(key))").single().bool(0)
        state.withLock { $0.isHeld = isHeld }
        return isHeld
    }

    private func drop(_ connection: inout PostgresConnection?) {
        let wasHeld = state.withLock { state in
            defer { state.isHeld = false }
            return state.isHeld
        }
        if let reason = connection?.reason {
            logger.warning("lost the connection of an advisory lock", metadata: ["error": "\(reason)"])
        }
        connection = nil
        if wasHeld { lost() }
    }
}
