import Ethereum
public import Exchange
import Market
import StrictJSON

/// `GET /depth/{token}`: cumulative size by premium level, for a chart.
public struct DepthRoute: Sendable {
    /// Levels of one side; what lies beyond is added up in `beyond`.
    private static let mostLevels = 1_000

    private let books: Books
    private let tokens: TokenList

    /// The route over the live books.
    public init(books: Books, tokens: TokenList) {
        self.books = books
        self.tokens = tokens
    }

    func get(_ request: APIRequest) async throws -> Reply {
        let parameters = try QueryParameters(request.query, allowed: ["side", "stablecoin", "duration"])
        let underlying = try QueryParameters.token(request.parameter("token"), field: "token", tokens)
        let side = try parameters.side()
        var query = BookQuery()
        query.stablecoin = try parameters.token("stablecoin", tokens)
        query.duration = try parameters.integer("duration", in: 1...65_535)
        let sides: [Side] = side.map { [$0] } ?? [.call, .put]
        let shown = books.books(sides.map { BookID(underlying: underlying, isCall: $0 == .call) })
        let newest = shown.max { $0.seq < $1.seq }
        var json = JSONWriter(capacity: 4_096)
        json.beginObject()
        json.key("underlying")
        json.address(underlying)
        json.key("symbol")
        if let token = tokens[underlying] { json.string(token.symbol) } else { json.null() }
        json.key("seq")
        json.integer(newest?.seq ?? 0)
        json.key("asOf")
        if let newest, newest.seq > 0 { json.timestamp(micros: newest.changedAtMicros) } else { json.null() }
        for (side, book) in zip(sides, shown) {
            json.key(side == .call ? "calls" : "puts")
            Self.writeLevels(of: book, query, to: &json)
        }
        json.endObject()
        let tag = EntityTag.make(
            epoch: books.loadedHead.epochText, seq: newest?.seq ?? 0, digest: EntityTag.digest(of: json.bytes),
            coding: request.coding)
        return Reply(json: json).conditional(tag: tag, ifNoneMatch: request.ifNoneMatch)
    }

    /// A level is one exact price: premiumPerDay over collateralAmount as its first offer states it.
    private struct Level {
        let premiumPerDay: UInt256
        let collateralAmount: UInt256
        var size: UInt256
        var offers: Int
    }

    private static func writeLevels(of book: Book, _ query: BookQuery, to json: inout JSONWriter) {
        var levels: [Level] = []
        var total = UInt256.zero
        book.forEach { entry in
            guard query.admits(entry.state, now: nil) else { return true }
            let offer = entry.state.offer
            if let last = levels.last,
                UInt256.compareFractions(
                    last.premiumPerDay, last.collateralAmount, offer.premiumPerDay, offer.collateralAmount) == .equal
            {
                levels[levels.count - 1].size = last.size.addingSaturating(entry.state.fundable)
                levels[levels.count - 1].offers += 1
                return true
            }
            guard levels.count < mostLevels else { return false }
            levels.append(
                Level(
                    premiumPerDay: offer.premiumPerDay, collateralAmount: offer.collateralAmount,
                    size: entry.state.fundable, offers: 1))
            return true
        }
        json.beginObject()
        json.key("levels")
        json.beginArray()
        for level in levels {
            total = total.addingSaturating(level.size)
            json.beginObject()
            json.key("premiumPerDay")
            json.uint256(level.premiumPerDay)
            json.key("collateralAmount")
            json.uint256(level.collateralAmount)
            json.key("size")
            json.uint256(level.size)
            json.key("cumulativeSize")
            json.uint256(total)
            json.key("offers")
            json.integer(level.offers)
            json.endObject()
        }
        json.endArray()
        json.key("complete")
        json.bool(levels.count < mostLevels)
        json.endObject()
    }
}

extension UInt256 {
    /// A sum that stops at 2^256 − 1: sizes of tokens whose supply is not bounded by anything.
    func addingSaturating(_ other: UInt256) -> UInt256 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
