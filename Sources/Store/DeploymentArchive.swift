import Ethereum
public import Exchange
@_spi(Store) public import Market
public import Postgres

/// A whole deployment as its signers made it: offers and cancels in the order of the log, from one snapshot, in constant
/// memory. For `export`.
public enum DeploymentArchive {
    /// One thing somebody signed.
    public enum Record: Sendable {
        /// An offer, in whatever status.
        case offer(OfferState)
        /// A cancel message, the position at which it was recorded, and when (µs since 1970).
        case cancel(VerifiedCancel, seq: UInt64, createdAtMicros: Int64)

        fileprivate var seq: UInt64 {
            switch self {
            case .offer(let offer): offer.seq
            case .cancel(_, let seq, _): seq
            }
        }
    }

    /// What the snapshot holds.
    public struct Contents: Sendable {
        /// Whose signatures these are.
        public let deployment: Deployment
        /// The log's head.
        public let head: LogHead
        /// How many offers follow.
        public let offers: UInt64
        /// How many cancel messages follow.
        public let cancels: UInt64
    }

    /// Hands over the snapshot's contents, then every record in ascending `seq`.
    /// - Returns: false when the database has never served a deployment.
    public static func read(
        on connection: PostgresConnection, _ begin: (Contents) throws -> Void, _ body: (Record) throws -> Void
    ) throws -> Bool {
        _ = try connection.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        guard let contents = try contents(on: connection) else {
            _ = try connection.query("ROLLBACK")
            return false
        }
        try begin(contents)
        var offers = try Cursor(
            "offers", size: 1_000,
            "SELECT \(OfferRow.columns) FROM \(OfferRow.tables) ORDER BY o.seq", on: connection
        ) { .offer(try OfferRow.read($0)) }
        var cancels = try Cursor(
            "cancels", size: 200,
            "SELECT digest, signer, message, signature, seq, created_at FROM cancel_messages ORDER BY seq, digest",
            on: connection, cancel)
        while let record = try merge(&offers, &cancels, on: connection) { try body(record) }
        _ = try connection.query("COMMIT")
        return true
    }

    /// The deployment that a database serves; nil before its first start.
    public static func deployment(in database: PostgresClient) async throws -> Deployment? {
        try await database.query("SELECT chain_id, verifying_contract FROM deployment").first.map { row in
            Deployment(chainId: try row.uint256(0), verifyingContract: try row.address(1))
        }
    }

    private static func contents(on connection: PostgresConnection) throws -> Contents? {
        let rows = try connection.query(
            """
            SELECT d.chain_id, d.verifying_contract, h.seq, h.hash, h.epoch,
                   (SELECT count(*) FROM offers), (SELECT count(*) FROM cancel_messages)
            FROM deployment d CROSS JOIN log_head h
            """)
        guard let row = rows.first else { return nil }
        return Contents(
            deployment: Deployment(chainId: try row.uint256(0), verifyingContract: try row.address(1)),
            head: LogHead(
                seq: try row.uint64(2), hash: try row.bytes32(3), epoch: UInt64(bitPattern: try row.int64(4))),
            offers: try row.uint64(5), cancels: try row.uint64(6))
    }

    private static func cancel(_ row: Row) throws -> Record {
        let cancel = VerifiedCancel.stored(
            message: try CancelMessage.parse(try row.bytes(2)), signer: try row.address(1), digest: try row.bytes32(0),
            signature: try row.bytes(3))
        return .cancel(cancel, seq: try row.uint64(4), createdAtMicros: try row.timestampMicros(5))
    }

    private static func merge(
        _ left: inout Cursor, _ right: inout Cursor, on connection: PostgresConnection
    ) throws -> Record? {
        guard let first = try left.peek(on: connection) else { return try right.next(on: connection) }
        guard let second = try right.peek(on: connection) else { return try left.next(on: connection) }
        return second.seq < first.seq ? try right.next(on: connection) : try left.next(on: connection)
    }
}

/// A server-side cursor and the rows of it that were fetched and not taken yet.
private struct Cursor {
    private let fetch: Query
    private let size: Int
    private let decode: (Row) throws -> DeploymentArchive.Record
    private var rows: [DeploymentArchive.Record] = []
    private var place = 0
    private var isAtEnd = false

    init(
        _ name: String, size: Int, _ query: Query, on connection: PostgresConnection,
        _ decode: @escaping (Row) throws -> DeploymentArchive.Record
    ) throws {
        self.decode = decode
        self.size = size
        fetch = "FETCH \(unsafe: String(size)) FROM \(unsafe: name)"
        _ = try connection.query("DECLARE \(unsafe: name) NO SCROLL CURSOR FOR \(query)")
    }

    /// The next record, which stays; nil at the end.
    mutating func peek(on connection: PostgresConnection) throws -> DeploymentArchive.Record? {
        if place == rows.count, !isAtEnd {
            rows = try connection.query(fetch).map(decode)
            place = 0
            isAtEnd = rows.count < size
        }
        return place < rows.count ? rows[place] : nil
    }

    mutating func next(on connection: PostgresConnection) throws -> DeploymentArchive.Record? {
        let record = try peek(on: connection)
        place += record == nil ? 0 : 1
        return record
    }
}
