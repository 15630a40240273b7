import SocketThreads

/// What went wrong between a caller and Redis. Never holds a password. Error replies of the server are values, not these:
/// see ``RedisValue/error(_:)``.
public struct RedisError: Error, Sendable, Equatable {
    /// At which stage.
    public enum Kind: String, Sendable {
        /// The URL cannot be used.
        case configuration
        /// There is no connection; given at once while the server is known to be away. Nothing was sent.
        case notConnected
        /// The connection ended before the reply; the command may have been carried out.
        case connectionLost
        /// No reply in time; the connection was closed and the command may have been carried out.
        case timeout
        /// Too many commands were waiting. Nothing was sent.
        case overloaded
        /// The server answered something that is not of the kind asked for, or an error where a value was needed.
        case unexpectedReply
        /// The client has been shut down. Nothing was sent.
        case shutdown
    }

    /// At which stage.
    public let kind: Kind
    /// One line of plain English.
    public let message: String

    /// An error with both parts.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    static let closed = RedisError(.shutdown, "the Redis client has been shut down")
}

extension RedisError: CustomStringConvertible {
    /// One line for logs.
    public var description: String { "Redis \(kind.rawValue): \(message)" }
}

extension RedisError {
    init(_ failure: StartFailure) {
        switch failure {
        case .stopped: self = .closed
        case .exhausted:
            self.init(.notConnected, "the process has no thread or file descriptor left for a connection")
        }
    }
}
