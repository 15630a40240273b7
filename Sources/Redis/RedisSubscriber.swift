public import Logging
public import ServiceLifecycle
import SocketThreads
import Synchronization

/// What a subscriber hears.
public enum RedisMessage: Sendable, Equatable {
    /// A message published on a channel.
    case message(channel: String, payload: [UInt8])
    /// Listening begins here, also the first time: what was published before was not heard. Also sent when a slow reader
    /// made the buffer overflow.
    case reconnected
}

/// Subscribes to channels over a connection of its own, which it makes again whenever it is lost.
public final class RedisSubscriber: Sendable, Service {
    /// For one reader. Ends at shutdown.
    public let messages: AsyncStream<RedisMessage>

    private let session: Subscription
    private let thread = DedicatedThread()

    /// A subscriber that has not connected yet.
    ///
    /// - Parameters:
    ///   - pingInterval: how often the silent connection is checked; a frozen server is noticed within twice this.
    ///   - bufferSize: how many messages wait for a slow reader.
    public init(
        configuration: RedisConfiguration, channels: [String], logger: Logger, pingInterval: Duration = .seconds(1),
        bufferSize: Int = 1024
    ) {
        let (messages, continuation) = AsyncStream.makeStream(
            of: RedisMessage.self, bufferingPolicy: .bufferingNewest(max(bufferSize, 2)))
        self.messages = messages
        session = Subscription(
            configuration: configuration, channels: channels, logger: logger, pingInterval: pingInterval,
            continuation: continuation, connectedSince: Moment())
    }

    deinit { thread.stop() }

    /// Listens until graceful shutdown or cancellation.
    public func run() async throws {
        try start()
        try? await gracefulShutdown()
        await shutdown()
    }

    /// Begins to listen, for callers without a service group.
    public func start() throws(RedisError) {
        do {
            try thread.start { [thread, session] waker in session.run(thread, waker) }
        } catch { throw RedisError(error) }
    }

    /// Ends the stream and closes the connection.
    public func shutdown() async {
        thread.stop()
        await thread.ended()
        session.continuation.finish()
    }

    /// Since when there has been a connection, in microseconds since 1970; nil while there is none.
    public var connectedSinceMicros: Int64? { session.connectedSince.micros.withLock { $0 } }
}

/// Microseconds since 1970, shared by the subscriber and its thread.
private final class Moment: Sendable {
    let micros = Mutex<Int64?>(nil)
}

/// What the subscriber's thread does.
private struct Subscription: Sendable {
    let configuration: RedisConfiguration
    let channels: [String]
    let logger: Logger
    let pingInterval: Duration
    let continuation: AsyncStream<RedisMessage>.Continuation
    let connectedSince: Moment

    func run(_ thread: DedicatedThread, _ waker: Waker) {
        var backoff = configuration.backoff
        while !thread.isStopped {
            do {
                let connection = try RedisConnection(configuration)
                connection.append(RedisCommand(arguments: ["SUBSCRIBE"] + channels).bytes)
                let deadline = Deadline(after: configuration.connectTimeout)
                try connection.exchange(replies: channels.count, deadline) { _ in }
                connectedSince.micros.withLock { $0 = wallClockMicros() }
                yield(.reconnected)
                backoff.reset()
                try listen(connection, thread, waker)
            } catch {
                connectedSince.micros.withLock { $0 = nil }
                if thread.isStopped { break }
                logger.warning("not subscribed to Redis", metadata: ["error": "\(error)"])
                let pause = Deadline(after: backoff.next())
                while !pause.hasPassed, !thread.isStopped {
                    _ = waitForEvents(socket: nil, events: [], waker: waker, deadline: pause)
                }
            }
        }
        connectedSince.micros.withLock { $0 = nil }
        continuation.finish()
    }

    /// Returns when the thread is to stop; throws when the connection is lost or silent to a ping.
    private func listen(
        _ connection: RedisConnection, _ thread: DedicatedThread, _ waker: Waker
    ) throws(RedisError) {
        var isPinged = false
        var quietUntil = Deadline(after: pingInterval)
        while !thread.isStopped {
            while let reply = try connection.nextReply() {
                if let message = Self.message(reply) { yield(message) }
            }
            let outcome = waitForEvents(
                socket: connection.socket, events: .read, waker: waker, deadline: quietUntil)
            if outcome.readable {
                try connection.receive()
                isPinged = false
                quietUntil = Deadline(after: pingInterval)
            } else if quietUntil.hasPassed {
                if isPinged { throw RedisError(.timeout, "the server does not answer a ping") }
                connection.append(RedisCommand("PING").bytes)
                _ = try connection.flush()
                isPinged = true
                quietUntil = Deadline(after: pingInterval)
            }
        }
    }

    /// Nil for confirmations and pongs.
    private static func message(_ reply: RedisValue) -> RedisMessage? {
        guard case .array(let parts) = reply, parts.count == 3, parts[0] == .string(Array("message".utf8)),
            case .string(let channel) = parts[1], case .string(let payload) = parts[2]
        else { return nil }
        return .message(channel: String(decoding: channel, as: UTF8.self), payload: payload)
    }

    private func yield(_ message: RedisMessage) {
        // An overflow dropped the oldest; the reader must not go on as if it had heard everything.
        if case .dropped = continuation.yield(message) { continuation.yield(.reconnected) }
    }
}
