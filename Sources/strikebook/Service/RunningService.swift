import API
import Ethereum
import Exchange
import Feed
import Logging
import Market
import NIOCore
import NIOPosix
import Postgres
import PrivateServers
import Redis
import ServiceLifecycle
import Store

/// The service's parts, wired in one place and ended in the reverse order.
struct RunningService {
    /// Connections that read; writing has one of its own.
    private static let readers = 6

    private let settings: ServiceSettings
    private let logger: Logger
    private let databaseURL: String
    private let redisURL: String?

    /// A service over databases that are there.
    init(settings: ServiceSettings, databaseURL: String, redisURL: String?, logger: Logger) {
        self.settings = settings
        self.databaseURL = databaseURL
        self.redisURL = redisURL
        self.logger = logger
    }

    /// Checks the schema and the deployment, loads the books, and returns what is to be run, in starting order.
    func prepare(migrateFirst: Bool) async throws -> [any Service] {
        try await checkSchema(migrateFirst: migrateFirst)
        let database = try PostgresConfiguration(url: databaseURL)
        let writes = PostgresClient(configuration: database.writingLog(), logger: logger)
        let reads = PostgresClient(configuration: database.readingLog(pool: Self.readers), logger: logger)
        let cursorKey = try await DeploymentTable.claim(settings.deployment, in: writes)
        let log = PostgresLog(writes: writes, reads: reads, deployment: settings.deployment, logger: logger)
        let books = Books()
        try await books.load(from: log)
        logger.info(
            "the books are loaded", metadata: ["offers": "\(books.counts.offers)", "seq": "\(books.appliedSeq)"])

        let redis = try redisURL.map { url in
            RedisClient(configuration: try RedisConfiguration(url: url), logger: logger)
        }
        let mirror = redis.map { RedisMirror(redis: $0, books: books, prefix: settings.redisPrefix, logger: logger) }
        let contractMirror = redis.map { redis in
            SmartContractMirror(
                database: reads, redis: redis, prefix: settings.redisPrefix,
                epoch: { books.loadedHead.epochText }, logger: logger)
        }
        let queue = CommitQueue(
            log: log, books: books,
            sink: Mirrors(offers: mirror, contracts: contractMirror, contract: settings.deployment.verifyingContract),
            logger: logger)
        let listener = PostgresListener(
            configuration: database.readingLog(pool: 1), channels: [LogChannel.name], logger: logger)
        let follower = LogFollower(
            log: log, books: books, wake: listener.notifications.map(Self.headSeq), logger: logger)
        let leader = LogLeader(configuration: database.readingLog(pool: 1), database: reads, logger: logger)
        let market = try await MarketParts.open(
            settings, database: database, reads: reads, redis: redis, leadership: leader, secret: cursorKey,
            logger: logger)
        let products = try await ProductParts.open(
            settings, database: database, reads: reads, board: market.board, leadership: leader, logger: logger)
        let sweep = ExpirySweep(books: books, queue: queue, leadership: leader, now: SystemClock.seconds)
        let chain = ChainParts(
            settings, log: log, books: books, queue: queue, market: market, leadership: leader, logger: logger)
        let settlement = try SettlementParts(
            settings: settings, writes: PostgresClient(configuration: database.writingLog(), logger: logger),
            reads: reads, redis: redis, board: market.board, judge: SignatureJudge(wallets: chain.wallets),
            epoch: books.loadedHead.epochText, leadership: leader, logger: logger)
        let pricing = PriceWorker()
        let hub = Hub(
            limits: feedLimits(), books: books, tokens: settings.tokens, prices: market.board,
            products: products.service, allowedOrigins: settings.allowedOrigins,
            server: "strikebook \(Version.text)", home: MultiThreadedEventLoopGroup.singleton.next(), logger: logger)
        let status = PartsStatus(
            writes: writes, reads: reads, redis: redis, mirror: mirror, books: books, queue: queue, follower: follower,
            leader: leader, market: market, chain: chain, settlements: settlement.store, products: products.service,
            hub: hub)
        try await hub.follow(log)
        let positions = hub.tellPositions(from: log) { [board = market.board, tokens = settings.tokens] option in
            OptionMark(option, board: board, tokens: tokens, nowMillis: SystemClock.micros() / 1_000)
        }
        let server = server(
            log: log, books: books, queue: queue, hub: hub, pricing: pricing, cursors: CursorCodec(key: cursorKey),
            shared: redis.map { RedisLimiter(redis: $0, prefix: settings.redisPrefix) },
            positions: redis.map { RedisPositions(redis: $0, prefix: settings.redisPrefix) }, follower: follower,
            contracts: PostgresSmartContracts(database: reads, mirror: contractMirror), market: market, chain: chain,
            settlement: settlement.desk, products: products,
            signIn: SignInDesk(
                deployment: settings.deployment,
                domains: SignInDomains(origins: settings.allowedOrigins, host: settings.host), secret: cursorKey,
                judge: SignatureJudge(wallets: chain.wallets), store: PostgresSessions(database: reads),
                now: SystemClock.seconds), status: status)
        let edges: [(any Service)?] = [
            writes, reads, redis, listener, leader, follower, mirror, contractMirror, queue, sweep, pricing, positions,
        ]
        return edges.compactMap { $0 } + market.services + chain.services + settlement.services + products.services
            + [server, hub]
    }

    /// The head that a notification announces; nil after a reconnect, which may have missed some.
    @Sendable
    private static func headSeq(_ notification: PostgresListener.Notification) -> UInt64? {
        if case .notify(_, let payload) = notification { UInt64(payload) } else { nil }
    }

    private func checkSchema(migrateFirst: Bool) async throws {
        let migrator = try Migrator.own()
        var configuration = try PostgresConfiguration(url: databaseURL)
        configuration.poolSize = 1
        let admin = PostgresClient(configuration: configuration, logger: logger)
        do {
            try await admin.withConnection { connection in
                if migrateFirst { try migrator.up(on: connection) }
                try migrator.requireCurrent(on: connection)
            }
        } catch {
            await admin.shutdown()
            throw error
        }
        await admin.shutdown()
    }

    /// The hub takes at most half of the connections, so that requests are answered beside it.
    private func feedLimits() -> FeedLimits {
        var limits = FeedLimits()
        limits.connections = min(limits.connections, (FileLimit.raise() - FileLimit.reserve) / 2)
        return limits
    }

    private func server(
        log: PostgresLog, books: Books, queue: CommitQueue, hub: Hub, pricing: PriceWorker, cursors: CursorCodec,
        shared: RedisLimiter?, positions: RedisPositions?, follower: LogFollower, contracts: PostgresSmartContracts,
        market: MarketParts,
        chain: ChainParts, settlement: SettlementDesk, products: ProductParts, signIn: SignInDesk, status: PartsStatus
    ) -> APIServer {
        let now: @Sendable () -> UInt64 = SystemClock.seconds
        let tokens = settings.tokens
        let rates = RateLimits(offers: settings.offerRate, shared: shared)
        let judge = SignatureJudge(wallets: chain.wallets)
        let watch = chain.watch
        let intake = OfferIntake(
            deployment: settings.deployment, rules: settings.rules, books: books, queue: queue, log: log, limits: rates,
            judge: judge, watch: watch, now: now)
        let metrics = RequestMetrics()
        var limits = HTTPLimits()
        limits.allowedOrigins = settings.allowedOrigins
        // WebSocket clients are counted by the hub too; these are all connections together.
        limits.connections = min(2 * limits.connections, FileLimit.raise() - FileLimit.reserve)
        let routes = APIServer.Routes(
            offers: OfferRoutes(
                intake: intake, log: log, books: books, tokens: tokens, cursors: cursors, limits: rates,
                tailFill: settings.tailFill, pricer: market.pricer, watch: watch, funds: chain.funds, now: now),
            cancel: CancelRoute(
                intake: CancelIntake(deployment: settings.deployment, queue: queue, judge: judge, now: now),
                limits: rates),
            book: BookRoutes(
                books: books, tokens: tokens, cursors: cursors,
                freshness: Freshness(now: now, age: { follower.age }), pricer: market.pricer),
            depth: DepthRoute(books: books, tokens: tokens),
            quote: QuoteRoute(
                books: books, tokens: tokens, tailFill: settings.tailFill, pricer: market.pricer, watch: watch, now: now
            ),
            price: PriceRoute(
                batch: PriceBatch(
                    largestWork: PriceBatch.largestWorkOverHTTP,
                    sources: .live(books: books, board: market.board, tokens: tokens)), worker: pricing),
            prices: PriceRoutes(
                board: market.board, tokens: tokens, store: market.store, cursors: cursors,
                operators: OperatorGuard(key: settings.operatorKey), nowMillis: { SystemClock.micros() / 1_000 }),
            surface: SurfaceRoute(books: books, tokens: tokens, pricer: market.pricer, now: now),
            chain: ChainRoutes(
                store: log, queue: queue, operators: OperatorGuard(key: settings.operatorKey),
                progress: chain.progress, now: now),
            options: OptionRoutes(
                store: log, board: market.board, tokens: tokens, cursors: cursors, books: books, cache: positions,
                nowMillis: { SystemClock.micros() / 1_000 }),
            smartContracts: SmartContractRoutes(
                store: contracts, cursors: cursors, operators: OperatorGuard(key: settings.operatorKey)),
            contracts: ContractRoutes(
                products: products.service, cursors: cursors, operators: OperatorGuard(key: settings.operatorKey)),
            records: RecordRoutes(records: products.records, operators: OperatorGuard(key: settings.operatorKey)),
            status: StatusRoutes(
                status: status, metrics: metrics, books: books, version: Version.text, nowMicros: SystemClock.micros),
            deployment: ProtocolRoute(
                deployment: settings.deployment, rules: settings.rules, tokens: tokens, limits: limits, rates: rates,
                tailFill: settings.tailFill),
            settlement: SettlementRoutes(desk: settlement, books: books, cursors: cursors),
            signIn: SignInRoutes(desk: signIn, limits: rates))
        let host = settings.host
        return APIServer(
            routes: routes, entrance: WebSocketEntrance(hub), clients: ClientAddress(trusted: settings.trustedProxies),
            limits: limits, metrics: metrics,
            host: host, port: settings.port, logger: logger,
            onListening: { port in
                ProgramExit.say("listening on http://\(host.contains(":") ? "[\(host)]" : host):\(port)")
            })
    }
}

/// Who shows committed changes in Redis; nobody without one.
private struct Mirrors: ChangeSink {
    let offers: RedisMirror?
    let contracts: SmartContractMirror?
    let contract: Address

    func changed(_ events: [BookEvent]) {
        offers?.changed(events)
        guard let contracts else { return }
        var names: [SmartContractMirror.Name] = []
        for event in events {
            switch event.change {
            case .changed(let offer, _): names.append(.value(contract, ProtocolContractRecord.fillKey(offer.offerHash)))
            case .created(let offer) where !offer.filled.isZero:
                names.append(.value(contract, ProtocolContractRecord.fillKey(offer.offerHash)))
            case .created, .closed, .none: break
            }
        }
        if !names.isEmpty { contracts.changed(names + [.contract(contract)]) }
    }
}
