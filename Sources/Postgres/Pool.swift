import Logging
import SocketThreads
import Synchronization

/// One caller's work, run on a connection's thread.
struct PoolJob: Sendable {
    /// Does the work and returns what resumes the caller.
    let run: @Sendable (PostgresConnection) -> @Sendable () -> Void
    let fail: @Sendable (any Error) -> Void
}

/// The threads of a pool. They hold it, so it lives until it is stopped.
final class Pool: Sendable {
    private struct Shared {
        var state: PoolState<PoolJob>
        var wakers: [Int: Waker] = [:]
        var keeper: Waker?
        /// Whether the keeper sleeps until it is woken. Deadlines come in order, so a keeper with a deadline need not be.
        var isKeeperAsleep = false
        var queries = 0
        var failedQueries = 0
        var ended: [CheckedContinuation<Void, Never>] = []
    }

    private let configuration: PostgresConfiguration
    private let logger: Logger
    private let shared: Mutex<Shared>

    init(_ configuration: PostgresConfiguration, _ logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        shared = Mutex(
            Shared(state: PoolState(size: configuration.poolSize, maximumWaiting: configuration.maximumWaiting)))
    }

    /// Takes work in; it is run or failed, once.
    func submit(_ id: UInt64, _ job: PoolJob) {
        let waiter = PoolState<PoolJob>.Waiter(
            id: id, deadline: Deadline(after: configuration.acquireTimeout), work: job)
        let submission = shared.withLock { shared in
            let submission = shared.state.submit(waiter)
            if case .assigned(let worker) = submission { shared.wakers[worker]?.wake() }
            return submission
        }
        switch submission {
        case .assigned: break
        case .refused(let error): job.fail(error)
        case .queued(let worker):
            if let worker { start(worker) }
            wakeKeeper()
        }
    }

    func cancel(_ id: UInt64) {
        shared.withLock { $0.state.cancel(id) }?.fail(CancellationError())
    }

    /// Makes one connection ahead of any caller.
    func begin() {
        if let worker = shared.withLock({ $0.state.firstWorker() }) { start(worker) }
    }

    func stop() {
        let refused = shared.withLock { shared in
            let refused = shared.state.stop()
            for waker in shared.wakers.values { waker.wake() }
            shared.keeper?.wake()
            return refused
        }
        for job in refused { job.fail(PostgresError.closed) }
    }

    /// Resumes once every thread with a connection has ended.
    func ended() async {
        await withCheckedContinuation { continuation in
            let isOver = shared.withLock { shared in
                let isOver = shared.state.isStopped && shared.state.workers.isEmpty
                if !isOver { shared.ended.append(continuation) }
                return isOver
            }
            if isOver { continuation.resume() }
        }
    }

    var statistics: PoolStatistics {
        shared.withLock { shared in
            PoolStatistics(
                connections: shared.state.connected, idle: shared.state.idleCount,
                waiting: shared.state.waiting.count, queries: shared.queries, failedQueries: shared.failedQueries,
                reconnects: shared.state.reconnects, connectedSinceMicros: shared.state.connectedSince,
                downSinceMicros: shared.state.downSince)
        }
    }
}

// The threads.
extension Pool {
    private func start(_ worker: Int) {
        guard let waker = Waker() else { return fail(worker) }
        shared.withLock { $0.wakers[worker] = waker }
        guard startThread({ self.work(worker, waker) }) else { return fail(worker) }
    }

    /// The process has no thread or file descriptor left.
    private func fail(_ worker: Int) {
        let error = PostgresError(.exhausted)
        let failed = shared.withLock { $0.state.didFailToConnect(worker, error, at: wallClockMicros()).failed }
        for job in failed { job.fail(error) }
        end(worker)
    }

    private func work(_ worker: Int, _ waker: Waker) {
        while let connection = connect(worker, waker), serve(connection, worker, waker) {}
        end(worker)
    }

    private func end(_ worker: Int) {
        let ended = shared.withLock { shared -> [CheckedContinuation<Void, Never>] in
            shared.wakers[worker] = nil
            guard shared.state.didEnd(worker) else { return [] }
            defer { shared.ended = [] }
            return shared.ended
        }
        for continuation in ended { continuation.resume() }
    }

    /// Tries until there is a connection; nil when the worker is not needed any more.
    private func connect(_ worker: Int, _ waker: Waker) -> PostgresConnection? {
        var backoff = configuration.backoff
        while true {
            do {
                let connection = try PostgresConnection(configuration, waker: waker) { self.isStopped }
                let another = shared.withLock { $0.state.didConnect(worker, at: wallClockMicros()) }
                if let another { start(another) }
                logger.debug("connected to PostgreSQL", metadata: ["server": "\(configuration)"])
                return connection
            } catch {
                if !retries(worker, after: error) { return nil }
            }
            let pause = Deadline(after: backoff.next())
            while !pause.hasPassed {
                _ = waitForEvents(socket: nil, events: [], waker: waker, deadline: pause)
                if isStopped { return nil }
            }
        }
    }

    private func retries(_ worker: Int, after cause: PostgresError) -> Bool {
        let error =
            cause.kind == .shutdown ? cause : PostgresError(.connectFailed, cause.message, sqlstate: cause.sqlstate)
        let (isFirst, outcome) = shared.withLock { shared in
            let isFirst = shared.state.downError == nil && !shared.state.isStopped
            return (isFirst, shared.state.didFailToConnect(worker, error, at: wallClockMicros()))
        }
        if isFirst { logger.warning("cannot connect to PostgreSQL", metadata: ["error": "\(error)"]) }
        for job in outcome.failed { job.fail(error) }
        return outcome.retry == .later
    }

    private var isStopped: Bool { shared.withLock { $0.state.isStopped } }

    /// Runs what callers bring until the connection or the pool ends.
    ///
    /// - Returns: whether to connect again.
    private func serve(_ connection: PostgresConnection, _ worker: Int, _ waker: Waker) -> Bool {
        var step = shared.withLock { $0.state.next(worker) }
        while true {
            switch step {
            case .stop:
                shared.withLock { $0.state.didClose() }
                return false
            case .sleep:
                let socket = connection.socket
                let outcome = waitForEvents(socket: socket, events: .read, waker: waker, deadline: nil)
                if outcome.readable, !connection.absorb() { return lost(worker, connection) }
                step = shared.withLock { $0.state.next(worker) }
            case .run(let job):
                let resume = job.run(connection)
                let isReusable = connection.tidy()
                let counts = connection.takeCounts()
                let following = shared.withLock { shared in
                    shared.queries += counts.queries
                    shared.failedQueries += counts.failures
                    return isReusable ? shared.state.next(worker) : nil
                }
                // The worker is free before its caller can ask again.
                defer { resume() }
                guard let following else { return lost(worker, connection) }
                step = following
            }
        }
    }

    private func lost(_ worker: Int, _ connection: PostgresConnection) -> Bool {
        let again = shared.withLock { $0.state.didLoseConnection(worker, at: wallClockMicros()) }
        logger.info("lost a connection to PostgreSQL", metadata: ["error": "\(connection.reason)"])
        return again
    }
}

// The keeper: gives waiting callers their deadline while all workers are busy.
extension Pool {
    private func wakeKeeper() {
        let fresh = shared.withLock { shared -> Waker? in
            if let keeper = shared.keeper {
                if shared.isKeeperAsleep { keeper.wake() }
                shared.isKeeperAsleep = false
                return nil
            }
            shared.keeper = Waker()
            return shared.keeper
        }
        if let fresh { _ = startThread { self.keep(fresh) } }
    }

    private func keep(_ waker: Waker) {
        while true {
            let (expiry, isStopped) = shared.withLock { shared in
                let expiry = shared.state.expire()
                shared.isKeeperAsleep = expiry.next == nil
                return (expiry, shared.state.isStopped)
            }
            for job in expiry.expired { job.fail(expiry.error) }
            if isStopped { return }
            _ = waitForEvents(socket: nil, events: [], waker: waker, deadline: expiry.next)
        }
    }
}
