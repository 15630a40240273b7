import Logging
import SocketThreads
import Synchronization

/// The thread behind a client: sends whatever waits, all at once, and hands the replies back.
final class CommandThread: Sendable {
    typealias Answer = Result<[RedisValue], RedisError>
    typealias Queue = CommandQueue<CheckedContinuation<Answer, Never>>

    private struct State {
        var queue: Queue
        var commands = 0
        var failedCommands = 0
    }

    private let configuration: RedisConfiguration
    private let logger: Logger
    private let thread = DedicatedThread()
    private let state: Mutex<State>

    init(_ configuration: RedisConfiguration, _ logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        state = Mutex(
            State(
                queue: Queue(
                    maximumWaiting: configuration.maximumWaiting,
                    maximumWaitingBytes: configuration.maximumWaitingBytes)))
    }

    func start() throws(RedisError) {
        do {
            try thread.start { waker in self.work(waker) }
        } catch { throw RedisError(error) }
    }

    func submit(_ commands: [RedisCommand]) async throws(RedisError) -> [RedisValue] {
        try start()
        let answer = await withCheckedContinuation { continuation in
            let entry = Queue.Entry(commands: commands, waiter: continuation)
            switch state.withLock({ $0.queue.submit(entry) }) {
            case .queued(let wake): if wake { thread.wake() }
            case .refused(let error): continuation.resume(returning: .failure(error))
            }
        }
        return try answer.get()
    }

    func stop() {
        thread.stop()
        refuse(state.withLock { $0.queue.stop() }, .closed)
    }

    func ended() async { await thread.ended() }

    var statistics: RedisStatistics {
        state.withLock { state in
            RedisStatistics(
                isConnected: state.queue.connectedSince != nil, waiting: state.queue.waiting,
                commands: state.commands, failedCommands: state.failedCommands, reconnects: state.queue.reconnects,
                connectedSinceMicros: state.queue.connectedSince, downSinceMicros: state.queue.downSince)
        }
    }

    private func refuse(_ entries: [Queue.Entry], _ error: RedisError) {
        for entry in entries { entry.waiter.resume(returning: .failure(error)) }
    }
}

// What runs on the thread.
extension CommandThread {
    private func work(_ waker: Waker) {
        var backoff = configuration.backoff
        while !thread.isStopped {
            do {
                let connection = try RedisConnection(configuration)
                state.withLock { $0.queue.didConnect(at: wallClockMicros()) }
                backoff.reset()
                try serve(connection, waker)
            } catch {
                if thread.isStopped { return }
                if error.kind == .notConnected {
                    fail(error)
                    pause(backoff.next(), waker)
                } else {
                    logger.info("lost the connection to Redis", metadata: ["error": "\(error)"])
                    state.withLock { $0.queue.didLoseConnection(at: wallClockMicros()) }
                }
            }
        }
    }

    private func fail(_ error: RedisError) {
        let (isFirst, refused) = state.withLock { state in
            (state.queue.downError == nil, state.queue.didFailToConnect(error, at: wallClockMicros()))
        }
        if isFirst { logger.warning("cannot connect to Redis", metadata: ["error": "\(error)"]) }
        refuse(refused, error)
    }

    private func pause(_ duration: Duration, _ waker: Waker) {
        let end = Deadline(after: duration)
        while !end.hasPassed, !thread.isStopped {
            _ = waitForEvents(socket: nil, events: [], waker: waker, deadline: end)
        }
    }

    /// Returns when the thread is to stop; throws when the connection is lost.
    private func serve(_ connection: RedisConnection, _ waker: Waker) throws(RedisError) {
        while !thread.isStopped {
            let entries = state.withLock { $0.queue.takeBatch() }
            if !entries.isEmpty {
                try exchange(entries, connection)
                continue
            }
            let outcome = waitForEvents(socket: connection.socket, events: .read, waker: waker, deadline: nil)
            if outcome.readable {
                try connection.receive()
                throw RedisError(.connectionLost, "the server spoke without being asked")
            }
        }
    }

    private func exchange(_ entries: [Queue.Entry], _ connection: RedisConnection) throws(RedisError) {
        var count = 0
        for entry in entries {
            for command in entry.commands { connection.append(command.bytes) }
            count += entry.commands.count
        }
        var answered = 0
        var values: [RedisValue] = []
        var errors = 0
        defer {
            let unanswered = entries[answered...].reduce(0) { $0 + $1.commands.count }
            state.withLock { state in
                state.commands += count
                state.failedCommands += errors + unanswered
            }
        }
        do {
            try connection.exchange(replies: count, Deadline(after: configuration.commandTimeout)) { value in
                if case .error = value { errors += 1 }
                values.append(value)
                guard values.count == entries[answered].commands.count else { return }
                entries[answered].waiter.resume(returning: .success(values))
                values = []
                answered += 1
            }
        } catch {
            refuse(Array(entries[answered...]), error)
            throw error
        }
    }
}
