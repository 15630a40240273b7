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
        try beginUse(count: queries.count)
        for query in queries { try check(query) }
        let deadline = Deadline(after: responseTimeout)
        let mayCommit = mayCommit(queries)
        guard PQenterPipelineMode(handle.raw) == 1 else {
            throw PostgresError(.misuse, "a pipeline cannot start inside a stream")
        }
        let steps = try send(queries)
        guard PQpipelineSync(handle.raw) == 1 else { throw end(handle.lost().withOutcomeUnknown(mayCommit)) }
        let outcome = try receive(steps, queries, mayCommit: mayCommit, deadline)
        guard PQexitPipelineMode(handle.raw) == 1 else { throw end(handle.lost()) }
        if let failure = outcome.failure { throw failure }
        return outcome.rows
    }

    private enum Step {
        case prepare(name: String, StatementCache.Key)
        case execute(Int)
    }

    private func send(_ queries: [Query]) throws(PostgresError) -> [Step] {
        var steps: [Step] = []
        steps.reserveCapacity(queries.count)
        var preparing: [StatementCache.Key: String] = [:]
        for (index, query) in queries.enumerated() {
            let key = StatementCache.Key(sql: query.sql, types: query.types)
            var name = statements.name(of: key) ?? preparing[key]
            if name == nil, let new = statements.reserveName() {
                guard sendPrepare(query, name: new) else { throw end(handle.lost()) }
                steps.append(.prepare(name: new, key))
                preparing[key] = new
                name = new
            }
            guard send(query, name: name) else { throw end(handle.lost()) }
            steps.append(.execute(index))
        }
        return steps
    }

    private func receive(
        _ steps: [Step], _ queries: [Query], mayCommit: Bool, _ deadline: Deadline
    ) throws(PostgresError) -> (rows: [Rows], failure: PostgresError?) {
        var rows: [Rows] = []
        rows.reserveCapacity(queries.count)
        var failure: PostgresError?
        for step in steps {
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
                case .execute(let index):
                    rows.append(Rows(handle: result))
                    do { try checkCommitted(queries[index], Rows(handle: result)) } catch { failure = failure ?? error }
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
        if failure == nil, rows.count != queries.count { throw end(handle.lost().withOutcomeUnknown(mayCommit)) }
        return (rows, failure)
    }
}
