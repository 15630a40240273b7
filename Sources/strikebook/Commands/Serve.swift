import ArgumentParser
import Logging
import PrivateServers
import ServiceLifecycle
import UnixSignals

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// `strikebook serve`
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve the order book over HTTP.",
        discussion: """
            Example: strikebook serve --port 8080 --data-dir ./.strikebook
            Without --database-url it starts a PostgreSQL and a Redis of its own, and ends them with itself.
            Every flag can be set as STRIKEBOOK_… too: --offer-rate-limit is STRIKEBOOK_OFFER_RATE_LIMIT.
            """)

    @OptionGroup var databases: DatabaseOptions
    @Option(help: "Address to listen on (127.0.0.1).") var host: String?
    @Option(help: "Port to listen on (8080); 0 picks a free one.") var port: String?
    @Option(help: "Chain id of the signing domain (31337, the demonstration).") var chainId: String?
    @Option(help: "Contract of the signing domain.") var verifyingContract: String?
    @Option(
        help: "JSON list of tokens {symbol, address, decimals, stablecoin, startPrice…}; absent: demonstration tokens.")
    var tokens: String?
    @Option(help: "Seed of the simulated prices: the same one gives the same path. Absent: a secret of the database.")
    var seed: String?
    @Option(help: "on or off: accept offers on tokens that are not listed (on without --tokens).") var anyToken: String?
    @Option(help: "Offers per 15 minutes, per client and per writer (100); 0 is no limit.") var offerRateLimit: String?
    @Option(help: "Open offers of one writer (10000).") var maxOpenOffers: String?
    @Option(help: "Longest duration of an offer, days (365).") var maxDurationDays: String?
    @Option(help: "on or off: the last of an offer may be taken below its minimum fill (on).") var tailFill: String?
    @Option(help: "on or off; the journal for times without PostgreSQL is not there yet, so writes answer 503 then.")
    var fallback: String?
    @Option(help: "on or off: bring the schema of --database-url up first (off; the private one always is).")
    var migrate: String?
    @Option(
        help: """
            Base of CoW's API, as https://api.cow.fi/mainnet (bnb, xdai, polygon, base, plasma, arbitrum_one, avalanche, \
            ink, linea, sepolia for the other chains); without it nothing can be submitted.
            """)
    var cowUrl: String?
    @Option(help: "The protocol's part of a payoff, basis points (10).") var feeBps: String?
    @Option(help: "The least a settlement's sale may be allowed to bring, basis points of its value (9500).")
    var settlementFloorBps: String?
    @Option(help: "Who holds the collateral that settlements sell (the contract of the signing domain).")
    var settlementOwner: String?
    @Option(help: "The operator's key; better as STRIKEBOOK_OPERATOR_KEY.") var operatorKey: String?
    @Option(help: "JSON-RPC nodes to follow the chain on, separated by commas; absent: the chain is not followed.")
    var rpcUrl: String?
    @Option(help: "Blocks until a take is confirmed, its own counted (12).") var confirmations: String?
    @Option(help: "Block to begin with on an empty database (the latest).") var startBlock: String?
    @Option(help: "How often to ask for new blocks, in seconds or as 500ms (2).") var pollInterval: String?
    @Option(help: "Gas that a contract wallet may use to check a signature (1000000).") var walletGas: String?
    @Option(help: "on or off: with --rpc-url, hide offers that their writers could not deliver (on).")
    var checkFunds: String?
    @Option(help: "Addresses or CIDR blocks whose X-Forwarded-For is believed, separated by commas.")
    var trustedProxies: String?
    @Option(help: "Origins of other sites that may read, separated by commas, or *.") var allowedOrigins: String?
    @Option(help: "Prefix of the keys in Redis (strikebook:).") var redisPrefix: String?
    @Option(help: "text or json (text on a terminal).") var logFormat: String?
    @Option(help: "trace, debug, info, notice, warning, error or critical (info).") var logLevel: String?

    func run() async throws {
        let environment = ProcessEnvironment.all
        let source = try SettingsSource(flags: flags, environment: environment, configFile: databases.config)
        let settings = try ServiceSettings(source, environment: environment, isTerminal: isatty(STDERR_FILENO) == 1)
        let (level, isJSON) = (settings.logLevel, settings.isLogJSON)
        LoggingSystem.bootstrap { LogOutput(label: $0, level: level, isJSON: isJSON) }
        signal(SIGPIPE, SIG_IGN)
        try await serve(settings, logger: Logger(label: "strikebook"))
    }

    private func serve(_ settings: ServiceSettings, logger: Logger) async throws {
        var own: PrivateServerGroup?
        let databaseURL: String
        var redisURL: String?
        if let url = settings.databaseURL {
            databaseURL = url
        } else {
            var wantsRedis = false
            if case .own = settings.redis { wantsRedis = true }
            let group = try await PrivateServerGroup.start(
                dataDirectory: settings.dataDirectory, redis: wantsRedis, logger: logger)
            own = group
            databaseURL = group.urls.database
            if wantsRedis { redisURL = group.urls.redis }
        }
        if case .url(let url) = settings.redis { redisURL = url }
        let service = RunningService(settings: settings, databaseURL: databaseURL, redisURL: redisURL, logger: logger)
        let parts: [any Service]
        do {
            parts = try await service.prepare(migrateFirst: own != nil || settings.migrate)
        } catch {
            await own?.stop()
            throw error
        }
        let all: [any Service] = (own.map { [$0] } ?? []) + parts
        let group = ServiceGroup(
            configuration: .init(
                services: all.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }

    private var flags: [String: String] {
        let own: [String: String?] = [
            "host": host, "port": port, "chain-id": chainId, "verifying-contract": verifyingContract, "tokens": tokens,
            "seed": seed,
            "any-token": anyToken, "offer-rate-limit": offerRateLimit, "max-open-offers": maxOpenOffers,
            "max-duration-days": maxDurationDays, "tail-fill": tailFill, "fallback": fallback, "migrate": migrate,
            "rpc-url": rpcUrl, "confirmations": confirmations, "start-block": startBlock, "poll-interval": pollInterval,
            "cow-url": cowUrl, "fee-bps": feeBps, "settlement-floor-bps": settlementFloorBps,
            "settlement-owner": settlementOwner, "operator-key": operatorKey, "trusted-proxies": trustedProxies,
            "allowed-origins": allowedOrigins,
            "wallet-gas": walletGas, "check-funds": checkFunds,
            "redis-prefix": redisPrefix, "log-format": logFormat, "log-level": logLevel,
        ]
        return databases.flags.merging(own.compactMapValues { $0 }) { first, _ in first }
    }
}
