public import Ethereum
public import Exchange
public import Logging
public import Market
public import Postgres

/// The log in PostgreSQL: one connection that writes, a pool that reads.
public struct PostgresLog: OfferLog {
    /// Reading a hundred thousand open offers takes longer than a request may.
    private static let loadTimeout = "60s"

    private let writer: LogWriter
    let reads: PostgresClient

    /// The log behind `writes` (a pool of its own, for `LogWriter`) and `reads`.
    public init(writes: PostgresClient, reads: PostgresClient, deployment: Deployment, logger: Logger) {
        writer = LogWriter(database: writes, deployment: deployment, logger: logger)
        self.reads = reads
    }

    /// Commits through the one function that takes the head's lock first.
    public func commit(_ requests: [WriteRequest]) async throws(WriteFailure) -> Commit {
        try await writer.commit(requests)
    }

    /// The rows after `seq`, in order.
    public func events(after seq: UInt64, limit: Int) async throws -> [BookEvent] {
        try await reads.withConnection { try LogTable.events(after: seq, limit: limit, on: $0) }
    }

    /// Every open offer and each book's last change, from one snapshot.
    public func openBooks(_ offer: @escaping @Sendable (OfferState) -> Void) async throws -> BooksSnapshot {
        try await reads.withConnection { connection in
            connection.responseTimeout = .seconds(60)
            _ = try connection.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            _ = try connection.query("SELECT set_config('statement_timeout', \(Self.loadTimeout), true)")
            let head = try LogTable.head(on: connection).head
            let books = try LogTable.books(on: connection)
            try OffersTable.forEachOpen(on: connection, offer)
            _ = try connection.query("COMMIT")
            return BooksSnapshot(head: head, lastChanges: books)
        }
    }

    /// The offer that any of its three hashes names.
    public func offer(named hash: Bytes32) async throws -> OfferState? {
        try await reads.withConnection { try OffersTable.find(hash, on: $0) }
    }

    /// One page of offers, and the head it reflects.
    public func offers(matching filter: OfferFilter, after seq: UInt64, limit: Int) async throws -> OfferListing {
        try await reads.withConnection { connection in
            _ = try connection.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            let (head, atMicros) = try LogTable.head(on: connection)
            let (offers, nextSeq) = try OffersTable.list(filter, after: seq, limit: limit, on: connection)
            _ = try connection.query("COMMIT")
            return OfferListing(offers: offers, nextSeq: nextSeq, headSeq: head.seq, headAtMicros: atMicros)
        }
    }
}
