import Ethereum
import Exchange
import Postgres

/// `smart_contracts.execution_history`: one function a query.
enum ExecutionsTable {
    private static let columns = Query(
        unsafe: "execution_id, function_name, caller, executed_at, gas_used, success, error_message")

    /// Newest first, after `bookmark`.
    static func list(of address: Address, after bookmark: ExecutionBookmark?, limit: Int) -> Query {
        let position: Query =
            if let bookmark {
                """
                AND (executed_at, execution_id)
                    < (\(PostgresTimestamp(microsecondsSince1970: bookmark.atMicros)), \(bookmark.id))
                """
            } else {
                ""
            }
        return """
            SELECT \(columns) FROM smart_contracts.execution_history WHERE address = \(address) \(position)
            ORDER BY executed_at DESC, execution_id DESC LIMIT \(limit)
            """
    }

    /// Those of these ids that are recorded.
    static func find(_ ids: [String], of address: Address) -> Query {
        """
        SELECT \(columns) FROM smart_contracts.execution_history
        WHERE address = \(address) AND execution_id = ANY(\(ids))
        """
    }

    /// Inserts what is not recorded yet.
    static func insert(_ executions: [ContractExecution], of address: Address) -> Query {
        // In one order everywhere, so that two writers never wait for each other's rows.
        let rows = executions.sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }
        let moments = rows.map { PostgresTimestamp(microsecondsSince1970: $0.atMicros) }
        return """
            INSERT INTO smart_contracts.execution_history
                (address, execution_id, function_name, caller, executed_at, gas_used, success, error_message)
            SELECT \(address), new.* FROM unnest(
                \(rows.map(\.id)), \(rows.map(\.functionName)), \(rows.map(\.caller)), \(moments), \(rows.map(\.gasUsed)),
                \(rows.map(\.success)), \(rows.map(\.errorMessage))) AS new
            ON CONFLICT (address, execution_id) DO NOTHING
            """
    }

    static func remove(_ ids: [String], of address: Address) -> Query {
        "DELETE FROM smart_contracts.execution_history WHERE address = \(address) AND execution_id = ANY(\(ids))"
    }

    static func read(_ row: Row) throws -> ContractExecution {
        ContractExecution(
            id: try row.text(0), functionName: try row.text(1), caller: try row.ifPresent(2) { try $0.address($1) },
            atMicros: try row.timestampMicros(3), gasUsed: try row.ifPresent(4) { try $0.uint256($1) },
            success: try row.bool(5), errorMessage: try row.ifPresent(6) { try $0.text($1) })
    }
}
