import Ethereum
import Exchange
import Market
import StrictJSON

/// `GET /prices/{token}/history`: candles, oldest first, in pages.
extension PriceRoutes {
    /// Candles of a page when no start is asked for.
    private static let defaultCandles: Int64 = 100
    private static let latestMillis: Int64 = 253_402_300_799_000

    func history(_ request: APIRequest) async throws -> Reply {
        let parameters = try QueryParameters(
            request.query, allowed: ["interval", "from", "to", "limit", "cursor"])
        let token = try token(request)
        let interval: Candle.Interval = try parameters.choice("interval") ?? .minute
        let limit = try parameters.limit()
        let to = try parameters.moment("to").map { $0 / 1_000 } ?? nowMillis() + 1
        let from =
            try parameters.moment("from").map { $0 / 1_000 } ?? max(0, to - Self.defaultCandles * interval.millis)
        guard from < to, to <= Self.latestMillis else {
            throw QueryParameters.refusal("from", "must be before to; candles open from from, before to")
        }
        let scope = Array(
            "candles \(token) \(interval.rawValue) \(parameters["from"] ?? "") \(parameters["to"] ?? "")".utf8)
        var (start, end) = (from, to)
        if let cursor = parameters["cursor"] {
            let payload = try cursors.decode(cursor, scope: scope)
            guard payload.count == 16, let first = Int64(exactly: UInt64(bigEndianBytes: payload[..<8])),
                let last = Int64(exactly: UInt64(bigEndianBytes: payload[8...])), first < last
            else { throw CursorCodec.forged }
            (start, end) = (first, last)
        }
        var candles = try await store.candles(of: token, interval, openedWithin: start..<end, limit: limit + 1)
        var next: String?
        if candles.count > limit {
            let following = candles.removeLast().openedAtMillis
            // The end goes along: a page asked for later must not be of another range.
            next = cursors.encode(Self.bytes(following) + Self.bytes(end), scope: scope)
        }
        return reply(token, interval, candles, next)
    }

    private static func bytes(_ millis: Int64) -> [UInt8] {
        withUnsafeBytes(of: UInt64(clamping: millis).bigEndian, Array.init)
    }

    private func reply(_ token: Address, _ interval: Candle.Interval, _ candles: [Candle], _ next: String?) -> Reply {
        .json { json in
            json.beginObject()
            json.key("token")
            json.address(token)
            json.key("symbol")
            if let token = tokens[token] { json.string(token.symbol) } else { json.null() }
            json.key("interval")
            json.string(interval.rawValue)
            json.key("candles")
            json.beginArray()
            for candle in candles { Self.write(candle, to: &json) }
            json.endArray()
            json.key("nextCursor")
            if let next { json.string(next) } else { json.null() }
            json.endObject()
        }
    }

    private static func write(_ candle: Candle, to json: inout JSONWriter) {
        json.beginObject()
        json.key("openedAt")
        json.timestamp(micros: candle.openedAtMillis * 1_000)
        json.key("openE8")
        json.string(String(candle.open))
        json.key("highE8")
        json.string(String(candle.high))
        json.key("lowE8")
        json.string(String(candle.low))
        json.key("closeE8")
        json.string(String(candle.close))
        json.key("ticks")
        json.integer(candle.ticks)
        json.endObject()
    }
}
