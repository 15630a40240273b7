import API
import Ethereum
import Exchange
import Logging
import Market

/// Everything `serve` is told, typed and checked.
struct ServiceSettings {
    /// Which Redis to use.
    enum RedisChoice {
        case own, none
        case url(String)
    }

    /// The demonstration chain: its contract is the first one a fresh development node deploys.
    static let demonstrationContract = "0x5FbDB2315678afecb367f032d93F642f64180aa3"

    var host: String
    var port: Int
    var dataDirectory: String
    var databaseURL: String?
    var redis: RedisChoice
    var redisPrefix: String
    var deployment: Deployment
    var tokens: TokenList
    /// The seed of the simulated prices; absent: the deployment's own, which nobody knows.
    var seed: UInt64?
    /// Who has it may do what only the operator may; absent: nobody may.
    var operatorKey: String?
    /// How the chain is followed.
    var chain: ChainSettings
    var rules: OfferRules
    var offerRate: RateLimits.Rule
    var cowURL: String?
    var settlementRules: SettlementRules
    var trustedProxies: [ClientAddress.Block]
    var allowedOrigins: Set<String>
    var tailFill: Bool
    var migrate: Bool
    var isLogJSON: Bool
    var logLevel: Logger.Level

    /// Reads and checks every setting.
    /// - Throws: a usage failure that names the first bad one.
    init(_ source: SettingsSource, environment: [String: String], isTerminal: Bool) throws {
        host = source.text(.host) ?? "127.0.0.1"
        port = try source.integer(.port, in: 0...65_535, default: 8_080)
        let databases = DatabaseSettings(source, environment: environment)
        dataDirectory = databases.dataDirectory
        databaseURL = databases.databaseURL
        redis = databases.redis
        redisPrefix = source.text(.redisPrefix) ?? "strikebook:"
        deployment = try Self.deployment(source)
        let tokenFile = source.text(.tokens)
        tokens = try tokenFile.map(TokenFile.read) ?? TokenFile.demonstration
        seed = try source.text(.seed).map { text in
            guard let seed = UInt64(text), text.utf8.allSatisfy({ (48...57).contains($0) }) else {
                throw SettingsSource.refusal(.seed, "must be a whole number from 0 to 2^64 - 1")
            }
            return seed
        }
        operatorKey = source.text(.operatorKey)
        if operatorKey?.isEmpty == true {
            throw SettingsSource.refusal(.operatorKey, "must not be empty; leave it out to have no operator")
        }
        chain = try ChainSettings(source)
        let anyToken = try source.flag(.anyToken, default: tokenFile == nil)
        let maxOpenOffers = try source.integer(.maxOpenOffers, in: 1...10_000_000, default: 10_000)
        let days = try source.integer(.maxDurationDays, in: 1...65_535, default: 365)
        rules = OfferRules(
            maxDurationDays: UInt16(clamping: days), maxOpenOffers: maxOpenOffers,
            tokens: anyToken ? .any : .listed(Set(tokens.tokens.map(\.address))))
        cowURL = try Self.cowURL(source)
        settlementRules = try Self.settlementRules(source, deployment)
        let rate = try source.integer(.offerRateLimit, in: 0...1_000_000_000, default: 100)
        offerRate = RateLimits.Rule(limit: rate, window: .seconds(900))
        trustedProxies = try Self.list(source, .trustedProxies).map { text in
            guard let block = ClientAddress.Block(text) else {
                throw SettingsSource.refusal(
                    .trustedProxies, "must be addresses or CIDR blocks; \"\(text)\" is neither")
            }
            return block
        }
        allowedOrigins = Set(Self.list(source, .allowedOrigins))
        tailFill = try source.flag(.tailFill, default: true)
        migrate = try source.flag(.migrate, default: false)
        _ = try source.flag(.fallback, default: false)
        isLogJSON = try Self.isLogJSON(source, isTerminal: isTerminal)
        guard let level = Logger.Level(rawValue: source.text(.logLevel) ?? "info") else {
            throw SettingsSource.refusal(.logLevel, "must be trace, debug, info, notice, warning, error or critical")
        }
        logLevel = level
    }

    private static func deployment(_ source: SettingsSource) throws -> Deployment {
        guard let chainID = UInt256(decimal: Array((source.text(.chainID) ?? "31337").utf8)), !chainID.isZero else {
            throw SettingsSource.refusal(.chainID, "must be a chain id, as 1 or 42161")
        }
        let text = source.text(.verifyingContract) ?? demonstrationContract
        guard let contract = try? Address.parse(Array(text.utf8)[...]), !contract.isZero else {
            throw SettingsSource.refusal(.verifyingContract, "must be a contract's address: 0x and 40 hex digits")
        }
        return Deployment(chainId: chainID, verifyingContract: contract)
    }

    /// The base of CoW's API.
    private static func cowURL(_ source: SettingsSource) throws -> String? {
        guard let text = source.text(.cowURL), text != "none" else { return nil }
        guard text.hasPrefix("http://") || text.hasPrefix("https://") else {
            throw SettingsSource.refusal(
                .cowURL, "must be the base of CoW's API, as https://api.cow.fi/mainnet, or none")
        }
        return text
    }

    private static func settlementRules(
        _ source: SettingsSource, _ deployment: Deployment
    ) throws -> SettlementRules {
        var owner: Address?
        if let text = source.text(.settlementOwner) {
            guard let address = try? Address.parse(Array(text.utf8)[...]), !address.isZero else {
                throw SettingsSource.refusal(.settlementOwner, "must be a contract's address: 0x and 40 hex digits")
            }
            owner = address
        }
        return SettlementRules(
            deployment: deployment, owner: owner,
            feeBps: UInt16(clamping: try source.integer(.feeBps, in: 0...10_000, default: 10)),
            floorBps: UInt16(clamping: try source.integer(.settlementFloorBps, in: 0...10_000, default: 9_500)))
    }

    private static func list(_ source: SettingsSource, _ key: SettingKey) -> [String] {
        (source.text(key) ?? "").split(separator: ",").map { String($0.filter { $0 != " " }) }
    }

    private static func isLogJSON(_ source: SettingsSource, isTerminal: Bool) throws -> Bool {
        switch source.text(.logFormat) {
        case nil: return !isTerminal
        case "json": return true
        case "text": return false
        default: throw SettingsSource.refusal(.logFormat, "must be text or json")
        }
    }
}

/// Which databases a command works on; every command that needs one reads these.
struct DatabaseSettings {
    let dataDirectory: String
    /// Absent: the private server of the data directory.
    let databaseURL: String?
    let redis: ServiceSettings.RedisChoice

    init(_ source: SettingsSource, environment: [String: String]) {
        dataDirectory = source.text(.dataDir) ?? "./.strikebook"
        databaseURL = source.text(.databaseURL) ?? environment["DATABASE_URL"] ?? Self.fromParts(environment)
        switch source.text(.redisURL) ?? environment["REDIS_URL"] {
        case nil: redis = databaseURL == nil ? .own : .none
        case "none": redis = .none
        case .some(let url): redis = .url(url)
        }
    }

    /// A libpq keyword string of `DB_HOST DB_PORT DB_NAME DB_USER DB_PASSWORD`, nil without `DB_HOST`.
    private static func fromParts(_ environment: [String: String]) -> String? {
        guard let host = environment["DB_HOST"] else { return nil }
        let parts = [
            ("host", host), ("port", environment["DB_PORT"]), ("dbname", environment["DB_NAME"]),
            ("user", environment["DB_USER"]), ("password", environment["DB_PASSWORD"]),
        ]
        return parts.compactMap { name, value in
            value.map { value in
                let escaped = value.map { $0 == "'" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
                return "\(name)='\(escaped)'"
            }
        }.joined(separator: " ")
    }
}
