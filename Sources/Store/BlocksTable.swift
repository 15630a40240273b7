import Ethereum
import Exchange
import Market
import Postgres

/// Reading and writing `blocks`: the followed headers and the cursor, and `chain_reorgs`.
enum BlocksTable {
    /// The cursor's hash.
    static let cursor: Query = "SELECT hash FROM blocks WHERE is_cursor"

    /// The newest followed headers, highest first.
    static func newest(_ limit: Int, on connection: PostgresConnection) throws -> [ChainHeader] {
        try connection.query(
            "SELECT number, hash, parent_hash, block_time FROM blocks ORDER BY number DESC LIMIT \(Int64(limit))"
        ).map { row in
            ChainHeader(
                number: try row.uint64(0), hash: try row.bytes32(1), parentHash: try row.bytes32(2),
                time: try row.seconds(3))
        }
    }

    /// Moves the cursor: blocks that left the chain go and whatever is above it, followed ones come, old ones are forgotten
    /// but for the newest of them: where nothing lies below a header, following began there.
    static func move(_ move: ChainUpdate.CursorMove, removing removed: [Bytes32]) -> [Query] {
        let headers = move.headers
        return [
            """
            DELETE FROM blocks
            WHERE hash = ANY(\(removed)::bytea[])
                  OR number < (SELECT max(number) FROM blocks WHERE number < \(Int64(clamping: move.forgetBelow)))
                  OR number > \(Int64(clamping: move.to.number))
                  OR number = ANY(\(headers.map { Int64(clamping: $0.number) })::bigint[])
            """,
            "UPDATE blocks SET is_cursor = false WHERE is_cursor",
            """
            INSERT INTO blocks (hash, number, parent_hash, block_time)
            SELECT * FROM unnest(
                \(headers.map(\.hash))::bytea[], \(headers.map { Int64(clamping: $0.number) })::bigint[],
                \(headers.map(\.parentHash))::bytea[],
                \(headers.map { PostgresTimestamp(seconds: $0.time) })::timestamptz[])
            """,
            "UPDATE blocks SET is_cursor = true WHERE hash = \(move.to.hash)",
        ]
    }

    /// Records reorgs.
    static func insert(reorgs: [(seq: UInt64, depth: Int, events: Int)], _ now: PostgresTimestamp) -> Query {
        """
        INSERT INTO chain_reorgs (seq, depth, events, created_at)
        SELECT row.seq, row.depth, row.events, \(now)
        FROM unnest(\(reorgs.map { Int64($0.seq) })::bigint[], \(reorgs.map { Int32($0.depth) })::integer[],
                    \(reorgs.map { Int32($0.events) })::integer[]) AS row (seq, depth, events)
        """
    }
}
