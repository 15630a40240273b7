import SocketThreads

/// Where the server is. Holds a password; no description of it does.
public struct RedisConfiguration: Sendable {
    enum Endpoint: Sendable, Equatable {
        case tcp(host: String, port: Int)
        case unix(path: String)
    }

    let endpoint: Endpoint
    let user: String?
    let password: String?
    let database: Int

    /// How long an attempt to connect may take, and then the greeting.
    public var connectTimeout: Duration = .seconds(2)
    /// How long the replies to what was sent at once may take.
    public var commandTimeout: Duration = .seconds(1)
    /// How many commands may wait to be sent; one more is refused at once.
    public var maximumWaiting = 10_000
    /// How many bytes of commands may wait to be sent.
    public var maximumWaitingBytes = 64 << 20
    /// The largest reply accepted, in bytes; beyond it the connection is closed.
    public var maximumReplyBytes = 64 << 20
    /// The first and the longest delay between attempts to reconnect.
    public var reconnectDelays: (first: Duration, longest: Duration) = (.milliseconds(50), .seconds(5))

    /// Settings from `redis://[[user]:password@]host[:port][/database]`, `unix:///path[?db=number]` or
    /// `redis+unix://[[user]:password@]/path[?db=number]`. User and password are percent-decoded.
    ///
    /// - Throws: ``RedisError`` of kind configuration, which never quotes the URL.
    public init(url: String) throws(RedisError) {
        let parts = try RedisURL(url)
        endpoint = parts.endpoint
        user = parts.user
        password = parts.password
        database = parts.database
    }

    var backoff: Backoff { Backoff(first: reconnectDelays.first, longest: reconnectDelays.longest) }

    /// What a new connection says first. PING, so that a frozen server is noticed before anybody waits for it.
    var greeting: [RedisCommand] {
        var commands: [RedisCommand] = []
        if let password {
            commands.append(user.map { RedisCommand("AUTH", $0, password) } ?? RedisCommand("AUTH", password))
        }
        if database != 0 { commands.append(RedisCommand("SELECT", database)) }
        commands.append(RedisCommand("PING"))
        return commands
    }
}

extension RedisConfiguration: CustomStringConvertible, CustomReflectable {
    /// The address and the database.
    public var description: String {
        switch endpoint {
        case .tcp(let host, let port): "\(host):\(port)/\(database)"
        case .unix(let path): "\(path) db=\(database)"
        }
    }

    /// No children: `dump` shows no more than the description.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
