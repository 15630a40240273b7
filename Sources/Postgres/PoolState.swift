import SocketThreads

/// The pool's bookkeeping, without threads, sockets or clocks: events go in, what to do comes out.
///
/// Workers are numbered threads with at most one connection each. While no connection can be made only one worker (the
/// prober) stays and tries again; callers are refused at once.
struct PoolState<Work: Sendable>: Sendable {
    /// A caller that waits for a connection.
    struct Waiter: Sendable {
        let id: UInt64
        let deadline: Deadline
        let work: Work
    }

    let size: Int
    let maximumWaiting: Int
    private(set) var waiting: [Waiter] = []
    private(set) var workers: Set<Int> = []
    private var idle: [Int] = []
    private var assigned: [Int: Waiter] = [:]
    private var connecting: Set<Int> = []
    private(set) var connected = 0
    private var prober: Int?
    private var lastWorker = 0
    private(set) var isStopped = false
    /// The error of the last attempt, while there is no connection because of it.
    private(set) var downError: PostgresError?
    /// Microseconds since 1970; nil while there is a connection.
    private(set) var downSince: Int64?
    /// Microseconds since 1970; nil while there is none.
    private(set) var connectedSince: Int64?
    private var losses = 0
    private(set) var reconnects = 0

    init(size: Int, maximumWaiting: Int) {
        self.size = max(size, 1)
        self.maximumWaiting = max(maximumWaiting, 1)
    }

    var idleCount: Int { idle.count }

    enum Submission: Sendable {
        /// An idle worker has it: wake that one.
        case assigned(Int)
        /// It waits. Start this worker, when there is one to start.
        case queued(start: Int?)
        case refused(PostgresError)
    }

    mutating func submit(_ waiter: Waiter) -> Submission {
        if isStopped { return .refused(.closed) }
        if let worker = idle.popLast() {
            assigned[worker] = waiter
            return .assigned(worker)
        }
        if connected == 0, let downError { return .refused(downError) }
        if waiting.count >= maximumWaiting {
            return .refused(PostgresError(.poolExhausted, "too many callers wait for a connection"))
        }
        waiting.append(waiter)
        return .queued(start: workerToStart())
    }

    /// A worker to start because more callers wait than workers are about to be free, or nil.
    private mutating func workerToStart(free: Int = 0) -> Int? {
        guard !isStopped, prober == nil, connecting.count + free < waiting.count, workers.count < size else {
            return nil
        }
        return addWorker()
    }

    /// The first worker, so that the state of the server is known before anybody asks.
    mutating func firstWorker() -> Int? { isStopped || !workers.isEmpty ? nil : addWorker() }

    private mutating func addWorker() -> Int {
        lastWorker += 1
        workers.insert(lastWorker)
        connecting.insert(lastWorker)
        return lastWorker
    }

    /// Takes a waiting caller out; nil when it has already been given to a worker.
    mutating func cancel(_ id: UInt64) -> Work? {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return nil }
        return waiting.remove(at: index).work
    }

    /// Takes out the callers whose deadline has passed.
    mutating func expire() -> (expired: [Work], error: PostgresError, next: Deadline?) {
        let expired = waiting.filter { $0.deadline.hasPassed }
        if !expired.isEmpty { waiting.removeAll { $0.deadline.hasPassed } }
        let error =
            connected > 0
            ? PostgresError(.poolExhausted, "every connection stayed busy")
            : PostgresError(.connectFailed, "no connection was made in time")
        return (expired.map(\.work), error, waiting.map(\.deadline).min())
    }

    /// - Returns: another worker to start, when this one is not enough.
    mutating func didConnect(_ worker: Int, at micros: Int64) -> Int? {
        connecting.remove(worker)
        if prober == worker { prober = nil }
        connected += 1
        downError = nil
        downSince = nil
        if connectedSince == nil { connectedSince = micros }
        if losses > 0 {
            losses -= 1
            reconnects += 1
        }
        return workerToStart(free: 1)
    }

    enum Retry: Sendable {
        case later
        /// Another worker is trying already: end the thread.
        case no
    }

    /// - Returns: what to do, and the callers to be given the error.
    mutating func didFailToConnect(
        _ worker: Int, _ error: PostgresError, at micros: Int64
    ) -> (retry: Retry, failed: [Work]) {
        var failed: [Work] = []
        connecting.remove(worker)
        // Another may be just about to succeed: servers refuse the connections beyond their limit first.
        if connected == 0, connecting.isEmpty {
            downError = error
            if downSince == nil { downSince = micros }
            failed = waiting.map(\.work)
            waiting = []
        }
        if isStopped || (prober != nil && prober != worker) { return (.no, failed) }
        prober = worker
        return (.later, failed)
    }

    enum Step: Sendable {
        case run(Work)
        case sleep
        case stop
    }

    /// What a worker with a connection does next.
    mutating func next(_ worker: Int) -> Step {
        if let waiter = assigned.removeValue(forKey: worker) { return .run(waiter.work) }
        if isStopped { return .stop }
        if !waiting.isEmpty { return .run(waiting.removeFirst().work) }
        if !idle.contains(worker) { idle.append(worker) }
        return .sleep
    }

    /// - Returns: whether the worker should connect again rather than end.
    mutating func didLoseConnection(_ worker: Int, at micros: Int64) -> Bool {
        connected -= 1
        losses += 1
        idle.removeAll { $0 == worker }
        if let waiter = assigned.removeValue(forKey: worker) { waiting.insert(waiter, at: 0) }
        if connected == 0 {
            connectedSince = nil
            downSince = micros
        }
        guard !isStopped, prober == nil, connected == 0 && connecting.isEmpty || !waiting.isEmpty else { return false }
        connecting.insert(worker)
        return true
    }

    /// - Returns: whether this was the last one of a stopped pool.
    mutating func didEnd(_ worker: Int) -> Bool {
        workers.remove(worker)
        connecting.remove(worker)
        if prober == worker { prober = nil }
        return isStopped && workers.isEmpty
    }

    /// For a worker that stops with a connection in good order.
    mutating func didClose() { connected -= 1 }

    /// - Returns: the callers to be refused.
    mutating func stop() -> [Work] {
        isStopped = true
        defer { waiting = [] }
        return waiting.map(\.work)
    }
}
