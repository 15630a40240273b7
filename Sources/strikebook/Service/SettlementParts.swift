import API
import Chain
import Ethereum
import Exchange
import Logging
import Market
import Postgres
import Redis
import ServiceLifecycle
import Settlement
import Store

/// The parts that settle options.
struct SettlementParts {
    let desk: SettlementDesk
    let store: PostgresSettlements
    /// What is to be run, in starting order.
    let services: [any Service]

    /// Settles under `settings`.
    /// - Parameters:
    ///   - writes: a pool of its own.
    ///   - board: knows what settles an option on a token now.
    ///   - judge: asks holders that are contract wallets.
    init(
        settings: ServiceSettings, writes: PostgresClient, reads: PostgresClient, redis: RedisClient?,
        board: PriceBoard, judge: SignatureJudge, epoch: String,
        leadership: any Leadership, logger: Logger
    ) throws {
        let tokens = settings.tokens
        let store = PostgresSettlements(
            writes: writes, reads: reads, decimals: { tokens[$0]?.decimals },
            confirmations: settings.chain.following.confirmations, logger: logger)
        let cow = try settings.cowURL.map { url in
            guard let connection = CowConnection(url: url) else {
                throw SettingsSource.refusal(.cowURL, "must be the base of CoW's API, as https://api.cow.fi/mainnet")
            }
            return connection
        }
        let mirror = redis.map {
            SettlementMirror(redis: $0, prefix: settings.redisPrefix, epoch: epoch, logger: logger)
        }
        let hearing = SettlementHearing()
        let listeners: [any SettlementListener] = mirror.map { [$0] } ?? []
        let worker = SettlementWorker(
            store: store, cow: cow?.client, rules: settings.settlementRules, leadership: leadership,
            nowMicros: SystemClock.micros, listeners: listeners + [hearing], logger: logger)
        self.store = store
        let price: @Sendable (Address, Int64) -> SettlementPrice? = { token, nowMicros in
            Self.price(token, nowMicros, board)
        }
        let wake: @Sendable () -> Void = { worker.wake() }
        desk = SettlementDesk(
            rules: settings.settlementRules, store: store, price: price, judge: judge,
            nowMicros: SystemClock.micros, submit: cow == nil ? nil : wake, hearing: hearing, listeners: listeners)
        let parts: [(any Service)?] = [writes, mirror, cow, worker]
        services = parts.compactMap { $0 }
    }

    private static func price(_ token: Address, _ nowMicros: Int64, _ board: PriceBoard) -> SettlementPrice? {
        board.settlementPrice(of: token, nowMillis: nowMicros / 1_000).map { seen in
            SettlementPrice(
                priceE8: UInt256(UInt64(clamping: seen.priceE8)), source: seen.source.rawValue,
                asOfMicros: seen.observedAtMillis * 1_000)
        }
    }
}
