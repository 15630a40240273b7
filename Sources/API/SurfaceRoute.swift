import Ethereum
public import Exchange
import Market
import Pricing
import StrictJSON

/// `GET /surface/{token}`: what the best asks of the live book say about volatility, by duration.
public struct SurfaceRoute: Sendable {
    private let books: Books
    private let tokens: TokenList
    private let pricer: OfferPricer
    private let now: @Sendable () -> UInt64

    /// The route over the live books by the clock `now` (unix seconds).
    public init(books: Books, tokens: TokenList, pricer: OfferPricer, now: @escaping @Sendable () -> UInt64) {
        self.books = books
        self.tokens = tokens
        self.pricer = pricer
        self.now = now
    }

    func get(_ request: APIRequest) async throws -> Reply {
        let parameters = try QueryParameters(request.query, allowed: ["side", "stablecoin"])
        let underlying = try QueryParameters.token(request.parameter("token"), field: "token", tokens)
        let side = try parameters.side()
        let stablecoin = try parameters.token("stablecoin", tokens)
        let moment = pricer.moment
        guard let point = moment.points[underlying] else {
            throw Rejection(
                .notFound, code: "price_unknown", field: "token",
                detail: "No price of this token is known, so its premiums imply no volatility.")
        }
        let sides: [Side] = side.map { [$0] } ?? [.call, .put]
        let shown = books.books(sides.map { BookID(underlying: underlying, isCall: $0 == .call) })
        return .json { json in
            json.beginObject()
            json.key("token")
            json.address(underlying)
            json.key("symbol")
            if let token = tokens[underlying] { json.string(token.symbol) } else { json.null() }
            json.key("spotE8")
            json.string(String(point.spotE8))
            json.key("volatility")
            if let volatility = point.volatility { json.double(volatility) } else { json.null() }
            json.key("asOf")
            json.timestamp(micros: moment.asOfMillis * 1_000)
            json.key("seq")
            json.integer(shown.map(\.seq).max() ?? 0)
            for (side, book) in zip(sides, shown) {
                json.key(side == .call ? "calls" : "puts")
                write(book, stablecoin, spotE8: point.spotE8, to: &json)
            }
            json.endObject()
        }
    }

    /// One side's points, for each stablecoin by duration.
    private func write(_ book: Book, _ stablecoin: Address?, spotE8: Int64, to json: inout JSONWriter) {
        let best = BestAsks(book, stablecoin: stablecoin, now: now())
        json.beginArray()
        for (coin, found) in best.byStablecoin.sorted(by: { $0.key < $1.key }) {
            let asks = found.map { days, entry in
                VolatilitySurface.Ask(
                    type: book.id.isCall ? .call : .put, dailyRate: dailyRate(entry.state.offer, spotE8),
                    days: Int(days)...Int(days))
            }
            guard asks.allSatisfy({ $0.dailyRate > 0 }) else { continue }
            let surface = VolatilitySurface(asks: asks, durations: found.map { Int($0.days) })
            for point in surface.points {
                write(point, coin, found[point.ask].entry.state.offer, found[point.ask].entry, &json)
            }
        }
        json.endArray()
    }

    /// The asked premium a day as a fraction of the spot; 0 where decimals are not known.
    private func dailyRate(_ offer: Offer, _ spotE8: Int64) -> Double {
        let (underlying, stablecoin) = (tokens[offer.underlying], tokens[offer.stablecoin])
        if offer.isCall, underlying == nil || stablecoin == nil { return 0 }
        return OfferPricing(
            type: offer.isCall ? .call : .put, collateral: offer.collateralAmount.approximation,
            premiumPerDay: offer.premiumPerDay.approximation, underlyingDecimals: Int(underlying?.decimals ?? 0),
            stablecoinDecimals: Int(stablecoin?.decimals ?? 0), spot: PriceScale.value(spotE8), volatility: 0
        ).dailyRate
    }

    private func write(
        _ point: VolatilitySurface.Point, _ coin: Address, _ offer: Offer, _ entry: BookEntry,
        _ json: inout JSONWriter
    ) {
        json.beginObject()
        json.key("stablecoin")
        json.address(coin)
        json.key("days")
        json.integer(point.days)
        json.key("impliedVolatility")
        if let volatility = point.impliedVolatility { json.double(volatility) } else { json.null() }
        json.key("totalVariance")
        if let variance = point.totalVariance { json.double(variance) } else { json.null() }
        json.key("calendarConsistent")
        json.bool(point.isCalendarConsistent)
        json.key("bestAsk")
        json.beginObject()
        json.key("offerHash")
        json.hash(entry.state.offerHash)
        json.key("premiumPerDay")
        json.uint256(offer.premiumPerDay)
        json.key("collateralAmount")
        json.uint256(offer.collateralAmount)
        json.key("dailyRate")
        json.double(point.dailyRate)
        json.endObject()
        json.endObject()
    }
}

/// The cheapest offer for each duration of interest, one row of them a stablecoin.
private struct BestAsks {
    /// Past this many rows what was not found is not looked for: a book is sorted, so it would be far from the best.
    private static let mostRows = 20_000

    private(set) var byStablecoin: [Address: [(days: UInt16, entry: BookEntry)]] = [:]

    /// Goes through `book`, cheapest first; offers past their deadline at `now` (unix seconds) are left out.
    init(_ book: Book, stablecoin: Address?, now: UInt64) {
        let durations = OfferPricer.durations(from: 1, to: 365)
        var query = BookQuery()
        query.stablecoin = stablecoin
        var rows = 0
        var found: [Address: [BookEntry?]] = [:]
        book.forEach { entry in
            rows += 1
            guard query.admits(entry.state, now: now) else { return rows < Self.mostRows }
            let offer = entry.state.offer
            var row = found[offer.stablecoin] ?? Array(repeating: nil, count: durations.count)
            for (index, days) in durations.enumerated() where row[index] == nil {
                if offer.minDuration <= days, days <= offer.maxDuration { row[index] = entry }
            }
            found[offer.stablecoin] = row
            let isComplete = stablecoin != nil && row.allSatisfy { $0 != nil }
            return !isComplete && rows < Self.mostRows
        }
        byStablecoin = found.mapValues { row in
            zip(durations, row).compactMap { days, entry in entry.map { (days, $0) } }
        }.filter { !$0.value.isEmpty }
    }
}
