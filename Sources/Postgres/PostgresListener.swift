import CPostgres
public import Logging
public import ServiceLifecycle
import SocketThreads
import Synchronization

/// Listens on channels over a connection of its own, which it makes again whenever it is lost.
public final class PostgresListener: Sendable, Service {
    /// What the reader of ``notifications`` gets.
    public enum Notification: Sendable, Equatable {
        /// A NOTIFY.
        case notify(channel: String, payload: String)
        /// Listening begins here, also the first time: what happened before was not heard and has to be read. Also sent
        /// when a slow reader made the buffer overflow.
        case reconnected
    }

    /// For one reader. Ends at shutdown.
    public let notifications: AsyncStream<Notification>

    private let configuration: PostgresConfiguration
    private let channels: [String]
    private let logger: Logger
    private let pingInterval: Duration
    private let continuation: AsyncStream<Notification>.Continuation
    private let thread = DedicatedThread()
    private let connectedSince = Moment()

    /// A listener that does not listen yet.
    ///
    /// - Parameters:
    ///   - pingInterval: how often the silent connection is checked; a server that is frozen or unreachable is noticed
    ///     within twice this.
    ///   - bufferSize: how many notifications wait for a slow reader.
    public init(
        configuration: PostgresConfiguration, channels: [String], logger: Logger,
        pingInterval: Duration = .seconds(2), bufferSize: Int = 1024
    ) {
        self.configuration = configuration
        self.channels = channels
        self.logger = logger
        self.pingInterval = pingInterval
        (notifications, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(max(bufferSize, 2)))
    }

    deinit { thread.stop() }

    /// Listens until graceful shutdown or cancellation.
    public func run() async throws {
        try start()
        try? await gracefulShutdown()
        await shutdown()
    }

    /// Begins to listen, for callers without a service group.
    public func start() throws(PostgresError) {
        let session = Session(
            configuration: configuration, channels: channels, logger: logger, pingInterval: pingInterval,
            continuation: continuation, connectedSince: connectedSince)
        do {
            try thread.start { [thread] waker in session.run(thread, waker) }
        } catch { throw PostgresError(error) }
    }

    /// Ends the stream and closes the connection.
    public func shutdown() async {
        thread.stop()
        await thread.ended()
        continuation.finish()
    }

    /// Since when there has been a connection, in microseconds since 1970; nil while there is none.
    public var connectedSinceMicros: Int64? { connectedSince.micros.withLock { $0 } }
}

/// Microseconds since 1970, shared by the listener and its thread.
private final class Moment: Sendable {
    let micros = Mutex<Int64?>(nil)
}

/// What the listener's thread does.
private struct Session: Sendable {
    let configuration: PostgresConfiguration
    let channels: [String]
    let logger: Logger
    let pingInterval: Duration
    let continuation: AsyncStream<PostgresListener.Notification>.Continuation
    let connectedSince: Moment

    func run(_ thread: DedicatedThread, _ waker: Waker) {
        var backoff = configuration.backoff
        while !thread.isStopped {
            do {
                let connection = try PostgresConnection(configuration, waker: waker) { thread.isStopped }
                try connection.execute(script: channels.map(Self.listen).joined())
                connectedSince.micros.withLock { $0 = wallClockMicros() }
                yield(.reconnected)
                backoff.reset()
                try listen(connection, thread, waker)
            } catch {
                connectedSince.micros.withLock { $0 = nil }
                if thread.isStopped { break }
                logger.warning("not listening to PostgreSQL", metadata: ["error": "\(error)"])
                let pause = Deadline(after: backoff.next())
                while !pause.hasPassed, !thread.isStopped {
                    _ = waitForEvents(socket: nil, events: [], waker: waker, deadline: pause)
                }
            }
        }
        connectedSince.micros.withLock { $0 = nil }
        continuation.finish()
    }

    private static func listen(_ channel: String) -> String {
        let quoted = channel.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
        return "LISTEN \"\(quoted)\";"
    }

    /// Returns when the thread is to stop; throws when the connection is lost.
    private func listen(
        _ connection: PostgresConnection, _ thread: DedicatedThread, _ waker: Waker
    ) throws(PostgresError) {
        connection.responseTimeout = pingInterval
        while !thread.isStopped {
            let outcome = waitForEvents(
                socket: connection.socket, events: .read, waker: waker, deadline: Deadline(after: pingInterval))
            if outcome.timedOut { _ = try connection.query("SELECT 1") }
            let isOpen = connection.absorb { channel, payload in
                yield(.notify(channel: channel, payload: payload))
            }
            if !isOpen { throw connection.reason }
        }
    }

    private func yield(_ notification: PostgresListener.Notification) {
        // An overflow dropped the oldest; the reader must not go on as if it had heard everything.
        if case .dropped = continuation.yield(notification) { continuation.yield(.reconnected) }
    }
}
