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
    /// Several statements: the caller's transaction must be REPEATABLE READ.
    static func list(
        _ filter: OfferFilter, after seq: UInt64, limit: Int, examining maximum: Int = maximumExamined,
        on connection: PostgresConnection
    ) throws -> (offers: [OfferState], nextSeq: UInt64?) {
        try preferIndexOrder(on: connection)
        let page = try connection.query(self.page(filter, after: seq, limit: limit, examining: maximum))
        let offers = try page.prefix(limit).map { try OfferRow.read($0) }
        if page.count > limit { return (offers, offers.last?.seq) }
        // Three rows a hash at most.
        if let hashes = filter.hashes, hashes.count * 3 < maximum { return (offers, nil) }
        let last = try connection.query(lastExamined(filter, after: seq, examining: maximum))
        return (offers, try last.first.map { try $0.uint64(0) })
    }

    /// Where an index gives the order, it shall: by its estimates PostgreSQL would now and then rather sort a large part of
    /// the table. Until the transaction ends.
    static func preferIndexOrder(on connection: PostgresConnection) throws {
        _ = try connection.query("SELECT set_config('enable_sort', 'off', true)")
    }

    /// One row more than `limit` tells that there is another page.
    static func page(_ filter: OfferFilter, after seq: UInt64, limit: Int, examining maximum: Int) -> Query {
        """
        SELECT \(OfferRow.columns)
        FROM (\(examined(filter, after: seq, examining: maximum, columns: "*"))) o
             LEFT JOIN filled_amounts f ON f.offer_hash = o.offer_hash
        WHERE \(remaining(filter)) ORDER BY \(unsafe: Access(filter).order) LIMIT \(limit + 1)
        """
    }

    /// The `maximum`-th row that a page examines; none when there are fewer.
    static func lastExamined(_ filter: OfferFilter, after seq: UInt64, examining maximum: Int) -> Query {
        let order = Access(filter).order
        return """
            SELECT o.seq FROM (\(examined(filter, after: seq, examining: maximum, columns: Query(unsafe: order)))) o
            ORDER BY \(unsafe: order) OFFSET \(maximum - 1) LIMIT 1
            """
    }

    /// The rows a page examines: one index range, or two merged in order.
    private static func examined(
        _ filter: OfferFilter, after seq: UInt64, examining maximum: Int, columns: Query
    ) -> Query {
        let access = Access(filter)
        if let named = access.named {
            // OFFSET 0 keeps the look-up by hash apart from the order: else all offers might be walked by seq to find them.
            return """
                SELECT \(columns) FROM (SELECT * FROM offers WHERE \(named) OFFSET 0) AS named
                WHERE seq > \(position(filter, after: seq)) ORDER BY seq LIMIT \(unsafe: String(maximum))
                """
        }
        let end: Query = "ORDER BY \(unsafe: access.order) LIMIT \(unsafe: String(maximum))"
        let ranges = access.conditions.map { condition in
            "(SELECT \(columns) FROM offers WHERE \(condition) AND \(access.after(position(filter, after: seq))) \(end))"
                as Query
        }
        guard ranges.count > 1 else { return ranges[0] }
        return "SELECT * FROM (\(ranges[0]) UNION ALL \(ranges[1])) AS ranges \(end)"
    }

    private static func position(_ filter: OfferFilter, after seq: UInt64) -> Query {
        guard let micros = filter.createdAfterMicros else { return "\(Int64(clamping: seq))" }
        let moment = PostgresTimestamp(microsecondsSince1970: micros)
        return "greatest(\(Int64(clamping: seq)), log_seq_at(\(moment)))"
    }

    /// Which index serves a filter, and in which order it gives the rows.
    ///
    /// Open and closed offers have indexes of their own, so without a status both are read and merged. Of one writer's (or
    /// underlying's) index the range is written as two bounds rather than an equation, and its column stands first in the
    /// order: after an equation PostgreSQL would know that order to be that of seq alone, and might walk all offers by seq.
    private struct Access {
        /// The range, or the two that are merged.
        let conditions: [Query]
        /// The look-up by hash that takes the place of a range.
        let named: Query?
        /// The one writer or underlying, and its column.
        private let owner: (column: String, address: Address)?

        init(_ filter: OfferFilter) {
            named = filter.hashes.map(Self.lookUp)
            if named != nil {
                (owner, conditions) = (nil, [])
                return
            }
            owner = filter.writer.map { ("writer_address", $0) } ?? filter.underlying.map { ("underlying_address", $0) }
            switch filter.status {
            case nil: conditions = owner == nil ? ["true"] : ["closed_seq IS NULL", "closed_seq IS NOT NULL"]
            case .open?, .partiallyFilled?, .unfunded?: conditions = ["closed_seq IS NULL"]
            case _? where owner != nil: conditions = ["closed_seq IS NOT NULL"]
            case .filled?: conditions = ["closed_reason IN ('filled', 'overfilled')"]
            case .cancelled?: conditions = ["closed_reason = 'cancelled'"]
            case .expired?: conditions = ["closed_reason = 'expired'"]
            }
        }

        var order: String { owner.map { "\($0.column), seq" } ?? "seq" }

        /// Where the range begins, and ends.
        func after(_ position: Query) -> Query {
            guard let owner else { return "seq > \(position)" }
            return """
                (\(unsafe: owner.column), seq) > (\(owner.address), \(position)) \
                AND \(unsafe: owner.column) <= \(owner.address)
                """
        }

        private static func lookUp(_ hashes: [Bytes32]) -> Query {
            """
            offer_hash = ANY(ARRAY(
                SELECT offer_hash FROM offers WHERE offer_hash = ANY(\(hashes)::bytea[])
                UNION SELECT offer_hash FROM offers WHERE struct_hash = ANY(\(hashes)::bytea[])
                UNION SELECT offer_hash FROM offers WHERE encoded_hash = ANY(\(hashes)::bytea[])))
            """
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
        case .open: "o.closed_seq IS NULL AND NOT o.unfunded AND coalesce(f.filled_amount, 0) = 0 AND \(notOverdue)"
        case .partiallyFilled: "o.closed_seq IS NULL AND NOT o.unfunded AND f.filled_amount > 0 AND \(notOverdue)"
        case .unfunded: "o.closed_seq IS NULL AND o.unfunded AND \(notOverdue)"
        case .filled: "o.closed_reason IN ('filled', 'overfilled')"
        case .cancelled: "o.closed_reason = 'cancelled'"
        case .expired: "o.closed_reason = 'expired'"
        }
    }

    private static let notOverdue: Query = "o.deadline >= floor(extract(epoch FROM statement_timestamp()))"
}
