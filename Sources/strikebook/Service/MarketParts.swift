import Ethereum
import Exchange
import Logging
import Market
import Postgres
import Redis
import ServiceLifecycle
import Store

/// The market of a running service: the simulation, where it is stored, and who shows it.
struct MarketParts {
    let board: PriceBoard
    let store: PostgresMarket
    let market: MarketService
    let pricer: OfferPricer
    let openedAtMicros = SystemClock.micros()
    /// What is to be run, in starting order.
    let services: [any Service]

    /// Opens the market: its last stored prices are on the board when this returns.
    /// - Parameters:
    ///   - secret: what all processes of this deployment share and nobody else knows; seeds the paths unless told.
    ///   - reads: the pool that requests read from.
    static func open(
        _ settings: ServiceSettings, database: PostgresConfiguration, reads: PostgresClient, redis: RedisClient?,
        leadership: any Leadership, secret: [UInt8], logger: Logger
    ) async throws -> MarketParts {
        let ticks = PostgresClient(configuration: database.writingTicks(), logger: logger)
        let listener = PostgresListener(
            configuration: database.readingLog(pool: 1), channels: [MarketChannel.name], logger: logger)
        let board = PriceBoard(settlesSimulated: settings.deployment.chainId == demonstrationChain)
        let store = PostgresMarket(ticks: ticks, reads: reads)
        let tokens = settings.tokens.tokens
        let simulation = MarketSimulation(
            tokens: tokens, seed: settings.seed ?? seed(of: secret), unrecordedSeed: .random(in: .min ... .max))
        let market = MarketService(
            tokens: tokens, simulation: simulation, store: store, board: board, leadership: leadership,
            wakes: listener.notifications.map(wake), nowMillis: { SystemClock.micros() / 1_000 }, logger: logger)
        let moments = PricingMoments(tokens: settings.tokens, board: board)
        _ = board.subscribe(moments)
        try await market.open()
        var services: [any Service] = [ticks, listener]
        if let redis {
            let mirror = PriceMirror(redis: redis, leadership: leadership, prefix: settings.redisPrefix, logger: logger)
            _ = board.subscribe(mirror)
            services.append(mirror)
        }
        return MarketParts(
            board: board, store: store, market: market,
            pricer: OfferPricer(tokens: settings.tokens, moments: moments), services: services + [market])
    }

    /// The one chain on which simulated prices may settle.
    private static let demonstrationChain = UInt256(31_337)

    private static func seed(of secret: [UInt8]) -> UInt64 {
        Keccak256.hash(secret + Array("market".utf8)).array.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    @Sendable
    private static func wake(_ notification: PostgresListener.Notification) -> MarketService.Wake {
        if case .notify(_, let payload) = notification { MarketChannel.wake(payload) } else { .unknown }
    }
}
