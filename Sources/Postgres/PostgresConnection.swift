import CPostgres
import SocketThreads

/// One session with the server. Synchronous, and confined to the thread that owns it.
///
/// After a connectionLost or timeout error the connection is closed and every further call throws that error again.
public final class PostgresConnection {
    let handle: PostgresHandle
    var statements = StatementCache()
    /// Why this connection must not be used again, once that is so.
    private(set) var ending: PostgresError?
    /// Set when the connection is usable for the caller but must not go back to the pool.
    var mustReplace = false
    /// How many statements were sent, and how many failed.
    var queryCount = 0
    private var failureCount = 0
    private let usualTimeout: Duration

    /// How long to wait for the answer to each statement; it should exceed `statement_timeout`. A pool sets it back after
    /// each use.
    public var responseTimeout: Duration

    /// Connects and sets the session up, within the configuration's `connectTimeout` for each host.
    init(
        _ configuration: PostgresConfiguration, waker: Waker? = nil, mustStop: @escaping () -> Bool = { false }
    ) throws(PostgresError) {
        let script = try configuration.sessionScript()
        usualTimeout = configuration.responseTimeout
        responseTimeout = configuration.connectTimeout
        handle = try Self.connect(configuration, waker, mustStop)
        try execute(script: script)
        queryCount = 0
        responseTimeout = usualTimeout
    }

    /// To the first of the hosts that takes the connection.
    private static func connect(
        _ configuration: PostgresConfiguration, _ waker: Waker?, _ mustStop: @escaping () -> Bool
    ) throws(PostgresError) -> PostgresHandle {
        var failure = PostgresError(.configuration, "no PostgreSQL host is named")
        for parameters in configuration.connectionParameters {
            do {
                return try PostgresHandle(
                    parameters: parameters, deadline: Deadline(after: configuration.connectTimeout), waker: waker,
                    mustStop: mustStop)
            } catch {
                failure = error
                if error.kind == .shutdown { break }
            }
        }
        throw failure
    }

    /// Sends one statement, prepared on its first use, and waits for its rows.
    public func query(_ query: Query) throws(PostgresError) -> Rows {
        try beginUse(count: 1)
        try check(query)
        let deadline = Deadline(after: responseTimeout)
        let key = StatementCache.Key(sql: query.sql, types: query.types)
        var name = statements.name(of: key)
        if name == nil { name = try prepare(query, key, deadline) }
        let mayCommit = mayCommit(query)
        guard send(query, name: name) else { throw end(handle.lost()) }
        return try collect(query, mayCommit: mayCommit, deadline)
    }

    /// Runs several statements, separated by semicolons, without values and without results: migrations.
    ///
    /// - Parameter timeout: how long the whole script may take; nil is ``responseTimeout``.
    public func execute(script: String, timeout: Duration? = nil) throws(PostgresError) {
        try beginUse(count: 1)
        let deadline = Deadline(after: timeout ?? responseTimeout)
        guard !script.utf8.contains(0) else { throw PostgresError(.misuse, "the script holds a zero byte") }
        guard PQsendQuery(handle.raw, script) == 1 else { throw end(handle.lost()) }
        var failure: PostgresError?
        while let raw = try nextResult(mayCommit: true, deadline) {
            let result = ResultHandle(raw)
            if let error = error(in: result, mayCommit: true), failure == nil { failure = error }
            if ending != nil { break }
        }
        if let failure { throw failure }
    }

    /// Runs `body` between BEGIN and COMMIT; when it throws, after ROLLBACK.
    public func transaction<Value>(_ body: () throws -> Value) throws -> Value {
        _ = try query("BEGIN")
        do {
            let value = try body()
            _ = try query("COMMIT")
            return value
        } catch {
            if ending == nil, isInTransaction { _ = try? query("ROLLBACK") }
            throw error
        }
    }

    /// Whether a transaction block is open, failed or not.
    public var isInTransaction: Bool {
        let status = PQtransactionStatus(handle.raw)
        return status == PQTRANS_INTRANS || status == PQTRANS_INERROR
    }

    private func prepare(
        _ query: Query, _ key: StatementCache.Key, _ deadline: Deadline
    ) throws(PostgresError) -> String? {
        guard let name = statements.reserveName() else { return nil }
        guard sendPrepare(query, name: name) else { throw end(handle.lost()) }
        _ = try collect(query, mayCommit: false, deadline)
        statements.insert(name, for: key)
        return name
    }

    /// Reads one statement's results up to the end.
    private func collect(_ query: Query, mayCommit: Bool, _ deadline: Deadline) throws(PostgresError) -> Rows {
        var rows: Rows?
        var failure: PostgresError?
        while let raw = try nextResult(mayCommit: mayCommit, deadline) {
            let result = ResultHandle(raw)
            if let error = error(in: result, mayCommit: mayCommit) {
                failure = failure ?? error
            } else {
                rows = Rows(handle: result)
            }
            if ending != nil { break }
        }
        if let failure { throw failure }
        guard let rows else { throw end(handle.lost().withOutcomeUnknown(mayCommit)) }
        try checkCommitted(query.verb, rows)
        return rows
    }
}

// What the other files of the connection are made of.
extension PostgresConnection {
    /// The counts since the last call.
    func takeCounts() -> (queries: Int, failures: Int) {
        defer { (queryCount, failureCount) = (0, 0) }
        return (queryCount, failureCount)
    }

    /// After one caller's use.
    func resetTimeout() { responseTimeout = usualTimeout }

    /// Refuses a connection that has ended, and counts.
    func beginUse(count: Int) throws(PostgresError) {
        if let ending { throw ending.withoutOutcome }
        queryCount += count
    }

    /// The next result; a lost or late connection is closed.
    func nextResult(mayCommit: Bool, _ deadline: Deadline) throws(PostgresError) -> OpaquePointer? {
        do { return try handle.nextResult(deadline) } catch { throw end(error.withOutcomeUnknown(mayCommit)) }
    }

    /// Marks the connection as ended and counts the failure.
    func end(_ error: PostgresError) -> PostgresError {
        failureCount += 1
        ending = error
        return error
    }

    /// The error a result holds, or nil. Ends the connection where the server does.
    func error(in result: ResultHandle, mayCommit: Bool) -> PostgresError? {
        switch PQresultStatus(result.raw) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_SINGLE_TUPLE, PGRES_EMPTY_QUERY, PGRES_PIPELINE_SYNC:
            return nil
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            return end(PostgresError(.misuse, "COPY is not supported; the connection was closed"))
        default:
            break
        }
        func field(_ code: Character) -> String? {
            code.asciiValue.flatMap { PQresultErrorField(result.raw, Int32($0)) }.map { String(cString: $0) }
        }
        let sqlstate = field("C")
        guard let sqlstate else {
            // libpq's own words: the server said nothing.
            return end(PostgresError(.connectionLost, handle.errorMessage(), outcomeUnknown: mayCommit))
        }
        let error = PostgresError(
            .server, field("M") ?? "no message", sqlstate: sqlstate, detail: field("D"), constraint: field("n"),
            outcomeUnknown: mayCommit && sqlstate == "40003")
        if !handle.isOpen || error.endsConnection { return end(error.withOutcomeUnknown(mayCommit)) }
        // A plan made obsolete by a migration, or a statement another party deallocated: start over with a new session.
        if sqlstate == "0A000" || sqlstate == "26000" { mustReplace = true }
        failureCount += 1
        return error
    }

    /// Whether the server may commit something when it gets this: it is a COMMIT, or runs on its own.
    func mayCommit(_ query: Query) -> Bool {
        switch query.verb {
        case .begin: false
        case .commit: true
        case .other: PQtransactionStatus(handle.raw) == PQTRANS_IDLE
        }
    }

    /// COMMIT of a failed transaction is a rollback the server reports as success.
    func checkCommitted(_ verb: Verb, _ rows: Rows) throws(PostgresError) {
        guard verb == .commit, rows.commandTag == "ROLLBACK" else { return }
        failureCount += 1
        throw PostgresError(.server, "the transaction had failed and was rolled back", sqlstate: "25P02")
    }
}

extension PostgresError {
    /// For calls on a connection that has ended: nothing was sent.
    fileprivate var withoutOutcome: PostgresError {
        PostgresError(kind == .server ? .connectionLost : kind, message, sqlstate: sqlstate)
    }
}
