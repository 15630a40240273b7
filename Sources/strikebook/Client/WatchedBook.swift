import Ethereum
import Market
import StrictJSON

/// A token's book, made of what the service tells of it.
struct WatchedBook {
    private struct Row {
        let json: JSONValue
        let premium: UInt256
        let collateral: UInt256
        let seq: UInt64
    }

    private var sides: [Side: [String: Row]] = [:]
    private var seq: UInt64 = 0

    /// The channels of a token's book.
    static func channels(of token: String, _ side: Side?) -> [String] {
        (side.map { [$0] } ?? [.call, .put]).map { "orderbook:\(token):\($0.rawValue)" }
    }

    /// Takes a message.
    /// - Returns: what it changed as lines to read; nil when it changed nothing.
    mutating func take(_ message: JSONValue) -> [(kind: String, row: JSONValue)]? {
        guard let name = message["channel"]?.text, let side: Side = name.hasSuffix(":call") ? .call : .put,
            let seq = message["seq"]?.uint64
        else { return nil }
        switch message["type"]?.text {
        case "snapshot":
            sides[side] = [:]
            for row in message["rows"]?.array ?? [] { put(row, side) }
            self.seq = max(self.seq, seq)
            return []
        case "delta":
            self.seq = max(self.seq, seq)
            return (message["changes"]?.array ?? []).compactMap { change in
                guard let kind = change["op"]?.text, let hash = change["offerHash"]?.text else { return nil }
                if let row = change["row"] {
                    put(row, side)
                    return (kind, row)
                }
                return sides[side]?.removeValue(forKey: hash).map { (kind, $0.json) }
            }
        default: return nil
        }
    }

    private mutating func put(_ json: JSONValue, _ side: Side) {
        guard let hash = json["offerHash"]?.text, let premium = json["premiumPerDay"]?.uint256,
            let collateral = json["collateralAmount"]?.uint256, let seq = json["seq"]?.uint64
        else { return }
        sides[side, default: [:]][hash] = Row(json: json, premium: premium, collateral: collateral, seq: seq)
    }

    /// The book as `GET /orderbook/{token}` would show its first `limit` rows that `admits` keeps.
    func page(symbol: String, limit: Int, _ admits: (JSONValue) -> Bool) throws -> JSONValue {
        var json = JSONWriter()
        json.beginObject()
        json.key("symbol")
        json.string(symbol)
        json.key("seq")
        json.integer(seq)
        for side in [Side.call, .put] {
            guard let rows = sides[side]?.values.filter({ admits($0.json) }).sorted(by: Self.isCheaper) else {
                continue
            }
            json.key(side == .call ? "calls" : "puts")
            json.beginObject()
            json.key("rows")
            json.beginArray()
            for row in rows.prefix(limit) { json.value(row.json) }
            json.endArray()
            json.key("nextCursor")
            if rows.count > limit { json.string("more") } else { json.null() }
            json.endObject()
        }
        json.endObject()
        return try JSONValue.parse(json.bytes)
    }

    private static func isCheaper(_ left: Row, _ right: Row) -> Bool {
        switch UInt256.compareFractions(left.premium, left.collateral, right.premium, right.collateral) {
        case .less: true
        case .greater: false
        case .equal: left.seq < right.seq
        }
    }
}
