public import Exchange
import Market
import Postgres

extension PostgresLog: ChainStore {
    /// Reorgs and quarantined events that a summary lists.
    private static let listed: Int64 = 20

    /// The newest followed headers, highest first.
    public func followedHeaders(_ limit: Int) async throws -> [ChainHeader] {
        try await reads.withConnection { try BlocksTable.newest(limit, on: $0) }
    }

    /// The blocks at `height` and above with events that count, highest first.
    public func recordedBlocks(from height: UInt64) async throws -> [RecordedBlock] {
        try await reads.query(ChainEventsTable.blocks(from: height)).map { row in
            RecordedBlock(number: try row.uint64(0), hash: try row.bytes32(1), events: Int(try row.int64(2)))
        }
    }

    /// The epoch of whoever leads.
    public func leaderEpoch() async throws -> Int64 {
        try await reads.query("SELECT leader_epoch FROM log_head").single().int64(0)
    }

    /// What is known of the chain in all.
    public func chainSummary() async throws -> ChainSummary {
        try await reads.withConnection { connection in
            let answers = try connection.pipeline([
                "SELECT number, hash, parent_hash, block_time FROM blocks WHERE is_cursor",
                "SELECT count(*) FROM chain_reorgs",
                """
                SELECT seq, depth, events, created_at FROM chain_reorgs ORDER BY seq DESC LIMIT \(Self.listed)
                """,
                "SELECT count(*) FROM chain_events WHERE quarantine IS NOT NULL AND status <> 'reverted'",
                ChainEventsTable.select(
                    where: "quarantine IS NOT NULL AND status <> 'reverted' ORDER BY seq DESC LIMIT \(Self.listed)"),
                "SELECT count(*) FROM chain_events WHERE status = 'pending'",
                """
                SELECT greatest((SELECT max(block_time) FROM chain_events WHERE status <> 'reverted'),
                                (SELECT block_time FROM blocks WHERE is_cursor))
                """,
            ])
            let cursor = try answers[0].first.map { row in
                ChainHeader(
                    number: try row.uint64(0), hash: try row.bytes32(1), parentHash: try row.bytes32(2),
                    time: try row.seconds(3))
            }
            let reorgs = try answers[2].map { row in
                ChainSummary.Reorg(
                    seq: try row.uint64(0), depth: Int(try row.int32(1)), events: Int(try row.int32(2)),
                    atMicros: try row.timestampMicros(3))
            }
            return ChainSummary(
                cursor: cursor, reorgs: (Int(try answers[1].single().int64(0)), reorgs),
                quarantined: (
                    Int(try answers[3].single().int64(0)), try answers[4].map { try ChainEventsTable.read($0) }
                ),
                pending: Int(try answers[5].single().int64(0)),
                latestBlockTime: try answers[6].single().ifPresent(0) { try $0.seconds($1) })
        }
    }
}
