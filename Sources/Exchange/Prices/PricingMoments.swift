public import Ethereum
import Synchronization

/// What offers are priced by at one moment: every token's price and volatility.
public struct PricingMoment: Sendable {
    /// One token's part.
    public struct Point: Sendable, Hashable {
        /// In 1e-8 units.
        public let spotE8: Int64
        /// σ a year; nil where none is known.
        public let volatility: Double?
    }

    /// Rises with every refresh; what was made of an older one may be kept for as long as this stays.
    public let generation: UInt64
    /// The stamp of the prices, ms since 1970.
    public let asOfMillis: Int64
    /// Every token with a price.
    public let points: [Address: Point]

    /// Before the first price.
    static let none = PricingMoment(generation: 0, asOfMillis: 0, points: [:])
}

/// The moment by which offers are priced now: taken from the first tick of every second, so that a rendered page lives that
/// long, and every process prices by the same ticks.
public final class PricingMoments: PriceListener {
    /// One refresh in each of these, ms.
    public static let intervalMillis: Int64 = 1_000

    private let tokens: TokenList
    private let board: PriceBoard
    private let moment = Mutex(PricingMoment.none)
    /// Beside the lock, for whoever only compares.
    private let latest = Atomic<UInt64>(0)

    /// Moments of `board`'s prices; it has to be subscribed there.
    public init(tokens: TokenList, board: PriceBoard) {
        self.tokens = tokens
        self.board = board
    }

    /// The newest.
    public var current: PricingMoment { moment.withLock { $0 } }
    /// The newest one's generation.
    public var generation: UInt64 { latest.load(ordering: .acquiring) }

    /// Takes a new moment from the first tick of a second.
    public func published(_ ticks: [PriceTick]) {
        guard let asOf = ticks.map(\.asOfMillis).max() else { return }
        let last = current
        guard last.generation == 0 || asOf / Self.intervalMillis > last.asOfMillis / Self.intervalMillis else { return }
        var points: [Address: PricingMoment.Point] = [:]
        for tick in ticks {
            let volatility = OfferVolatility(tokens[tick.token], board.feed(of: tick.token))
            points[tick.token] = .init(spotE8: tick.priceE8, volatility: volatility?.annual)
        }
        let next = PricingMoment(generation: last.generation + 1, asOfMillis: asOf, points: points)
        moment.withLock { $0 = next }
        latest.store(next.generation, ordering: .releasing)
    }
}
