import CPostgres
import SocketThreads

extension PostgresConnection {
    /// Sends several statements at once with one synchronisation at the end and waits for all answers: one round trip.
    ///
    /// Outside a transaction block they are one transaction. When one fails, the rest is skipped and its error thrown;
    /// the connection stays usable.
    /// - Returns: the rows of each query, in order.
    public func pipeline(_ queries: [Query]) throws(PostgresError) -> [Rows] {
        if queries.isEmpty { return [] }
        for query in queries { try check(query) }
        return try pipeline(making: queries)
    }

    /// The same of queries that are made while the server is busy with those before them. A query that cannot be sent ends
    /// the connection, and with it what the ones before it did.
    public func pipeline(making queries: some Sequence<Query>) throws(PostgresError) -> [Rows] {
        try beginUse(count: 0)
        let deadline = Deadline(after: responseTimeout)
        guard PQenterPipelineMode(handle.raw) == 1 else {
            throw PostgresError(.misuse, "a pipeline cannot start inside a stream")
        }
        let (steps, mayCommit) = try send(queries)
        guard PQpipelineSync(handle.raw) == 1 else { throw end(handle.lost().withOutcomeUnknown(mayCommit)) }
        let outcome = try receive(steps, mayCommit: mayCommit, deadline)
        guard PQexitPipelineMode(handle.raw) == 1 else { throw end(handle.lost()) }
        if let failure = outcome.failure { throw failure }
        return outcome.rows
    }

    private enum Step {
        case prepare(name: String, StatementCache.Key)
        case execute(Verb)
    }

    /// - Returns: what the server was asked to do, and whether it may commit something.
    private func send(_ queries: some Sequence<Query>) throws(PostgresError) -> ([Step], mayCommit: Bool) {
        var steps: [Step] = []
        var mayCommit = false
        var inTransaction = PQtransactionStatus(handle.raw) != PQTRANS_IDLE
        var preparing: [StatementCache.Key: String] = [:]
        for query in queries {
            do { try check(query) } catch { throw end(error) }
            let verb = query.verb
            switch verb {
            case .begin: inTransaction = true
            case .commit: mayCommit = true
            case .other: mayCommit = mayCommit || !inTransaction
            }
            let key = StatementCache.Key(sql: query.sql, types: query.types)
            var name = statements.name(of: key) ?? preparing[key]
            if name == nil, let new = statements.reserveName() {
                guard sendPrepare(query, name: new) else { throw end(handle.lost()) }
                steps.append(.prepare(name: new, key))
                preparing[key] = new
                name = new
            }
            guard send(query, name: name) else { throw end(handle.lost()) }
            steps.append(.execute(verb))
            queryCount += 1
        }
        return (steps, mayCommit)
    }

    private func receive(
        _ steps: [Step], mayCommit: Bool, _ deadline: Deadline
    ) throws(PostgresError) -> (rows: [Rows], failure: PostgresError?) {
        var rows: [Rows] = []
        var expected = 0
        var failure: PostgresError?
        for step in steps {
            if case .execute = step { expected += 1 }
            while let raw = try nextResult(mayCommit: mayCommit, deadline) {
                let result = ResultHandle(raw)
                if PQresultStatus(raw) == PGRES_PIPELINE_ABORTED { continue }
                if let error = error(in: result, mayCommit: mayCommit) {
                    failure = failure ?? error
                    if ending != nil { throw error }
                    continue
                }
                switch step {
                case .prepare(let name, let key): statements.insert(name, for: key)
                case .execute(let verb):
                    rows.append(Rows(handle: result))
                    do { try checkCommitted(verb, Rows(handle: result)) } catch { failure = failure ?? error }
                }
            }
        }
        // The synchronisation point.
        while let raw = try nextResult(mayCommit: mayCommit, deadline) {
            let result = ResultHandle(raw)
            if PQresultStatus(raw) == PGRES_PIPELINE_SYNC { break }
            if let error = error(in: result, mayCommit: mayCommit) { failure = failure ?? error }
            if let ending { throw ending }
        }
        if failure == nil, rows.count != expected { throw end(handle.lost().withOutcomeUnknown(mayCommit)) }
        return (rows, failure)
    }
}
