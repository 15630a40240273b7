public import Ethereum

/// Where ticks, observations and candles are kept. `Store` is its one implementation; tests run it on a real PostgreSQL.
public protocol MarketStore: Sendable {
    /// Whether the database is there, as far as is known.
    var isReachable: Bool { get }

    /// Stores `opening` unless there is a tick already, and returns the newest.
    func open(_ opening: MarketTick) async throws -> MarketTick

    /// Commits one tick under the leader's `epoch` and tells all processes of it.
    /// - Returns: false, with nothing stored, when another process leads by now.
    func store(_ tick: MarketTick, leaderEpoch epoch: Int64) async throws -> Bool

    /// The ticks after `number`, in order, at most `limit`.
    func ticks(after number: UInt64, limit: Int) async throws -> [MarketTick]

    /// The newest tick.
    func newestTick() async throws -> MarketTick?

    /// Stores what a feed or the operator said and tells all processes; false when something later is known.
    func record(_ observation: PriceObservation) async throws -> Bool

    /// Every token's last observation.
    func feeds() async throws -> [PriceFeedState]

    /// Folds the ticks that are in no candle yet into theirs.
    func foldCandles() async throws

    /// Drops ticks and candles that are past their time at `nowMillis`.
    func prune(nowMillis: Int64) async throws

    /// The candles of `token` that opened within `range`, in order, at most `limit`.
    func candles(
        of token: Address, _ interval: Candle.Interval, openedWithin range: Range<Int64>, limit: Int
    ) async throws -> [Candle]
}

/// A price's first, highest, lowest and last value over one interval.
public struct Candle: Sendable, Hashable {
    /// How long a candle is.
    public enum Interval: String, Sendable, CaseIterable {
        case second = "1s"
        case minute = "1m"
        case hour = "1h"

        /// Its length in ms.
        public var millis: Int64 {
            switch self {
            case .second: 1_000
            case .minute: 60_000
            case .hour: 3_600_000
            }
        }
    }

    /// Its start, ms since 1970, a whole multiple of the interval.
    public let openedAtMillis: Int64
    /// The first price, in 1e-8 units as the others.
    public let open: Int64
    /// The highest.
    public let high: Int64
    /// The lowest.
    public let low: Int64
    /// The last.
    public let close: Int64
    /// Number of ticks in it.
    public let ticks: Int64

    /// A candle that opened at `openedAtMillis` (ms since 1970); prices in 1e-8 units.
    public init(openedAtMillis: Int64, open: Int64, high: Int64, low: Int64, close: Int64, ticks: Int64) {
        self.openedAtMillis = openedAtMillis
        self.open = open
        self.high = high
        self.low = low
        self.close = close
        self.ticks = ticks
    }
}
