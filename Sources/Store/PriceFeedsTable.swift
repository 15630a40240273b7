import Ethereum
import Exchange
import Postgres

/// Writing and reading `price_feeds`.
enum PriceFeedsTable {
    private static let columns = Query(
        unsafe: "token_address, price, observed_at, source, return_squares, return_seconds, return_count")

    /// Every token's last observation.
    static func all(on connection: PostgresConnection) throws -> [PriceFeedState] {
        try connection.query("SELECT \(columns) FROM price_feeds ORDER BY token_address").map(read)
    }

    /// Stores one more observation and tells all processes; false when something as late is known.
    static func record(_ observation: PriceObservation, on connection: PostgresConnection) throws -> Bool {
        try connection.transaction {
            // One writer a token at a time, also before it has a row.
            _ = try connection.query("SELECT pg_advisory_xact_lock(hashtextextended(\(observation.token.hex), 0))")
            let row = try connection.query(
                "SELECT \(columns) FROM price_feeds WHERE token_address = \(observation.token)"
            ).first
            guard let state = PriceFeedState.after(try row.map(read), observation) else { return false }
            _ = try connection.query(upsert(state))
            _ = try connection.query(
                "SELECT pg_notify('\(unsafe: MarketChannel.name)', \(MarketChannel.observation))")
            return true
        }
    }

    private static func upsert(_ state: PriceFeedState) -> Query {
        let (observation, volatility) = (state.observation, state.volatility)
        let observedAt = PostgresTimestamp(microsecondsSince1970: observation.observedAtMillis * 1_000)
        return """
            INSERT INTO price_feeds (token_address, price, observed_at, source, return_squares, return_seconds,
                                     return_count, updated_at)
            VALUES (\(observation.token), \(observation.priceE8), \(observedAt), \(observation.source.rawValue),
                    \(volatility.squares), \(volatility.seconds), \(volatility.count), clock_timestamp())
            ON CONFLICT (token_address) DO UPDATE
            SET price = EXCLUDED.price, observed_at = EXCLUDED.observed_at, source = EXCLUDED.source,
                return_squares = EXCLUDED.return_squares, return_seconds = EXCLUDED.return_seconds,
                return_count = EXCLUDED.return_count, updated_at = EXCLUDED.updated_at
            """
    }

    private static func read(_ row: Row) throws -> PriceFeedState {
        guard let source = PriceSource(rawValue: try row.text(3)) else { throw Row.unexpected(3, "a source of prices") }
        let observation = PriceObservation(
            token: try row.address(0), priceE8: try row.int64(1),
            observedAtMillis: try row.timestampMicros(2) / 1_000, source: source)
        let volatility = VolatilityEstimate(
            squares: try row.double(4), seconds: try row.double(5), count: try row.int64(6))
        return PriceFeedState(observation: observation, volatility: volatility)
    }
}
