import Ethereum
import Exchange
import Postgres

/// Writing and reading `prices`: the candles.
enum CandlesTable {
    /// Ticks folded in one transaction; more are there after an outage alone.
    private static let batch = 1_000

    /// Folds ticks that are in no candle yet. How far they came is stored beside the candles, so every tick counts once,
    /// whoever folds and whatever is lost in between.
    static func fold(on connection: PostgresConnection) throws {
        try connection.transaction {
            let row = try connection.query("SELECT tick FROM candle_progress WHERE is_only FOR UPDATE").single()
            let after = try row.int64(0)
            let newest = try connection.query(
                """
                SELECT max(tick) FROM (SELECT tick FROM ticks WHERE tick > \(after) ORDER BY tick LIMIT \(Int64(batch))) t
                """
            ).single()
            guard !newest.isNull(0) else { return }
            let last = try newest.int64(0)
            _ = try connection.query(upsert(after: after, through: last))
            _ = try connection.query("UPDATE candle_progress SET tick = \(last) WHERE is_only")
        }
    }

    private static func upsert(after: Int64, through last: Int64) -> Query {
        """
        INSERT INTO prices (token_address, interval, opened_at, open, high, low, close, ticks)
        SELECT decode(substr(p.key, 3), 'hex'), i.name, date_trunc(i.field, t.as_of, 'UTC'),
               (array_agg(p.value::bigint ORDER BY t.tick))[1], max(p.value::bigint), min(p.value::bigint),
               (array_agg(p.value::bigint ORDER BY t.tick DESC))[1], count(*)
        FROM ticks t CROSS JOIN LATERAL jsonb_each_text(t.prices) p
             CROSS JOIN (VALUES ('1s', 'second'), ('1m', 'minute'), ('1h', 'hour')) i (name, field)
        WHERE t.tick > \(after) AND t.tick <= \(last)
        GROUP BY 1, 2, 3
        ON CONFLICT (token_address, interval, opened_at) DO UPDATE
        SET high = greatest(prices.high, EXCLUDED.high), low = least(prices.low, EXCLUDED.low),
            close = EXCLUDED.close, ticks = prices.ticks + EXCLUDED.ticks
        """
    }

    /// Drops candles of `interval` that opened before `millis` (ms since 1970), for each token that has any.
    static func pruning(_ interval: Candle.Interval, before millis: Int64) -> Query {
        """
        WITH RECURSIVE token (address) AS (
            (SELECT token_address FROM prices ORDER BY token_address LIMIT 1)
            UNION ALL
            SELECT (SELECT p.token_address FROM prices p WHERE p.token_address > t.address
                    ORDER BY p.token_address LIMIT 1)
            FROM token t WHERE t.address IS NOT NULL
        )
        DELETE FROM prices p USING token t
        WHERE p.token_address = t.address AND p.interval = \(interval.rawValue)
          AND p.opened_at < \(PostgresTimestamp(microsecondsSince1970: millis * 1_000))
        """
    }

    /// The candles of `token` that opened within `range` (ms since 1970), in order, at most `limit`.
    static func list(
        _ token: Address, _ interval: Candle.Interval, _ range: Range<Int64>, limit: Int,
        on connection: PostgresConnection
    ) throws -> [Candle] {
        let from = PostgresTimestamp(microsecondsSince1970: range.lowerBound * 1_000)
        let to = PostgresTimestamp(microsecondsSince1970: range.upperBound * 1_000)
        return try connection.query(
            """
            SELECT opened_at, open, high, low, close, ticks FROM prices
            WHERE token_address = \(token) AND interval = \(interval.rawValue)
              AND opened_at >= \(from) AND opened_at < \(to)
            ORDER BY opened_at LIMIT \(Int64(limit))
            """
        ).map { row in
            Candle(
                openedAtMillis: try row.timestampMicros(0) / 1_000, open: try row.int64(1), high: try row.int64(2),
                low: try row.int64(3), close: try row.int64(4), ticks: try row.int64(5))
        }
    }
}
