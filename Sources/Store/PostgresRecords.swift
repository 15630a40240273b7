public import Exchange
public import Market
public import Postgres
import StrictJSON

/// The products' records in `contracts`.
public struct PostgresRecords: RecordStore {
    private static let columns = Query(unsafe: "id, type, parameters, created_at, is_active, duration")

    private let transactions: LogTransactions
    private let reads: PostgresClient

    /// Records written through `writes` (a pool of its own, see `PostgresConfiguration.writingLog`), read through `reads`.
    public init(writes: PostgresClient, reads: PostgresClient) {
        transactions = LogTransactions(database: writes)
        self.reads = reads
    }

    /// Stores a record and logs that it did.
    public func put(_ record: ContractRecord) async throws -> (record: ContractRecord, isNew: Bool) {
        try await transactions.run { transaction in
            let old = try transaction.connection.query(
                "SELECT state IS NOT NULL FROM contracts WHERE id = \(record.id)"
            ).first
            if try old?.bool(0) == true { throw Rejection.productRecord }
            let seq = transaction.append(.contractRecorded, about: record.id, data: Self.data(record))
            let micros = record.createdAtMillis.map { $0 * 1_000 } ?? transaction.nowMicros / 1_000 * 1_000
            transaction.write(
                """
                INSERT INTO contracts (id, type, parameters, created_at, is_active, duration, seq)
                VALUES (\(record.id), \(record.type), \(PostgresText(utf8: record.parameters))::jsonb,
                        \(PostgresTimestamp(microsecondsSince1970: micros)), \(record.isActive), \(record.durationMillis),
                        \(Int64(clamping: seq)))
                ON CONFLICT (id) DO UPDATE
                SET type = EXCLUDED.type, parameters = EXCLUDED.parameters, created_at = EXCLUDED.created_at,
                    is_active = EXCLUDED.is_active, duration = EXCLUDED.duration, seq = EXCLUDED.seq
                """)
            let stored = ContractRecord(
                id: record.id, type: record.type, parameters: record.parameters, createdAtMillis: micros / 1_000,
                isActive: record.isActive, durationMillis: record.durationMillis)
            return (stored, old == nil)
        }
    }

    /// The record with this id.
    public func record(_ id: String) async throws -> ContractRecord? {
        try Self.records(try await reads.query("SELECT \(Self.columns) FROM contracts WHERE id = \(id)")).first
    }

    /// The records in the order of their ids after `id`, at most `limit`.
    public func records(after id: String?, limit: Int) async throws -> [ContractRecord] {
        let after = id ?? ""
        return try Self.records(
            try await reads.query(
                "SELECT \(Self.columns) FROM contracts WHERE id > \(after) ORDER BY id LIMIT \(Int64(limit))"))
    }

    /// Deletes a record and logs that it did.
    public func delete(_ id: String) async throws -> Bool {
        try await transactions.run { transaction in
            let rows = try transaction.connection.query("SELECT id FROM contracts WHERE id = \(id)")
            guard rows.count == 1 else { return false }
            transaction.append(.contractDeleted, about: id)
            transaction.write("DELETE FROM contracts WHERE id = \(id)")
            return true
        }
    }

    /// Deletes every record; one row of the log says so.
    public func clean() async throws -> Int64 {
        try await transactions.run { transaction in
            let count = try transaction.connection.query("SELECT count(*) FROM contracts").single().int64(0)
            if count > 0 {
                transaction.append(.contractsCleaned, about: nil, data: "{\"count\":\"\(count)\"}")
                transaction.write("DELETE FROM contracts")
            }
            return count
        }
    }

    private static func data(_ record: ContractRecord) -> String {
        var json = JSONWriter()
        json.beginObject()
        json.key("duration")
        json.decimal(record.durationMillis)
        json.key("isActive")
        json.bool(record.isActive)
        json.key("type")
        json.string(record.type)
        json.endObject()
        return String(decoding: json.bytes, as: UTF8.self)
    }

    private static func records(_ rows: Rows) throws -> [ContractRecord] {
        try rows.map { row in
            ContractRecord(
                id: try row.text(0), type: try row.text(1), parameters: try row.bytes(2),
                createdAtMillis: try row.timestampMicros(3) / 1_000, isActive: try row.bool(4),
                durationMillis: try row.int64(5))
        }
    }
}
