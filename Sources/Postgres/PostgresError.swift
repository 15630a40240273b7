import SocketThreads

/// What went wrong between a caller and PostgreSQL. Never holds a password, a connection string or a bound value.
public struct PostgresError: Error, Sendable {
    /// Who refused, and at which stage.
    public enum Kind: String, Sendable {
        /// The settings or the connection string cannot be used.
        case configuration
        /// No connection could be made; also given at once while the server is known to be down.
        case connectFailed
        /// An open connection ended, or was ended because it no longer answered sensibly.
        case connectionLost
        /// The client's own deadline passed; the connection was closed.
        case timeout
        /// Every connection stayed busy until the caller's deadline, or too many callers were waiting.
        case poolExhausted
        /// The server answered with an error; see ``PostgresError/sqlstate``.
        case server
        /// A value in a result is not what the caller asked for.
        case decoding
        /// The driver was used in a way it does not allow, e.g. a pipeline inside a stream.
        case misuse
        /// The client has been shut down.
        case shutdown
    }

    /// Who refused, and at which stage.
    public let kind: Kind
    /// The server's five-character code, when the server said anything.
    public let sqlstate: String?
    /// The primary message, one line of plain English.
    public let message: String
    /// The server's second line. May quote stored values (as unique violations do), so it is not part of the description.
    public let detail: String?
    /// The constraint that was violated, when the server names one.
    public let constraint: String?
    /// Whether what was sent may have been committed although no success was seen. Only a look at the data on another
    /// connection can tell. True for reads outside a transaction too: the driver does not parse SQL.
    public let outcomeUnknown: Bool

    /// An error with every part given.
    public init(
        _ kind: Kind, _ message: String, sqlstate: String? = nil, detail: String? = nil, constraint: String? = nil,
        outcomeUnknown: Bool = false
    ) {
        self.kind = kind
        self.message = message
        self.sqlstate = sqlstate
        self.detail = detail
        self.constraint = constraint
        self.outcomeUnknown = outcomeUnknown
    }

    /// Whether the data of the statement is at fault (classes 22 and 23), so that repeating it cannot help.
    public var isDataError: Bool {
        guard let sqlstate else { return false }
        return sqlstate.hasPrefix("22") || sqlstate.hasPrefix("23")
    }

    /// Whether the server ended, or is about to end, the connection (classes 08 and 57P).
    var endsConnection: Bool {
        guard kind == .server, let sqlstate else { return kind == .connectionLost || kind == .timeout }
        return sqlstate.hasPrefix("08") || sqlstate.hasPrefix("57P") || sqlstate == "25P03"
    }

    func withOutcomeUnknown(_ unknown: Bool) -> PostgresError {
        PostgresError(
            kind, message, sqlstate: sqlstate, detail: detail, constraint: constraint,
            outcomeUnknown: outcomeUnknown || unknown)
    }

    init(_ failure: StartFailure) {
        switch failure {
        case .stopped: self = .closed
        case .exhausted:
            self.init(.connectFailed, "the process has no thread or file descriptor left for a connection")
        }
    }

    static let closed = PostgresError(.shutdown, "the PostgreSQL client has been shut down")
}

extension PostgresError: CustomStringConvertible {
    /// One line for logs: kind, code, message, constraint.
    public var description: String {
        var text = "PostgreSQL \(kind.rawValue)"
        if let sqlstate { text += " \(sqlstate)" }
        text += ": \(message)"
        if let constraint { text += " (constraint \(constraint))" }
        if outcomeUnknown { text += "; outcome unknown" }
        return text
    }
}
