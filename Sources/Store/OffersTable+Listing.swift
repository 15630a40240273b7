import Ethereum
import Exchange
import Market
import Postgres

/// `GET /offers`: pages in ascending `seq`, each from an index in that order.
///
/// A filter that an index serves (hashes, writer, underlying, status) chooses the rows that are examined; what remains of the
/// filter is tested on them. So that no filter can make the database read a whole table, a page examines at most
/// `maximumExamined` rows; a page with fewer offers than asked for is then not the last one.
extension OffersTable {
    /// How many rows one page may look at.
    static let maximumExamined = 20_000

    /// At most `limit` offers after `seq` that `filter` keeps, and where to go on; nil at the end.
    ///
    /// Two statements: the caller's transaction must be REPEATABLE READ.
    static func list(
        _ filter: OfferFilter, after seq: UInt64, limit: Int, examining maximum: Int = maximumExamined,
        on connection: PostgresConnection
    ) throws -> (offers: [OfferState], nextSeq: UInt64?) {
        let page = try connection.query(self.page(filter, after: seq, limit: limit, examining: maximum))
        let offers = try page.prefix(limit).map { try OfferRow.read($0) }
        if page.count > limit { return (offers, offers.last?.seq) }
        let last = try connection.query(lastExamined(filter, after: seq, examining: maximum))
        return (offers, try last.first.map { try $0.uint64(0) })
    }

    /// One row more than `limit` tells that there is another page.
    static func page(_ filter: OfferFilter, after seq: UInt64, limit: Int, examining maximum: Int) -> Query {
        """
        SELECT \(OfferRow.columns)
        FROM (\(examined(filter, after: seq, examining: maximum, columns: "*"))) o
             LEFT JOIN filled_amounts f ON f.offer_hash = o.offer_hash
        WHERE \(remaining(filter)) ORDER BY o.seq LIMIT \(limit + 1)
        """
    }

    /// The `maximum`-th row that a page examines; none when there are fewer.
    static func lastExamined(_ filter: OfferFilter, after seq: UInt64, examining maximum: Int) -> Query {
        """
        SELECT o.seq FROM (\(examined(filter, after: seq, examining: maximum, columns: "seq"))) o
        ORDER BY o.seq OFFSET \(maximum - 1) LIMIT 1
        """
    }

    /// The rows a page examines: one index range, or several merged in order.
    private static func examined(
        _ filter: OfferFilter, after seq: UInt64, examining maximum: Int, columns: Query
    ) -> Query {
        let ranges = ranges(filter).map { range in
            """
            (SELECT \(columns) FROM offers WHERE \(range) AND \(position(filter, after: seq))
             ORDER BY seq LIMIT \(unsafe: String(maximum)))
            """ as Query
        }
        guard let first = ranges.first, ranges.count > 1 else { return ranges.first ?? "" }
        let union: Query = ranges.dropFirst().reduce(first) { "\($0) UNION ALL \($1)" }
        return "SELECT * FROM (\(union)) AS ranges ORDER BY seq LIMIT \(unsafe: String(maximum))"
    }

    private static func position(_ filter: OfferFilter, after seq: UInt64) -> Query {
        guard let micros = filter.createdAfterMicros else { return "seq > \(Int64(clamping: seq))" }
        let moment = PostgresTimestamp(microsecondsSince1970: micros)
        return "seq > greatest(\(Int64(clamping: seq)), log_seq_at(\(moment)))"
    }

    /// What the indexes serve. Open and closed offers have indexes of their own, so without a status both are merged.
    private static func ranges(_ filter: OfferFilter) -> [Query] {
        if let hashes = filter.hashes {
            return [
                """
                offer_hash = ANY(ARRAY(
                    SELECT offer_hash FROM offers WHERE offer_hash = ANY(\(hashes)::bytea[])
                    UNION SELECT offer_hash FROM offers WHERE struct_hash = ANY(\(hashes)::bytea[])
                    UNION SELECT offer_hash FROM offers WHERE encoded_hash = ANY(\(hashes)::bytea[])))
                """
            ]
        }
        let owner: Query? =
            filter.writer.map { "writer_address = \($0)" } ?? filter.underlying.map { "underlying_address = \($0)" }
        switch (owner, filter.status) {
        case (let owner?, nil): return ["\(owner) AND closed_seq IS NULL", "\(owner) AND closed_seq IS NOT NULL"]
        case (let owner?, .open?), (let owner?, .partiallyFilled?): return ["\(owner) AND closed_seq IS NULL"]
        case (let owner?, _): return ["\(owner) AND closed_seq IS NOT NULL"]
        case (nil, nil): return ["true"]
        case (nil, .open?), (nil, .partiallyFilled?): return ["closed_seq IS NULL"]
        case (nil, .filled?):
            return [
                "closed_seq IS NOT NULL AND closed_reason = 'filled'",
                "closed_seq IS NOT NULL AND closed_reason = 'overfilled'",
            ]
        case (nil, .cancelled?): return ["closed_seq IS NOT NULL AND closed_reason = 'cancelled'"]
        case (nil, .expired?): return ["closed_seq IS NOT NULL AND closed_reason = 'expired'"]
        }
    }

    /// The whole filter but for the position, on a row `o` with what is filled of it, `f`.
    private static func remaining(_ filter: OfferFilter) -> Query {
        var conditions: Query = "true"
        if let writer = filter.writer { conditions = "\(conditions) AND o.writer_address = \(writer)" }
        if let token = filter.underlying { conditions = "\(conditions) AND o.underlying_address = \(token)" }
        if let token = filter.stablecoin { conditions = "\(conditions) AND o.stablecoin_address = \(token)" }
        if let isCall = filter.isCall { conditions = "\(conditions) AND o.is_call = \(isCall)" }
        if let days = filter.minDuration { conditions = "\(conditions) AND o.max_duration >= \(Int32(days))" }
        if let days = filter.maxDuration { conditions = "\(conditions) AND o.min_duration <= \(Int32(days))" }
        if let micros = filter.createdAfterMicros {
            conditions = "\(conditions) AND o.created_at > \(PostgresTimestamp(microsecondsSince1970: micros))"
        }
        if let status = filter.status { conditions = "\(conditions) AND \(condition(status))" }
        return conditions
    }

    /// What a status means in columns. An open offer past its deadline is none until its expiry is logged, within a second.
    private static func condition(_ status: OfferStatus) -> Query {
        switch status {
        case .open: "o.closed_seq IS NULL AND coalesce(f.filled_amount, 0) = 0 AND \(notOverdue)"
        case .partiallyFilled: "o.closed_seq IS NULL AND f.filled_amount > 0 AND \(notOverdue)"
        case .filled: "o.closed_reason IN ('filled', 'overfilled')"
        case .cancelled: "o.closed_reason = 'cancelled'"
        case .expired: "o.closed_reason = 'expired'"
        }
    }

    private static let notOverdue: Query = "o.deadline >= floor(extract(epoch FROM statement_timestamp()))"
}
