import Ethereum
public import Exchange
import Postgres
import StrictJSON

/// Writing and reading `ticks`.
enum TicksTable {
    private static let columns = Query(unsafe: "tick, as_of, prices, state")

    /// The tick as a row, when `leader_epoch` still is `epoch`.
    ///
    /// The head is read without its lock: the offers' writer holds that nearly all the time, and neither should wait for
    /// the other. What the lock would prevent cannot happen without it: two leaders would insert the same number, and the
    /// key takes one of them; and a new leader reads where to go on after it raised the epoch.
    static func insertion(of tick: MarketTick, leaderEpoch epoch: Int64) -> Query {
        """
        WITH stored AS (
            INSERT INTO ticks (tick, as_of, prices, state)
            SELECT \(Int64(clamping: tick.number)), \(asOf(tick)), \(prices(tick))::text::jsonb, \(state(tick))::text::jsonb
            FROM log_head WHERE only_row AND leader_epoch = \(epoch)
            RETURNING tick
        )
        SELECT tick, pg_notify('\(unsafe: MarketChannel.name)', tick::text) FROM stored
        """
    }

    /// The first tick of all, unless there is one.
    static func opening(_ tick: MarketTick) -> Query {
        """
        INSERT INTO ticks (tick, as_of, prices, state)
        SELECT \(Int64(clamping: tick.number)), \(asOf(tick)), \(prices(tick))::text::jsonb, \(state(tick))::text::jsonb
        WHERE NOT EXISTS (SELECT FROM ticks)
        ON CONFLICT DO NOTHING
        """
    }

    static func newest(on connection: PostgresConnection) throws -> MarketTick? {
        try connection.query("SELECT \(columns) FROM ticks ORDER BY tick DESC LIMIT 1").first.map(read)
    }

    static func after(_ number: UInt64, limit: Int, on connection: PostgresConnection) throws -> [MarketTick] {
        try connection.query(
            """
            SELECT \(columns) FROM ticks WHERE tick > \(Int64(clamping: number)) ORDER BY tick LIMIT \(Int64(limit))
            """
        ).map(read)
    }

    /// Drops at most `limit` ticks stamped before `millis` (ms since 1970) that are in the candles. Those that a product
    /// may still have to observe stay, however long nobody was there to close it.
    static func pruning(before millis: Int64, limit: Int) -> Query {
        """
        DELETE FROM ticks WHERE tick = ANY(ARRAY(
            SELECT tick FROM ticks WHERE as_of < \(PostgresTimestamp(microsecondsSince1970: millis * 1_000))
                                     AND tick <= (SELECT tick FROM candle_progress WHERE is_only)
                                     AND as_of < coalesce((SELECT min(created_at) FROM contracts
                                                           WHERE is_active AND state IS NOT NULL), 'infinity')
            ORDER BY as_of LIMIT \(Int64(limit))))
        """
    }

    // MARK: Values

    private static func asOf(_ tick: MarketTick) -> PostgresTimestamp {
        PostgresTimestamp(microsecondsSince1970: tick.asOfMillis * 1_000)
    }

    private static func prices(_ tick: MarketTick) -> PostgresText {
        var json = JSONWriter(capacity: 80 * tick.prices.count + 2)
        json.beginObject()
        for price in tick.prices {
            json.key(price.token.hex)
            json.string(String(price.priceE8))
        }
        json.endObject()
        return PostgresText(utf8: json.bytes)
    }

    private static func state(_ tick: MarketTick) -> PostgresText {
        var json = JSONWriter(capacity: 100 * tick.prices.count + 32)
        json.beginObject()
        json.key("step")
        json.integer(tick.step)
        json.key("tokens")
        json.beginObject()
        for price in tick.prices {
            json.key(price.token.hex)
            json.beginArray()
            // Swift writes the shortest decimal that reads back as the same double; jsonb keeps every digit.
            json.raw(String(price.exact).utf8)
            json.string(price.source.rawValue)
            json.endArray()
        }
        json.endObject()
        json.endObject()
        return PostgresText(utf8: json.bytes)
    }

    private static func read(_ row: Row) throws -> MarketTick {
        let state = try object(row, 3)
        let exact = state["tokens"]?.object
        let prices = try object(row, 2).members.map { member in
            guard let token = try? Address.parse(member.key), let text = member.value.string,
                let priceE8 = Int64(String(decoding: text, as: UTF8.self)), PriceScale.range.contains(priceE8)
            else { throw Row.unexpected(2, "prices by address") }
            let kept = exact?.members.first { $0.key.elementsEqual(member.key) }?.value.array
            let number = kept?.first?.number.flatMap { Double(String(decoding: $0, as: UTF8.self)) }
            let source = kept?.last?.string.flatMap { PriceSource(rawValue: String(decoding: $0, as: UTF8.self)) }
            return MarketTick.Price(
                token: token, priceE8: priceE8, exact: number ?? PriceScale.value(priceE8),
                source: source ?? .simulation)
        }
        let step = state["step"]?.number.flatMap { UInt64(String(decoding: $0, as: UTF8.self)) }
        return MarketTick(
            number: try row.uint64(0), step: step ?? 0, asOfMillis: try row.timestampMicros(1) / 1_000,
            prices: prices)
    }

    private static func object(_ row: Row, _ column: Int) throws -> JSONObject {
        guard case .object(let object)? = try? JSONValue.parse(try row.bytes(column)) else {
            throw Row.unexpected(column, "a JSON object")
        }
        return object
    }
}

/// The channel on which the market announces itself.
public enum MarketChannel {
    /// LISTEN to it; the payload is a tick's number, or `observation` when a feed or the operator said something.
    public static let name = "strikebook_prices"
    static let observation = "observation"

    /// What a payload says.
    public static func wake(_ payload: String) -> MarketService.Wake {
        if payload == observation { return .observation }
        return UInt64(payload).map { .tick($0) } ?? .unknown
    }
}
