import Ethereum
import Exchange
import Market
import Postgres

/// `contracts`: the products that this service runs. Rows without a `state` are records that the operator put there.
enum ProductsTable {
    private static let columns = Query(
        unsafe: "c.id, c.type, c.parameters, c.created_at, c.duration, c.state, c.owner, c.seq")

    /// Reads the columns, the first of them at `first`.
    private static func read(_ row: Row, from first: Int = 0) throws -> LoggedProduct {
        let id = try row.text(first)
        let terms = StoredProductJSON.terms(
            type: try row.text(first + 1), durationMillis: try row.int64(first + 4),
            parameters: try row.bytes(first + 2))
        guard let terms,
            let product = StoredProductJSON.product(
                id: id, terms: terms, owner: try row.ifPresent(first + 6) { try $0.address($1) },
                startMillis: try row.timestampMicros(first + 3) / 1_000, state: try row.bytes(first + 5))
        else { throw PostgresError(.decoding, "contract \(id) is not as this service stores products") }
        return LoggedProduct(product: product, seq: try row.uint64(first + 7))
    }

    static func find(_ ids: [String]) -> Query {
        "SELECT \(columns) FROM contracts c WHERE c.id = ANY(\(ids)::text[]) AND c.state IS NOT NULL"
    }

    static func products(_ rows: Rows) throws -> [LoggedProduct] { try rows.map { try read($0) } }

    static func active(on connection: PostgresConnection) throws -> [LoggedProduct] {
        try products(
            try connection.query("SELECT \(columns) FROM contracts c WHERE c.is_active AND c.state IS NOT NULL"))
    }

    // MARK: Counts of active products

    static let count: Query = "SELECT count(*) FROM contracts WHERE is_active AND state IS NOT NULL"

    static func countByClient(_ clients: [String]) -> Query {
        """
        SELECT client, count(*) FROM contracts
        WHERE client = ANY(\(clients)::text[]) AND is_active AND state IS NOT NULL GROUP BY client
        """
    }

    static func countByOwner(_ owners: [Address]) -> Query {
        """
        SELECT owner, count(*) FROM contracts
        WHERE owner = ANY(\(owners)::bytea[]) AND is_active AND state IS NOT NULL GROUP BY owner
        """
    }

    // MARK: Writing

    static func insertion(of products: [LoggedProduct], clients: [String?]) -> Query {
        let rows = products.map(\.product)
        let starts = rows.map { PostgresTimestamp(microsecondsSince1970: $0.startMillis * 1_000) }
        return """
            INSERT INTO contracts (id, type, parameters, created_at, is_active, duration, state, owner, client, seq)
            SELECT row.id, row.type, row.parameters::jsonb, row.created_at, row.is_active, row.duration,
                   row.state::jsonb, row.owner, row.client, row.seq
            FROM unnest(\(rows.map(\.id))::text[], \(rows.map(\.terms.type.rawValue))::text[],
                        \(rows.map { PostgresText(utf8: StoredProductJSON.parameters($0.terms)) })::text[],
                        \(starts)::timestamptz[], \(rows.map { $0.outcome == nil })::boolean[],
                        \(rows.map(\.terms.durationMillis))::bigint[],
                        \(rows.map { PostgresText(utf8: StoredProductJSON.state($0)) })::text[],
                        \(rows.map(\.owner))::bytea[], \(clients)::text[],
                        \(products.map { Int64(clamping: $0.seq) })::bigint[])
                 AS row (id, type, parameters, created_at, is_active, duration, state, owner, client, seq)
            """
    }

    /// What an end leaves does not say from which network address a product came.
    static func update(of products: [LoggedProduct]) -> Query {
        """
        UPDATE contracts c
        SET is_active = row.is_active, state = row.state::jsonb, seq = row.seq,
            client = CASE WHEN row.is_active THEN c.client END
        FROM unnest(\(products.map(\.product.id))::text[], \(products.map { $0.product.outcome == nil })::boolean[],
                    \(products.map { PostgresText(utf8: StoredProductJSON.state($0.product)) })::text[],
                    \(products.map { Int64(clamping: $0.seq) })::bigint[]) AS row (id, is_active, state, seq)
        WHERE c.id = row.id
        """
    }

    // MARK: The log

    /// What rows after `seq` changed, from at most `limit` of them.
    static func changes(after seq: UInt64, limit: Int, on connection: PostgresConnection) throws -> ProductChanges {
        // Read first: rows that come in between are among those read next, or after the next look.
        let head = try LogTable.head(on: connection).head.seq
        let rows = try connection.query(
            """
            SELECT l.seq, l.event_type, l.related_id, \(columns)
            FROM transaction_logs l LEFT JOIN contracts c ON c.id = l.related_id
            WHERE l.seq > \(Int64(clamping: seq)) AND l.event_type LIKE 'contract%' ORDER BY l.seq LIMIT \(Int64(limit))
            """)
        var products: [String: LoggedProduct] = [:]
        var deleted: Set<String> = []
        var cleanedSeq: UInt64?
        var last = seq
        for row in rows {
            last = try row.uint64(0)
            if EventType(rawValue: try row.text(1)) == .contractsCleaned {
                cleanedSeq = last
                continue
            }
            let id = try row.text(2)
            if row.isNull(3) {
                deleted.insert(id)
            } else if !row.isNull(8) {
                products[id] = try read(row, from: 3)
            }
        }
        let isComplete = rows.count < limit
        return ProductChanges(
            products: Array(products.values), deleted: deleted, cleanedSeq: cleanedSeq,
            throughSeq: isComplete ? max(head, last) : last, isComplete: isComplete)
    }
}
