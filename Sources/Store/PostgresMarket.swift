public import Ethereum
public import Exchange
public import Postgres

/// The market in PostgreSQL, over two connections of its own: ticks never wait for candles.
public struct PostgresMarket: MarketStore {
    /// Ticks stay for the longest product and an hour, ms.
    private static let tickMillis: Int64 = 2 * 3_600_000
    /// Candles of a second stay for a day, of a minute for thirty, of an hour for good.
    private static let candleMillis: [(Candle.Interval, Int64)] = [
        (.second, 86_400_000), (.minute, 30 * 86_400_000),
    ]
    /// Ticks dropped at a time.
    private static let pruned = 10_000

    private let ticks: PostgresClient
    private let reads: PostgresClient

    /// The market over `ticks` (a pool of its own, see `PostgresConfiguration.writingTicks`) and `reads`.
    public init(ticks: PostgresClient, reads: PostgresClient) {
        self.ticks = ticks
        self.reads = reads
    }

    /// Whether the pool that ticks go through has a connection, or has not tried yet.
    public var isReachable: Bool { ticks.statistics.downSinceMicros == nil }

    /// Stores `opening` unless there is a tick already, and returns the newest.
    public func open(_ opening: MarketTick) async throws -> MarketTick {
        try await reads.withConnection { connection in
            _ = try connection.query(TicksTable.opening(opening))
            return try TicksTable.newest(on: connection) ?? opening
        }
    }

    /// One statement, one round trip.
    public func store(_ tick: MarketTick, leaderEpoch epoch: Int64) async throws -> Bool {
        try await ticks.query(TicksTable.insertion(of: tick, leaderEpoch: epoch)).count == 1
    }

    /// The ticks after `number`, in order, at most `limit`.
    public func ticks(after number: UInt64, limit: Int) async throws -> [MarketTick] {
        try await ticks.withConnection { try TicksTable.after(number, limit: limit, on: $0) }
    }

    /// The newest tick.
    public func newestTick() async throws -> MarketTick? {
        try await ticks.withConnection { try TicksTable.newest(on: $0) }
    }

    /// Stores an observation and tells all processes; false when something later is known.
    public func record(_ observation: PriceObservation) async throws -> Bool {
        try await reads.withConnection { try PriceFeedsTable.record(observation, on: $0) }
    }

    /// Every token's last observation.
    public func feeds() async throws -> [PriceFeedState] {
        try await ticks.withConnection { try PriceFeedsTable.all(on: $0) }
    }

    /// Folds the ticks that are in no candle yet into theirs.
    public func foldCandles() async throws {
        try await ticks.withConnection { try CandlesTable.fold(on: $0) }
    }

    /// Drops ticks and candles that are past their time at `nowMillis`.
    public func prune(nowMillis: Int64) async throws {
        try await ticks.withConnection { connection in
            _ = try connection.query(TicksTable.pruning(before: nowMillis - Self.tickMillis, limit: Self.pruned))
            for (interval, age) in Self.candleMillis {
                _ = try connection.query(CandlesTable.pruning(interval, before: nowMillis - age))
            }
        }
    }

    /// The candles of `token` that opened within `range` (ms since 1970), in order, at most `limit`.
    public func candles(
        of token: Address, _ interval: Candle.Interval, openedWithin range: Range<Int64>, limit: Int
    ) async throws -> [Candle] {
        try await reads.withConnection { try CandlesTable.list(token, interval, range, limit: limit, on: $0) }
    }
}
