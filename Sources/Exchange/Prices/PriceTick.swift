public import Ethereum

/// One token's published price at one tick of the market.
public struct PriceTick: Sendable, Hashable {
    /// The token.
    public let token: Address
    /// In 1e-8 units of the quote currency, within `PriceScale.range`.
    public let priceE8: Int64
    /// The number of the tick, shared by all tokens of it; rises by one from tick to tick while the database is there.
    public let tick: UInt64
    /// The tick's stamp, ms since 1970; strictly rising from tick to tick, whatever the clock does.
    public let asOfMillis: Int64
    /// Where the price comes from.
    public let source: PriceSource
    /// Whether the tick is stored. While the database is away the market goes on unrecorded: such a price is shown, but
    /// products do not observe it, and the next recorded tick goes on from the last recorded price.
    public let isRecorded: Bool

    /// `token` stood at `priceE8` (1e-8 units) at `asOfMillis` (ms since 1970).
    public init(
        token: Address, priceE8: Int64, tick: UInt64, asOfMillis: Int64, source: PriceSource, isRecorded: Bool = true
    ) {
        self.token = token
        self.priceE8 = priceE8
        self.tick = tick
        self.asOfMillis = asOfMillis
        self.source = source
        self.isRecorded = isRecorded
    }
}

/// Where a price comes from.
public enum PriceSource: String, Sendable, CaseIterable {
    /// The market simulation.
    case simulation
    /// A price feed on the chain.
    case feed
    /// The operator posted it.
    case `operator`
}

/// Prices as integers of 1e-8.
public enum PriceScale {
    /// Units of one.
    public static let one = 100_000_000.0
    /// What a price may be; whatever leaves it is clamped, never trapped.
    public static let range: ClosedRange<Int64> = 1...(1 << 62)

    /// A price in units of one, rounded half-even to 1e-8 and clamped into `range`. Not a number is the lowest price.
    public static func clamped(_ price: Double) -> Int64 {
        let units = (price * one).rounded(.toNearestOrEven)
        guard units >= 1 else { return range.lowerBound }
        return units >= Double(range.upperBound) ? range.upperBound : Int64(units)
    }

    /// A price of 1e-8 units in units of one.
    public static func value(_ priceE8: Int64) -> Double { Double(priceE8) / one }
}

/// Hears every published tick.
public protocol PriceListener: Sendable {
    /// All tokens of one tick, in order of the ticks and right after their commit; first, on subscribing, what is
    /// current. Called one tick at a time: it must not block, and must not subscribe to the board it hears from.
    func published(_ ticks: [PriceTick])
}
