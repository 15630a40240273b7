public import Logging
public import ServiceLifecycle

/// A connection to Redis with a thread of its own; whatever waits when the thread is free is sent as one pipeline.
///
/// Usable before `run()` too: it connects on first use. After ``shutdown()`` every call throws an error of kind shutdown.
/// While the server is away calls fail at once. Cancellation does not interrupt a call; its time is bounded by the
/// configuration's time-outs.
public final class RedisClient: Sendable, Service {
    private let thread: CommandThread

    /// A client that has not connected yet.
    public init(configuration: RedisConfiguration, logger: Logger) {
        thread = CommandThread(configuration, logger)
    }

    deinit { thread.stop() }

    /// Connects ahead of any caller and keeps going until graceful shutdown or cancellation; then ``shutdown()``.
    public func run() async throws {
        try thread.start()
        try? await gracefulShutdown()
        await shutdown()
    }

    /// Refuses new and waiting callers and closes the connection after the pipeline under way.
    public func shutdown() async {
        thread.stop()
        await thread.ended()
    }

    /// Sends one command. An error reply is a value.
    public func send(_ command: RedisCommand) async throws(RedisError) -> RedisValue {
        let replies = try await thread.submit([command])
        return replies.first ?? .null
    }

    /// Sends several commands together, in order, and returns a reply for each. No transaction: others' may come between.
    public func pipeline(_ commands: [RedisCommand]) async throws(RedisError) -> [RedisValue] {
        commands.isEmpty ? [] : try await thread.submit(commands)
    }

    /// Runs a script by its hash; sends its text where the server does not have it, which makes the server keep it.
    public func evaluate(
        _ script: RedisScript, keys: [any RedisArgument] = [], arguments: [any RedisArgument] = []
    ) async throws(RedisError) -> RedisValue {
        if script.digest.value == nil {
            let loaded = try await send(RedisCommand("SCRIPT", "LOAD", script.source))
            guard case .string(let digest) = loaded else { return loaded }
            script.digest.value = digest
        }
        let parameters: [any RedisArgument] = [keys.count] + keys + arguments
        if let digest = script.digest.value {
            let reply = try await send(RedisCommand(arguments: ["EVALSHA", digest] + parameters))
            guard case .error(let message) = reply, message.hasPrefix("NOSCRIPT") else { return reply }
        }
        return try await send(RedisCommand(arguments: ["EVAL", script.source] + parameters))
    }

    /// Whether there is a connection, as far as is known.
    public var isConnected: Bool { thread.statistics.isConnected }

    /// How the client is doing.
    public var statistics: RedisStatistics { thread.statistics }
}

/// A client's figures at one moment.
public struct RedisStatistics: Sendable, Equatable {
    /// Whether there is a connection.
    public var isConnected: Bool
    /// Commands waiting to be sent.
    public var waiting: Int
    /// Commands sent since the start.
    public var commands: Int
    /// Those of them without a reply, or with an error for one.
    public var failedCommands: Int
    /// Connections made to replace lost ones.
    public var reconnects: Int
    /// Since when there has been a connection, in microseconds since 1970; nil while there is none.
    public var connectedSinceMicros: Int64?
    /// Since when there has been none because it was lost or the first attempt failed; nil otherwise.
    public var downSinceMicros: Int64?
}
