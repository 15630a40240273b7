import Ethereum
import Exchange
import Market
import StrictJSON

/// The tokens a deployment knows by name: a file, or the demonstration's.
enum TokenFile {
    private static let keys: Set<String> = [
        "symbol", "address", "decimals", "stablecoin", "startPrice", "drift", "volatility", "unit", "annualVolatility",
        "seed", "feed", "heartbeat",
    ]

    /// WETH and USDC of the first test vector, WBTC, and the fast index DEMO.
    static let demonstration = TokenList(
        [
            ("WETH", "0x4200000000000000000000000000000000000006", 18, TokenMarket(startPrice: 2_500, volatility: 0.6)),
            ("WBTC", "0x2260fac5e5542a773aa44fbcfedf7c193bc2c599", 8, TokenMarket(startPrice: 60_000, volatility: 0.6)),
            ("USDC", "0x036cbd53842c5426634e7929541ec2318f3dcf7e", 6, TokenMarket(startPrice: 1)),
            (
                "DEMO", "0x000000000000000000000000000000000000de30", 18,
                TokenMarket(startPrice: 100, drift: 0.000_2, volatility: 0.01, unit: .second)
            ),
        ].compactMap { (symbol: String, text: String, decimals: UInt8, market: TokenMarket) in
            (try? Address.parse(Array(text.utf8)[...])).map {
                Token(
                    symbol: symbol, address: $0, decimals: decimals, isStablecoin: symbol == "USDC", market: market)
            }
        })

    /// Reads a JSON list of `{symbol, address, decimals, stablecoin, …}`.
    /// - Throws: a usage failure that names the entry and the field.
    static func read(_ path: String) throws -> TokenList {
        let bytes = try TextFile.read(path, limit: 1 << 20)
        let json: JSONValue
        do throws(JSONError) {
            json = try JSONValue.parse(bytes)
        } catch {
            throw CommandFailure(.usage, "\(path) is not valid JSON: \(error.detail)")
        }
        guard case .array(let entries) = json else { throw refusal(path, "must hold a JSON list of tokens") }
        let tokens = try entries.enumerated().map { try token($1, at: "\(path), token \($0 + 1)") }
        guard Set(tokens.map(\.address)).count == tokens.count,
            Set(tokens.map { $0.symbol.lowercased() }).count == tokens.count
        else { throw refusal(path, "lists a symbol or an address twice") }
        return TokenList(tokens)
    }

    private static func token(_ json: JSONValue, at place: String) throws -> Token {
        guard case .object(let object) = json else { throw refusal(place, "must be an object") }
        for (key, _) in object.members where !keys.contains(String(decoding: key, as: UTF8.self)) {
            throw refusal(place, "has no setting \"\(String(decoding: key.prefix(64), as: UTF8.self))\"")
        }
        guard case .string(let symbol)? = object["symbol"], !symbol.isEmpty, symbol.count <= 32,
            symbol.allSatisfy({ (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "/") })
        else { throw refusal(place, "needs a symbol of 1 to 32 visible characters") }
        guard case .string(let text)? = object["address"], let address = try? Address.parse(text), !address.isZero
        else {
            throw refusal(place, "needs an address: 0x and 40 hex digits, with a right checksum if in mixed case")
        }
        guard case .number(let digits)? = object["decimals"],
            let decimals = UInt8(String(decoding: digits, as: UTF8.self)),
            decimals <= 36
        else { throw refusal(place, "needs decimals from 0 to 36") }
        var isStablecoin = false
        if let value = object["stablecoin"] {
            guard case .bool(let flag) = value else { throw refusal(place, "stablecoin must be true or false") }
            isStablecoin = flag
        }
        return Token(
            symbol: String(decoding: symbol, as: UTF8.self), address: address, decimals: decimals,
            isStablecoin: isStablecoin,
            market: try TokenMarketEntry(object, place: place).market(isStablecoin: isStablecoin))
    }

    /// The failure that names the entry at fault.
    static func refusal(_ place: String, _ what: String) -> CommandFailure {
        CommandFailure(.usage, "\(place) \(what)")
    }
}
