public import Ethereum
public import Exchange
@_spi(Store) public import Market
public import Postgres

/// Everything stored, in `seq` order and in constant memory: for `export`, `log export` and `log verify`.
///
/// Each function streams on a connection of the caller's; no other call may be made on it inside `body`. When `body` throws,
/// the connection is closed.
public enum LogArchive {
    /// Each row of the log after `seq`, and its stored hash: the entry's own hash is computed from what the row says.
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

    /// Each offer after `seq`, in whatever status.
    public static func offers(
        after seq: UInt64, on connection: PostgresConnection, _ body: (OfferState) throws -> Void
    ) throws {
        try connection.stream(
            """
            SELECT \(OfferRow.columns) FROM \(OfferRow.tables)
            WHERE o.seq > \(Int64(clamping: seq)) ORDER BY o.seq
            """
        ) { try body(try OfferRow.read($0)) }
    }

    /// Each cancel message after `seq`, with the position at which it was recorded.
    public static func cancels(
        after seq: UInt64, on connection: PostgresConnection, _ body: (VerifiedCancel, _ seq: UInt64) throws -> Void
    ) throws {
        try connection.stream(
            """
            SELECT digest, signer, message, signature, seq
            FROM cancel_messages WHERE seq > \(Int64(clamping: seq)) ORDER BY seq, digest
            """
        ) { row in
            let cancel = VerifiedCancel.stored(
                message: try CancelMessage.parse(try row.bytes(2)), signer: try row.address(1),
                digest: try row.bytes32(0), signature: try row.bytes(3))
            try body(cancel, try row.uint64(4))
        }
    }
}
