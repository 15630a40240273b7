import Ethereum
import Pricing

/// The simulated market: where every price goes at the next tick. Pure: the clock, what feeds say and what was stored are
/// passed in.
///
/// A path is a function of its seed and the number of its step alone. A late tick makes the steps that were missed as one
/// move of the published price, so that it never bursts and the path stays the same path; after an outage it makes one
/// ordinary step from the last stored price. While the database is away ticks are unrecorded: they are drawn from seeds of
/// their own, for the recorded path will go on from before them and nobody must have seen its future.
public struct MarketSimulation: Sendable {
    /// From one tick to the next, ms.
    public static let intervalMillis: Int64 = 100
    /// More missed ticks than these are an outage.
    public static let mostMissed = 100

    private struct Path: Sendable {
        let market: TokenMarket
        let recorded: MarketPath
        let unrecorded: MarketPath
        let stepLength: Double
    }

    private let paths: [Address: Path]
    private let order: [Address]
    private var feeds: [Address: PriceObservation] = [:]
    /// The last tick made, recorded or not.
    public private(set) var last: MarketTick?

    /// The market of those `tokens` that have one. Their paths belong to `seed` and their address, or to their own seed;
    /// `unrecordedSeed` should be known to nobody.
    public init(tokens: [Token], seed: UInt64, unrecordedSeed: UInt64) {
        var paths: [Address: Path] = [:]
        for token in tokens {
            guard let market = token.market else { continue }
            paths[token.address] = Path(
                market: market,
                recorded: Self.path(market, seed: market.seed ?? Self.seed(seed, of: token.address)),
                unrecorded: Self.path(market, seed: Self.seed(unrecordedSeed, of: token.address)),
                stepLength: Double(Self.intervalMillis) / 1_000 / market.unit.seconds)
        }
        self.paths = paths
        order = tokens.map(\.address)
    }

    /// A token's own seed: two tokens of one deployment must not move alike.
    private static func seed(_ seed: UInt64, of token: Address) -> UInt64 {
        let text = withUnsafeBytes(of: seed.bigEndian, Array.init) + token.array
        return Keccak256.hash(text).array.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func path(_ market: TokenMarket, seed: UInt64) -> MarketPath {
        let start = market.startPrice ?? 1
        return MarketPath(
            seed: seed, drift: market.drift, volatility: market.volatility,
            reflection: market.unit == .second ? .init(start: start) : nil)
    }

    /// The tick before the first step: every token at its start.
    public static func opening(_ tokens: [Token], atMillis now: Int64) -> MarketTick {
        let prices = tokens.compactMap { token in
            token.market?.startPrice.map {
                MarketTick.Price(token: token.address, exact: $0, source: .simulation)
            }
        }
        return MarketTick(number: 0, step: 0, asOfMillis: now, prices: prices)
    }

    /// Goes on from `stored`. Numbers and steps that were used meanwhile are not used again.
    public mutating func resume(from stored: MarketTick) {
        last = MarketTick(
            number: max(stored.number, last?.number ?? 0), step: max(stored.step, last?.step ?? 0),
            asOfMillis: max(stored.asOfMillis, last?.asOfMillis ?? 0), prices: stored.prices)
    }

    /// What a feed or the operator said last; the next tick shows it.
    public mutating func observe(_ observation: PriceObservation) {
        if let known = feeds[observation.token], known.observedAtMillis >= observation.observedAtMillis { return }
        feeds[observation.token] = observation
    }

    /// Makes the next tick.
    /// - Parameters:
    ///   - now: the clock, ms since 1970; a stamp is later than the one before it even when the clock is not.
    ///   - missed: ticks that were due since the last one and not made.
    ///   - isRecorded: whether it is about to be stored.
    public mutating func tick(atMillis now: Int64, missed: Int, isRecorded: Bool) -> MarketTick {
        let stamp = max(now, (last?.asOfMillis ?? .min) + 1)
        let before = last?.step ?? 0
        let steps = missed > Self.mostMissed ? 1 : UInt64(1 + max(missed, 0))
        let stood = Dictionary(
            (last?.prices ?? []).map { ($0.token, $0) }, uniquingKeysWith: { first, _ in first })
        let outside = feeds.keys.filter { paths[$0] == nil && !order.contains($0) }.sorted()
        let prices = (order + outside).compactMap { token in
            price(
                of: token, stood: stood[token], steps: before..<(before + steps), atMillis: stamp,
                isRecorded: isRecorded)
        }
        let tick = MarketTick(
            number: (last?.number ?? 0) + 1, step: before + steps, asOfMillis: stamp, prices: prices)
        last = tick
        return tick
    }

    private func price(
        of token: Address, stood: MarketTick.Price?, steps: Range<UInt64>, atMillis now: Int64, isRecorded: Bool
    ) -> MarketTick.Price? {
        let path = paths[token]
        if let feed = feeds[token], isHeld(by: feed, path?.market, atMillis: now) {
            return MarketTick.Price(
                token: token, priceE8: feed.priceE8, exact: PriceScale.value(feed.priceE8), source: feed.source)
        }
        guard let path else { return stood }
        guard var exact = stood?.exact else {
            return path.market.startPrice.map { MarketTick.Price(token: token, exact: $0, source: .simulation) }
        }
        let law = isRecorded ? path.recorded : path.unrecorded
        for step in steps { exact = law.price(after: exact, step: step, elapsed: path.stepLength) }
        return MarketTick.Price(token: token, exact: exact, source: .simulation)
    }

    /// An observation is the price while it is fresh. After that the simulation goes on from it, except where the price is
    /// a feed's or has no other origin: a price is never made up for those.
    private func isHeld(by feed: PriceObservation, _ market: TokenMarket?, atMillis now: Int64) -> Bool {
        guard let market, market.feed == nil, market.startPrice != nil else { return true }
        return feed.isFresh(atMillis: now)
    }
}
