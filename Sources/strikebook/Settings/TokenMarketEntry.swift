import Ethereum
import Exchange
import StrictJSON

/// What an entry of the token file says of a token's price.
struct TokenMarketEntry {
    private let object: JSONObject
    private let place: String

    init(_ object: JSONObject, place: String) {
        self.object = object
        self.place = place
    }

    /// The market, nil when the entry names neither a start price nor a feed. A stablecoin stands at 1 unless it says
    /// otherwise.
    /// - Throws: a usage failure that names the field.
    func market(isStablecoin: Bool) throws -> TokenMarket? {
        let startPrice = try number("startPrice") ?? (isStablecoin ? 1 : nil)
        if let startPrice, !(1e-8...4e10).contains(startPrice) {
            throw refusal("startPrice must be from 0.00000001 to 40000000000")
        }
        let (drift, volatility) = (try number("drift") ?? 0, try number("volatility") ?? 0)
        guard (-1_000...1_000).contains(drift) else { throw refusal("drift must be from -1000 to 1000") }
        guard (0...100).contains(volatility) else { throw refusal("volatility must be from 0 to 100") }
        let annual = try number("annualVolatility")
        if let annual, !(0...100).contains(annual) { throw refusal("annualVolatility must be from 0 to 100") }
        let (unit, seed, feed) = (try unit(), try seed(), try feed())
        let heartbeat = try number("heartbeat")
        if let heartbeat, !(1...2_592_000).contains(heartbeat) || feed == nil {
            throw refusal("heartbeat must be the seconds, from 1 to 2592000, within which its feed says something new")
        }
        guard startPrice != nil || feed != nil else { return nil }
        var market = TokenMarket(
            startPrice: startPrice, drift: drift, volatility: volatility, unit: unit, annualVolatility: annual,
            seed: seed, feed: feed)
        if let heartbeat { market.heartbeatMillis = Int64(heartbeat * 1_000) }
        return market
    }

    private func unit() throws -> TokenMarket.Unit {
        guard let value = object["unit"] else { return .year }
        guard case .string(let text) = value,
            let unit = TokenMarket.Unit(rawValue: String(decoding: text, as: UTF8.self))
        else { throw refusal("unit must be \"year\" or \"second\"") }
        return unit
    }

    private func seed() throws -> UInt64? {
        switch object["seed"] {
        case nil, .null: return nil
        case .number(let text), .string(let text):
            guard let seed = UInt64(String(decoding: text, as: UTF8.self)) else { break }
            return seed
        default: break
        }
        throw refusal("seed must be a whole number from 0 to 2^64 - 1")
    }

    private func feed() throws -> Address? {
        switch object["feed"] {
        case nil, .null: return nil
        case .string(let text):
            guard let feed = try? Address.parse(text), !feed.isZero else { break }
            return feed
        default: break
        }
        throw refusal("feed must be the address of a price feed's contract: 0x and 40 hex digits")
    }

    /// A number or a decimal string.
    private func number(_ key: StaticString) throws -> Double? {
        switch object[key] {
        case nil, .null: return nil
        case .number(let text), .string(let text):
            let isPlain = text.allSatisfy { (48...57).contains($0) || [43, 45, 46, 69, 101].contains($0) }
            guard isPlain, let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite else { break }
            return value
        default: break
        }
        throw refusal("\(key) must be a number")
    }

    private func refusal(_ what: String) -> CommandFailure { TokenFile.refusal(place, what) }
}
