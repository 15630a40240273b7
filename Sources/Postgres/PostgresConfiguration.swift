import SocketThreads

/// Where the server is and how its sessions behave. Holds a password; no description of it does.
public struct PostgresConfiguration: Sendable {
    /// libpq's parameters as given, by keyword.
    let parameters: [String: String]

    /// The largest number of connections of a pool.
    public var poolSize = 8
    /// How many callers may wait for a connection; one more is refused at once.
    public var maximumWaiting = 1024
    /// How long a caller waits for a connection.
    public var acquireTimeout: Duration = .seconds(5)
    /// How long one attempt to connect may take, for each host named.
    public var connectTimeout: Duration = .seconds(5)
    /// `statement_timeout` of every session; zero is none.
    public var statementTimeout: Duration = .seconds(5)
    /// How much longer than ``statementTimeout`` the client waits for an answer before it closes the connection.
    public var responseMargin: Duration = .seconds(2)
    /// `lock_timeout` of every session; zero is none.
    public var lockTimeout: Duration = .seconds(3)
    /// `idle_in_transaction_session_timeout` of every session; zero is none.
    public var idleInTransactionTimeout: Duration = .seconds(2)
    /// `tcp_user_timeout` at both ends of a TCP connection; zero is the system's.
    public var tcpUserTimeout: Duration = .seconds(5)
    /// The role taken by `SET ROLE` at connect.
    public var role: String?
    /// `application_name`, as `pg_stat_activity` shows it.
    public var applicationName: String?
    /// Further settings of every session, e.g. `synchronous_commit`.
    public var settings: [String: String] = [:]
    /// The first and the longest delay between attempts to reconnect.
    public var reconnectDelays: (first: Duration, longest: Duration) = (.milliseconds(50), .seconds(5))

    /// Settings from a `postgres://` URL or a string of `keyword=value` pairs, as libpq reads them.
    ///
    /// - Throws: ``PostgresError`` of kind configuration naming an unknown option; never quotes the string.
    public init(url: String) throws(PostgresError) {
        parameters = try ConnectionString.parse(url)
    }

    /// Settings from parts.
    ///
    /// - Parameters:
    ///   - host: a name, an address, or the directory of a Unix socket.
    ///   - options: further libpq parameters by keyword, e.g. `sslmode`.
    public init(
        host: String, port: Int = 5432, database: String, user: String, password: String? = nil,
        options: [String: String] = [:]
    ) throws(PostgresError) {
        var parameters = options
        parameters["host"] = host
        parameters["port"] = String(port)
        parameters["dbname"] = database
        parameters["user"] = user
        parameters["password"] = password
        try ConnectionString.check(parameters)
        self.parameters = parameters
    }

    var backoff: Backoff { Backoff(first: reconnectDelays.first, longest: reconnectDelays.longest) }

    /// How long the client waits for the answer to one statement.
    var responseTimeout: Duration {
        statementTimeout == .zero ? .seconds(3600) : statementTimeout + responseMargin
    }

    /// What libpq is given: the parameters with defaults for what they leave open, once for each host of a list.
    ///
    /// libpq's own loop over hosts is one attempt, which a first host that swallows packets would use up.
    var connectionParameters: [[String: String]] {
        var all = parameters
        all["client_encoding"] = "UTF8"
        if let applicationName { all["application_name"] = applicationName }
        if all["tcp_user_timeout"] == nil, tcpUserTimeout != .zero {
            all["tcp_user_timeout"] = String(tcpUserTimeout.milliseconds)
        }
        let lists = ["host", "hostaddr", "port"].compactMap { name in
            all[name].map { (name, $0.split(separator: ",", omittingEmptySubsequences: false)) }
        }
        let count = lists.map(\.1.count).max() ?? 1
        // libpq says what is wrong with lists of different lengths.
        guard count > 1, lists.allSatisfy({ $0.1.count == count || $0.0 == "port" && $0.1.count == 1 }) else {
            return [all]
        }
        return (0..<count).map { index in
            all.merging(lists.map { ($0.0, String($0.1[$0.1.count == 1 ? 0 : index])) }) { _, one in one }
        }
    }

    /// The statements that set a new session up, for one round trip.
    func sessionScript() throws(PostgresError) -> String {
        var all = [
            "statement_timeout": String(statementTimeout.milliseconds),
            "lock_timeout": String(lockTimeout.milliseconds),
            "idle_in_transaction_session_timeout": String(idleInTransactionTimeout.milliseconds),
            "tcp_user_timeout": String(tcpUserTimeout.milliseconds),
            "timezone": "UTC",
        ]
        all.merge(settings) { _, given in given }
        var script = ""
        for (name, value) in all.sorted(by: { $0.key < $1.key }) {
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isNameByte), !value.utf8.contains(0) else {
                throw PostgresError(.configuration, "\(name) is not the name and value of a session setting")
            }
            script +=
                "SET \(name) = '\(value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''"))';"
        }
        if let role {
            let quoted = role.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
            script += "SET ROLE \"\(quoted)\";"
        }
        return script
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }
}

extension PostgresConfiguration: CustomStringConvertible, CustomReflectable {
    /// Host, port, database and user.
    public var description: String {
        ["host", "port", "dbname", "user"].compactMap { key in parameters[key].map { "\(key)=\($0)" } }
            .joined(separator: " ")
    }

    /// No children: `dump` shows no more than the description.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
