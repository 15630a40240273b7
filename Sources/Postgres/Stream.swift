import CPostgres
import SocketThreads

extension PostgresConnection {
    /// Hands over each row as it arrives: constant memory for any number of rows.
    ///
    /// The client waits ``responseTimeout`` for each row. When `row` throws, the rest is not read and the connection is
    /// closed; a pool replaces it. No other call of this connection may be made inside `row`.
    public func stream(_ query: Query, _ row: (Row) throws -> Void) throws {
        try beginUse(count: 1)
        try check(query)
        guard send(query, name: nil) else { throw end(handle.lost()) }
        guard PQsetSingleRowMode(handle.raw) == 1 else { throw end(handle.lost()) }
        var failure: PostgresError?
        while let raw = try nextResult(mayCommit: false, Deadline(after: responseTimeout)) {
            let result = ResultHandle(raw)
            if let error = error(in: result, mayCommit: false) {
                failure = failure ?? error
            } else {
                for index in 0..<result.rowCount {
                    do {
                        try row(Row(handle: result, index: Int32(index)))
                    } catch {
                        _ = end(PostgresError(.connectionLost, "a stream was left before its end"))
                        throw error
                    }
                }
            }
            if ending != nil { break }
        }
        if let failure { throw failure }
    }
}
