import API
import AsyncHTTPClient
import Chain
import Exchange
import Logging
import Market
import NIOCore
import ServiceLifecycle
import Store

/// Following the chain: the client of its nodes and the follower; neither where no node is configured.
struct ChainParts {
    /// Nil where no node is configured.
    let follower: ChainFollower?
    let client: RPCClient?
    let http: SharedHTTPClient?
    /// Asks contract wallets, and knows which offers a quote may list.
    let wallets: ContractWallets?
    let watch: WalletWatch?
    /// Hides what writers cannot deliver; without a node it shows what was hidden.
    let funds: FundsWatch
    let feeds: PriceFeeds
    private let settings: ChainSettings

    init(
        _ settings: ServiceSettings, log: PostgresLog, books: Books, queue: CommitQueue, market: MarketParts,
        leadership: any Leadership, logger: Logger
    ) {
        self.settings = settings.chain
        guard !settings.chain.urls.isEmpty else {
            (follower, client, http, wallets, watch) = (nil, nil, nil, nil, nil)
            feeds = PriceFeeds(settings, client: nil, market: market, leadership: leadership, logger: logger)
            funds = FundsWatch(
                books: books, queue: queue, leadership: leadership, node: nil, block: { nil },
                nowMicros: SystemClock.micros, logger: logger)
            return
        }
        let http = SharedHTTPClient()
        let client = RPCClient(
            urls: settings.chain.urls, chainId: settings.deployment.chainId, http: http.client, logger: logger)
        let contract = settings.deployment.verifyingContract
        let asking = WalletAsking(
            settings.chain, deployment: settings.deployment, http: http.client, logger: logger)
        let wallets = asking?.wallets
        self.wallets = wallets
        watch = wallets.map { WalletWatch(wallets: $0) }
        self.http = http
        self.client = client
        feeds = PriceFeeds(settings, client: client, market: market, leadership: leadership, logger: logger)
        let follower = ChainFollower(
            node: EthereumNode(rpc: client, contract: contract), store: log, leadership: leadership,
            contract: contract, settings: settings.chain.following, nowMicros: SystemClock.micros, logger: logger,
            write: { await queue.write(.chain($0)) })
        self.follower = follower
        // Tokens too: what they do shall turn nobody else to another node. A reply holds 450 bytes of each of a hundred.
        let tokens = RPCClient(
            urls: settings.chain.urls, chainId: settings.deployment.chainId, http: http.client, timeout: .seconds(10),
            largestReply: 2 << 20, logger: logger)
        let node = settings.chain.checksFunds ? RPCFundsNode(rpc: tokens, spender: contract) : nil
        funds = FundsWatch(
            books: books, queue: queue, leadership: leadership, node: node,
            block: {
                let status = follower.status
                guard status.phase == .following, let cursor = status.cursor,
                    let appliedThrough = status.appliedThroughMicros
                else { return nil }
                return (FundsBlock(number: cursor.number, hash: cursor.hash), appliedThrough)
            }, nowMicros: SystemClock.micros, logger: logger)
    }

    /// In starting order.
    var services: [any Service] {
        let services: [(any Service)?] = [http, follower, watch, funds, feeds.reader]
        return services.compactMap { $0 }
    }

    /// For `/chain/status`.
    var progress: @Sendable () -> ChainProgress? {
        guard let follower else { return { nil } }
        let confirmations = settings.following.confirmations
        return {
            let status = follower.status
            return ChainProgress(
                phase: status.phase.rawValue, head: status.head, problem: status.problem, confirmations: confirmations)
        }
    }

    /// For `/ready`: a chain that cannot be followed until somebody acts makes the service unready; one whose nodes are
    /// away does not.
    var dependency: Dependency {
        guard let status = follower?.status else { return Dependency(name: "chain", state: .off, isRequired: false) }
        switch status.phase {
        case .reorgTooDeep, .wrongChain:
            return Dependency(
                name: "chain", state: .down, isRequired: true,
                detail: "\(status.phase.rawValue): \(status.problem ?? "")")
        case .failing:
            return Dependency(name: "chain", state: .down, isRequired: false, detail: status.problem)
        case .starting, .standby, .catchingUp, .following:
            return Dependency(name: "chain", state: .up, isRequired: false, detail: status.phase.rawValue)
        }
    }

    /// For `/stats` and `/metrics`.
    var gauges: [Gauge] {
        guard let follower, let client else { return [] }
        let (status, calls) = (follower.status, client.statistics)
        let checks = wallets?.counts ?? .init()
        let (head, cursor) = (status.head?.number ?? 0, status.cursor?.number ?? 0)
        return [
            Gauge("chain_head", "Height of the node's newest block.", Double(head)),
            Gauge("chain_cursor", "Height of the last block whose effects are applied.", Double(cursor)),
            Gauge("chain_lag_blocks", "Blocks between the two.", Double(head > cursor ? head - cursor : 0)),
            Gauge("chain_events_total", "Events applied by this process.", Double(status.events)),
            Gauge("chain_reorgs_total", "Reorgs undone by this process.", Double(status.reorgs)),
            Gauge("rpc_requests_total", "Requests sent to nodes.", Double(calls.requests)),
            Gauge("rpc_failures_total", "Requests without a usable answer.", Double(calls.failures)),
            Gauge("rpc_switches_total", "Times another node was turned to.", Double(calls.switches)),
            Gauge("offers_short_of_funds", "Open offers that are not wholly funded.", Double(funds.short)),
            Gauge("funds_checks_total", "Writers' tokens asked about.", Double(funds.asked)),
            Gauge("wallet_checks_total", "Questions asked of contract wallets.", Double(checks.asked)),
            Gauge("wallet_failures_total", "Those of them without an answer.", Double(checks.failed)),
            Gauge("wallet_remembered_total", "Questions answered from memory.", Double(checks.remembered)),
        ]
    }
}

/// The HTTP client of everything that asks other services; ended with the service.
struct SharedHTTPClient: Service {
    let client: HTTPClient

    init() {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(3), read: .seconds(10)))
        configuration.decompression = .disabled
        // A node that keeps a few wallets' questions to itself must not keep those of everybody else waiting.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    func run() async throws {
        try? await gracefulShutdown()
        try await client.shutdown()
    }
}
