/// Every setting of the service, by the name of its flag.
enum SettingKey: String, CaseIterable {
    case host, port
    case dataDir = "data-dir"
    case databaseURL = "database-url"
    case redisURL = "redis-url"
    case redisPrefix = "redis-prefix"
    case chainID = "chain-id"
    case verifyingContract = "verifying-contract"
    case tokens, seed
    case anyToken = "any-token"
    case cowURL = "cow-url"
    case feeBps = "fee-bps"
    case settlementFloorBps = "settlement-floor-bps"
    case settlementOwner = "settlement-owner"
    case operatorKey = "operator-key"
    case rpcURL = "rpc-url"
    case confirmations
    case startBlock = "start-block"
    case pollInterval = "poll-interval"
    case walletGas = "wallet-gas"
    case checkFunds = "check-funds"
    case trustedProxies = "trusted-proxies"
    case allowedOrigins = "allowed-origins"
    case offerRateLimit = "offer-rate-limit"
    case maxOpenOffers = "max-open-offers"
    case maxDurationDays = "max-duration-days"
    case tailFill = "tail-fill"
    case fallback
    case migrate
    case logFormat = "log-format"
    case logLevel = "log-level"

    /// Finds the setting that an environment variable sets.
    init?(variable: String) {
        guard let key = Self.allCases.first(where: { $0.variable == variable }) else { return nil }
        self = key
    }

    /// `STRIKEBOOK_DATA_DIR` for `data-dir`.
    var variable: String { components.joined(separator: "_").uppercased() }

    /// The key as configuration providers split it.
    var components: [String] { ["strikebook"] + rawValue.split(separator: "-").map(String.init) }

    /// Whether its value must never be shown.
    var isSecret: Bool {
        switch self {
        case .databaseURL, .redisURL, .operatorKey, .seed, .rpcURL: true
        default: false
        }
    }
}
