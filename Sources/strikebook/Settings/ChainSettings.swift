import Chain
import Ethereum

/// How the chain is followed; without a node it is not.
struct ChainSettings {
    /// JSON-RPC nodes, the first of them asked first.
    let urls: [String]
    let following: ChainFollower.Settings
    /// Gas that a contract wallet may use to check a signature.
    let walletGas: UInt64
    /// Whether offers that their writers cannot deliver are hidden.
    let checksFunds: Bool

    /// Reads and checks the chain's settings.
    /// - Throws: a usage failure that names the first bad one.
    init(_ source: SettingsSource) throws {
        urls = (source.text(.rpcURL) ?? "").split(separator: ",").map { String($0.filter { $0 != " " }) }
        for url in urls {
            guard url.hasPrefix("http://") || url.hasPrefix("https://"),
                url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
            else {
                throw SettingsSource.refusal(.rpcURL, "must be URLs as http://127.0.0.1:8545, separated by commas")
            }
        }
        let confirmations = try source.integer(.confirmations, in: 0...1_024, default: 12)
        walletGas = UInt64(
            try source.integer(.walletGas, in: 20_000...30_000_000, default: Int(WalletProbe.walletGas)))
        checksFunds = try source.flag(.checkFunds, default: true)
        let startBlock = try source.text(.startBlock).map { _ in
            UInt64(try source.integer(.startBlock, in: 0...Int.max, default: 0))
        }
        following = .init(
            confirmations: UInt64(confirmations), startBlock: startBlock, pollInterval: try Self.interval(source))
    }

    /// Seconds, as 2 or 0.5, with or without an s; or milliseconds, as 500ms.
    private static func interval(_ source: SettingsSource) throws -> Duration {
        let text = source.text(.pollInterval) ?? "2"
        let (digits, unit) =
            text.hasSuffix("ms")
            ? (text.dropLast(2), 0.001) : text.hasSuffix("s") ? (text.dropLast(), 1.0) : (text[...], 1.0)
        guard let number = Double(digits), number.isFinite, (0.01...3_600).contains(number * unit) else {
            throw SettingsSource.refusal(.pollInterval, "must be 0.01 to 3600 seconds, as 2, 0.5 or 500ms")
        }
        return .milliseconds(Int(number * unit * 1_000))
    }
}
