public import Ethereum
public import Exchange
public import Postgres

/// A writing transaction of anything but offers and cancels: a block of the chain, a settlement's step, a product's end.
///
/// Like every writer it takes the head's lock first, so that what it reads afterwards is all that was committed before
/// it. Log rows are written before the tables' rows, which refer to them by `seq`.
public struct LogTransaction {
    /// For reading what the decision needs; what is written goes through `write(_:)`.
    public let connection: PostgresConnection
    /// The leader's epoch as the head holds it; what must happen once compares it with its own.
    public let leaderEpoch: Int64
    /// The database's clock after the lock was taken, µs since 1970: the time of every row.
    public let nowMicros: Int64
    /// The head, with the rows appended so far.
    public private(set) var head: LogHead

    private var entries: [LogEntry] = []
    private var writes: [Query] = []

    /// Begins a transaction and takes the head's lock.
    fileprivate init(on connection: PostgresConnection) throws {
        let answers = try connection.pipeline([
            "BEGIN",
            "SELECT seq, hash, epoch, leader_epoch, created_at FROM log_head FOR UPDATE",
            "SELECT clock_timestamp()",
        ])
        let row = try answers[1].single()
        self.connection = connection
        head = LogHead(
            seq: try row.uint64(0), hash: try row.bytes32(1), epoch: UInt64(bitPattern: try row.int64(2)))
        leaderEpoch = try row.int64(3)
        nowMicros = max(try answers[2].single().timestampMicros(0), try row.timestampMicros(4))
    }

    /// Appends a row to the log and returns its position.
    ///
    /// - Parameters:
    ///   - relatedID: what the row is about: an offer hash or address as `0x` text, a decimal token id, a product's id.
    ///   - data: canonical JSON (sorted keys, no spaces, uint256 as decimal strings) of what nothing else commits to.
    @discardableResult
    public mutating func append(
        _ type: EventType, about relatedID: String?, txHash: Bytes32? = nil, blockNumber: UInt64? = nil,
        data: String? = nil
    ) -> UInt64 {
        let entry = LogEntry(
            seq: head.seq + 1, eventType: type.rawValue, relatedID: relatedID, txHash: txHash?.hex,
            blockNumber: blockNumber, data: data, createdAtMicros: nowMicros, previousHash: head.hash)
        entries.append(entry)
        head = LogHead(seq: entry.seq, hash: entry.hash, epoch: head.epoch)
        return entry.seq
    }

    /// Queues a statement that runs after the log's rows and before the COMMIT.
    public mutating func write(_ query: Query) {
        writes.append(query)
    }

    /// Writes and commits. Tables may change without a row of the log (cursors, attempts), never the other way round.
    fileprivate func commit() throws {
        if entries.isEmpty, writes.isEmpty {
            _ = try? connection.query("ROLLBACK")
            return
        }
        var queries: [Query] = []
        if !entries.isEmpty { queries.append(LogTable.insertion(of: entries, atMicros: nowMicros)) }
        queries.append(contentsOf: writes)
        if !entries.isEmpty { queries.append(contentsOf: LogTable.announcement(of: head, atMicros: nowMicros)) }
        _ = try connection.pipeline(queries + ["COMMIT"])
    }
}

/// Runs `LogTransaction`s over a pool of its own.
public struct LogTransactions: Sendable {
    private let database: PostgresClient

    /// Writes through `database` (see `PostgresConfiguration.writingLog`).
    public init(database: PostgresClient) {
        self.database = database
    }

    /// Runs `body` under the head's lock and commits what it appended and queued; a throwing `body` leaves nothing.
    ///
    /// - Throws: what `body` throws; `PostgresError`, after which `outcomeUnknown` says whether the commit may have
    ///   happened: a body that compares before it sets may simply run again.
    public func run<Value: Sendable>(
        _ body: @escaping @Sendable (inout LogTransaction) throws -> Value
    ) async throws -> Value {
        try await database.withConnection { connection in
            var transaction: LogTransaction
            let value: Value
            do {
                transaction = try LogTransaction(on: connection)
                value = try body(&transaction)
            } catch let error as PostgresError {
                throw error.beforeAnyWrite
            }
            try transaction.commit()
            return value
        }
    }
}
