import Exchange
import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle

/// The HTTP server: every route family wired to its path, behind the guard and the hot path.
public struct APIServer: Service {
    /// The route families of a service.
    public struct Routes: Sendable {
        /// The offers, in ascending `seq`.
        public var offers: OfferRoutes
        /// `/offers/cancel`
        public var cancel: CancelRoute
        /// The book.
        public var book: BookRoutes
        /// `/depth/{token}`
        public var depth: DepthRoute
        /// `/quote`
        public var quote: QuoteRoute
        /// `/price`
        public var price: PriceRoute
        /// `/prices`
        public var prices: PriceRoutes
        /// `/surface/{token}`
        public var surface: SurfaceRoute
        /// `/chain`
        public var chain: ChainRoutes
        /// `/options` and `/positions`
        public var options: OptionRoutes
        /// `/smart-contracts`
        public var smartContracts: SmartContractRoutes
        /// `/contracts`
        public var contracts: ContractRoutes
        /// `/contract` and `/clean`
        public var records: RecordRoutes
        /// What became of it.
        public var status: StatusRoutes
        /// The chain and contract.
        public var deployment: ProtocolRoute
        /// `/settlement…`
        public var settlement: SettlementRoutes
        /// `/auth…`
        public var signIn: SignInRoutes

        /// All of them.
        public init(
            offers: OfferRoutes, cancel: CancelRoute, book: BookRoutes, depth: DepthRoute, quote: QuoteRoute,
            price: PriceRoute, prices: PriceRoutes, surface: SurfaceRoute, chain: ChainRoutes, options: OptionRoutes,
            smartContracts: SmartContractRoutes, contracts: ContractRoutes, records: RecordRoutes,
            status: StatusRoutes, deployment: ProtocolRoute, settlement: SettlementRoutes, signIn: SignInRoutes
        ) {
            self.offers = offers
            self.cancel = cancel
            self.book = book
            self.depth = depth
            self.quote = quote
            self.price = price
            self.prices = prices
            self.surface = surface
            self.chain = chain
            self.options = options
            self.smartContracts = smartContracts
            self.contracts = contracts
            self.records = records
            self.status = status
            self.deployment = deployment
            self.settlement = settlement
            self.signIn = signIn
        }
    }

    private let routes: Routes
    private let entrance: WebSocketEntrance
    private let clients: ClientAddress
    private let limits: HTTPLimits
    private let metrics: RequestMetrics
    private let host: String
    private let port: Int
    private let logger: Logger
    private let onListening: @Sendable (_ port: Int) -> Void

    /// A server on `host` and `port` (0 picks a free one); `onListening` hears the port once it accepts.
    public init(
        routes: Routes, entrance: WebSocketEntrance, clients: ClientAddress, limits: HTTPLimits,
        metrics: RequestMetrics, host: String, port: Int, logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) -> Void
    ) {
        self.routes = routes
        self.entrance = entrance
        self.clients = clients
        self.limits = limits
        self.metrics = metrics
        self.host = host
        self.port = port
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until shutdown, then lets requests in flight end.
    public func run() async throws {
        let (routes, limits, metrics, onListening) = (routes, limits, metrics, onListening)
        let (entrance, clients) = (entrance, clients)
        let application = Application(
            responder: table().router.buildResponder(),
            server: HTTPServerBuilder { responder in
                HTTPChannel(
                    responder: responder, book: routes.book, offers: routes.offers, limits: limits, metrics: metrics,
                    entrance: entrance, clients: clients)
            },
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port), backlog: 1_024,
                availableConnectionsDelegate: MaximumAvailableConnections(limits.connections, logger: logger)),
            onServerRunning: { channel in onListening(channel.localAddress?.port ?? 0) },
            logger: quiet)
        try await application.run()
    }

    /// Hummingbird announces itself on info; the service has its own line.
    private var quiet: Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }

    private func table() -> RouteTable {
        let table = RouteTable(clients: clients)
        let routes = routes
        table.add(
            "/offers", .post(largestBody: limits.offerBody, routes.offers.post), .get(routes.offers.list))
        table.add("/offers/batch", .post(largestBody: limits.largestBody, routes.offers.postBatch))
        table.add("/offers/cancel", .post(largestBody: limits.cancelBody, routes.cancel.post))
        table.add("/auth/nonce", .get(routes.signIn.nonce))
        table.add("/auth/login", .post(largestBody: limits.offerBody, routes.signIn.logIn))
        table.add("/auth/session", .get(routes.signIn.session))
        table.add("/auth/logout", .post(largestBody: 0, routes.signIn.logOut))
        table.add("/offers/{hash}", .get(routes.offers.get))
        table.add("/offers/{hash}/explain", .get(routes.offers.explain))
        table.add(
            "/orderbook/{token}",
            .get { request in
                try routes.book.reply(
                    token: request.rawToken, query: request.query, ifNoneMatch: request.ifNoneMatch,
                    coding: request.coding)
            })
        table.add("/depth/{token}", .get(routes.depth.get))
        table.add("/quote", .get(routes.quote.get))
        table.add("/price", .post(largestBody: limits.largestBody, routes.price.post))
        table.add("/prices", .get(routes.prices.list))
        table.add(
            "/prices/{token}", .get(routes.prices.get),
            .post(largestBody: limits.offerBody, routes.prices.post))
        table.add("/prices/{token}/history", .get(routes.prices.history))
        table.add("/surface/{token}", .get(routes.surface.get))
        table.add("/options", .get(routes.options.list))
        table.add("/options/{tokenId}", .get(routes.options.get))
        table.add("/positions/{address}", .get(routes.options.positions))
        table.add("/chain/status", .get(routes.chain.status))
        table.add("/chain/events", .post(largestBody: limits.largestBody, routes.chain.post))
        addSmartContracts(to: table)
        table.add("/contracts", .post(largestBody: limits.offerBody, routes.contracts.submit))
        table.add("/contracts/active", .get(routes.contracts.active))
        table.add("/contracts/{id}", .delete(routes.contracts.cancel))
        table.add("/contracts/{id}/state", .get(routes.contracts.state))
        table.add(
            "/contracts/{id}/price-update", .post(largestBody: limits.offerBody, routes.contracts.updatePrice))
        table.add(
            "/contract", .get(routes.records.get), .post(largestBody: limits.offerBody, routes.records.put),
            .delete(routes.records.delete))
        table.add("/clean", .post(largestBody: limits.offerBody, routes.records.clean))
        table.add("/live", .get(routes.status.live))
        table.add("/ready", .get(routes.status.ready))
        table.add("/health", .get(routes.status.health))
        table.add("/version", .get(routes.status.version))
        table.add("/stats", .get(routes.status.stats))
        table.add("/metrics", .get(routes.status.exposition))
        table.add("/settlement/initiate", .post(largestBody: limits.offerBody, routes.settlement.initiate))
        table.add("/settlement/approve", .post(largestBody: limits.offerBody, routes.settlement.approve))
        table.add("/settlement/submit", .post(largestBody: limits.offerBody, routes.settlement.submit))
        table.add("/settlement/{tokenId}", .get(routes.settlement.get))
        table.add("/settlements", .get(routes.settlement.list))
        table.add("/protocol", .get(routes.deployment.get))
        table.add(
            "/ws",
            .get { request in
                var reply = Problem.reply(
                    status: 426, code: "upgrade_required", detail: "This path speaks WebSocket: ask for the upgrade.",
                    requestID: request.requestID)
                reply.headers.append(("Upgrade", "websocket"))
                return reply
            })
        return table
    }

    private func addSmartContracts(to table: RouteTable) {
        let contracts = routes.smartContracts
        table.add("/smart-contracts", .get(contracts.list))
        table.add(
            "/smart-contracts/{address}", .get(contracts.get), .put(largestBody: limits.offerBody, contracts.put))
        table.add(
            "/smart-contracts/{address}/state", .get(contracts.listState),
            .put(largestBody: limits.largestBody, contracts.putState))
        table.add(
            "/smart-contracts/{address}/state/{key}", .get(contracts.getValue),
            .put(
                largestBody: min(limits.largestBody, SmartContractRoutes.largestValue), media: .bytes,
                contracts.putValue), .delete(contracts.deleteValue))
        table.add(
            "/smart-contracts/{address}/executions", .get(contracts.listExecutions),
            .post(largestBody: limits.largestBody, contracts.postExecutions))
    }
}

extension APIRequest {
    /// The last part of the path as it was sent.
    fileprivate var rawToken: Substring { path.split(separator: "/").last ?? "" }
}
