import Ethereum
import Exchange
import Market
import Postgres

/// Reading `offers` (with `filled_amounts`): one function a query.
enum OffersTable {
    /// The offer that `hash` names: its offerHash, else its structHash, else its encodedHash.
    static func find(_ hash: Bytes32, on connection: PostgresConnection) throws -> OfferState? {
        for column in ["offer_hash", "struct_hash", "encoded_hash"] {
            let rows = try connection.query(
                """
                SELECT \(OfferRow.columns) FROM \(OfferRow.tables)
                WHERE o.\(unsafe: column) = \(hash) ORDER BY o.seq LIMIT 1
                """)
            if let row = rows.first { return try OfferRow.read(row) }
        }
        return nil
    }

    /// Every open offer in `seq` order, one row at a time.
    static func forEachOpen(on connection: PostgresConnection, _ body: (OfferState) -> Void) throws {
        try connection.stream(
            "SELECT \(OfferRow.columns) FROM \(OfferRow.tables) WHERE o.closed_seq IS NULL ORDER BY o.seq"
        ) { body(try OfferRow.read($0)) }
    }

    /// At most `limit` offers after `seq` that `filter` keeps, in ascending `seq`.
    static func list(
        _ filter: OfferFilter, after seq: UInt64, limit: Int, on connection: PostgresConnection
    ) throws -> [OfferState] {
        var conditions: Query = "o.seq > \(Int64(clamping: seq))"
        if let writer = filter.writer { conditions = "\(conditions) AND o.writer_address = \(writer)" }
        if let token = filter.underlying { conditions = "\(conditions) AND o.underlying_address = \(token)" }
        if let token = filter.stablecoin { conditions = "\(conditions) AND o.stablecoin_address = \(token)" }
        if let isCall = filter.isCall { conditions = "\(conditions) AND o.is_call = \(isCall)" }
        if let days = filter.minDuration { conditions = "\(conditions) AND o.max_duration >= \(Int32(days))" }
        if let days = filter.maxDuration { conditions = "\(conditions) AND o.min_duration <= \(Int32(days))" }
        if let micros = filter.createdAfterMicros {
            let moment = PostgresTimestamp(microsecondsSince1970: micros)
            conditions = "\(conditions) AND o.seq > log_seq_at(\(moment)) AND o.created_at > \(moment)"
        }
        if let hashes = filter.hashes {
            conditions = """
                \(conditions) AND (o.offer_hash = ANY(\(hashes)::bytea[]) OR o.struct_hash = ANY(\(hashes)::bytea[])
                     OR o.encoded_hash = ANY(\(hashes)::bytea[]))
                """
        }
        if let status = filter.status { conditions = "\(conditions) AND \(condition(on: status))" }
        let rows = try connection.query(
            """
            SELECT \(OfferRow.columns) FROM \(OfferRow.tables)
            WHERE \(conditions) ORDER BY o.seq LIMIT \(Int64(limit))
            """)
        return try rows.map { try OfferRow.read($0) }
    }

    /// What a status means in columns; a partly filled offer is an open one.
    private static func condition(on status: OfferStatus) -> Query {
        switch status {
        case .open: "o.closed_seq IS NULL AND f.filled_amount IS NULL"
        case .partiallyFilled: "o.closed_seq IS NULL AND f.filled_amount > 0"
        case .filled: "o.closed_reason IN ('filled', 'overfilled')"
        case .cancelled: "o.closed_reason = 'cancelled'"
        case .expired: "o.closed_reason = 'expired'"
        }
    }
}
