public import Ethereum
public import Exchange
public import Postgres

/// The rows of the log as they stand, for `log export` and `log verify`.
public enum LogArchive {
    /// Hands over each row after `seq` in order, and its stored hash: the entry's own hash is computed from what the row says.
    ///
    /// Constant memory. No other call may be made on the connection inside `body`; when that throws, the connection is closed.
    public static func entries(
        after seq: UInt64, on connection: PostgresConnection, _ body: (LogEntry, _ storedHash: Bytes32) throws -> Void
    ) throws {
        try connection.stream(
            """
            SELECT seq, event_type, related_id, tx_hash, block_number, data, created_at, prev_hash, hash
            FROM transaction_logs WHERE seq > \(Int64(clamping: seq)) ORDER BY seq
            """
        ) { row in
            let entry = LogEntry(
                seq: try row.uint64(0), eventType: try row.text(1),
                relatedID: try row.ifPresent(2) { try $0.text($1) },
                txHash: try row.ifPresent(3) { try $0.bytes32($1).hex },
                blockNumber: try row.ifPresent(4) { try $0.uint64($1) }, data: try row.ifPresent(5) { try $0.text($1) },
                createdAtMicros: try row.timestampMicros(6), previousHash: try row.bytes32(7))
            try body(entry, try row.bytes32(8))
        }
    }
}
