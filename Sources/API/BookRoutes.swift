import Ethereum
public import Exchange
public import Market
import NIOCore
import StrictJSON
import Synchronization

/// `GET /orderbook/{token}`: pages of the live book, encoded once a change and not once a request.
public final class BookRoutes: Sendable {
    /// Bytes of rendered pages and their names that are kept; past it all are forgotten.
    private static let mostBytes = 64 << 20
    private static let parameters: Set<String> = [
        "side", "stablecoin", "duration", "minDuration", "maxDuration", "minSize", "limit", "cursor", "sort", "pricing",
    ]
    /// How long past a deadline the sweep may take before books filter by the clock, seconds.
    private static let sweepGrace: UInt64 = 2

    private struct Page {
        let books: [BookID]
        let seq: UInt64
        let epoch: UInt64
        /// Of the prices that the rows show; nil when they show none.
        let generation: UInt64?
        let body: ByteBuffer
        let digest: String
    }

    private struct Cache {
        var pages: [String: Page] = [:]
        var bytes = 0

        mutating func keep(_ page: Page, for target: String) {
            let size = target.utf8.count + page.body.readableBytes + 256
            if bytes + size > BookRoutes.mostBytes { self = Cache() }
            bytes += size
            if let old = pages.updateValue(page, forKey: target) {
                bytes -= target.utf8.count + old.body.readableBytes + 256
            }
        }
    }

    private let books: Books
    private let tokens: TokenList
    private let cursors: CursorCodec
    private let freshness: Freshness
    private let pricer: OfferPricer
    private let cache = Mutex(Cache())

    /// Pages of `books`, each row priced by `pricer`; `freshness` says when they may be behind the truth.
    public init(books: Books, tokens: TokenList, cursors: CursorCodec, freshness: Freshness, pricer: OfferPricer) {
        self.books = books
        self.tokens = tokens
        self.cursors = cursors
        self.freshness = freshness
        self.pricer = pricer
    }

    /// Pages rendered and kept at this moment.
    public var cachedPages: Int { cache.withLock { $0.pages.count } }

    /// The book that `token` (an address or symbol, percent-encoded) and `query` ask for.
    public func reply(
        token: some StringProtocol, query: some StringProtocol, ifNoneMatch: String?, coding: String?
    ) throws(Rejection) -> Reply {
        let target = "\(token)?\(query)"
        let stale = freshness.staleSeconds(earliestDeadline: books.earliestDeadline, grace: Self.sweepGrace)
        if stale == nil, let page = cache.withLock({ $0.pages[target] }), books.lastChange(of: page.books) == page.seq,
            page.epoch == books.loadedHead.epoch, page.generation.map({ $0 == pricer.generation }) ?? true
        {
            return reply(page, ifNoneMatch, coding)
        }
        let request = try parse(token: token, query: query)
        let page = render(request, staleSeconds: stale)
        guard stale == nil else { return Reply(body: page.body) }
        cache.withLock { $0.keep(page, for: target) }
        return reply(page, ifNoneMatch, coding)
    }

    private func reply(_ page: Page, _ ifNoneMatch: String?, _ coding: String?) -> Reply {
        let tag = EntityTag.make(epoch: books.loadedHead.epochText, seq: page.seq, digest: page.digest, coding: coding)
        return Reply(body: page.body).conditional(tag: tag, ifNoneMatch: ifNoneMatch)
    }

    // MARK: Reading the request

    struct Request {
        let underlying: Address
        let side: Side?
        var query: BookQuery
        let showsPricing: Bool
        /// What a cursor of this listing is bound to.
        let scope: [UInt8]
    }

    private func parse(token: some StringProtocol, query: some StringProtocol) throws(Rejection) -> Request {
        guard let name = QueryParameters.decode(token) else {
            throw QueryParameters.refusal("token", "is not percent-encoded UTF-8")
        }
        let underlying = try QueryParameters.token(name, field: "token", tokens)
        let parameters = try QueryParameters(String(query), allowed: Self.parameters)
        let side = try parameters.side()
        var asked = BookQuery()
        asked.stablecoin = try parameters.token("stablecoin", tokens)
        asked.duration = try parameters.integer("duration", in: 1...65_535)
        asked.minDuration = try parameters.integer("minDuration", in: 1...65_535)
        asked.maxDuration = try parameters.integer("maxDuration", in: 1...65_535)
        asked.minSize = try parameters.uint256("minSize")
        asked.sort = try parameters.choice("sort") ?? .premium
        asked.limit = try parameters.limit()
        if let low = asked.minDuration, let high = asked.maxDuration, low > high {
            throw QueryParameters.refusal("minDuration", "must not be above maxDuration")
        }
        let showsPricing = try parameters.showsPricing()
        let scope = Self.scope(underlying, side, asked, epoch: books.loadedHead.epoch)
        if let cursor = parameters["cursor"] {
            guard side != nil else {
                throw QueryParameters.refusal("cursor", "goes with side: each side is paged by itself")
            }
            guard let bookmark = BookQuery.Bookmark(payload: try cursors.decode(cursor, scope: scope)) else {
                throw CursorCodec.forged
            }
            asked.after = bookmark
        }
        return Request(
            underlying: underlying, side: side, query: asked, showsPricing: showsPricing, scope: scope)
    }

    private static func scope(_ underlying: Address, _ side: Side?, _ query: BookQuery, epoch: UInt64) -> [UInt8] {
        let filters = [
            query.stablecoin?.checksummed, query.duration?.description, query.minDuration?.description,
            query.maxDuration?.description, query.minSize?.decimalString,
        ].map { $0 ?? "" }
        return Array(
            "book \(epoch) \(underlying.checksummed) \(side?.rawValue ?? "both") \(query.sort.rawValue) \(filters)".utf8
        )
    }

    // MARK: Rendering

    private func render(_ request: Request, staleSeconds: Int?) -> Page {
        let sides: [Side] = request.side.map { [$0] } ?? [.call, .put]
        let shown = books.books(sides.map { BookID(underlying: request.underlying, isCall: $0 == .call) })
        let newest = shown.max { $0.seq < $1.seq }
        let now = staleSeconds == nil ? nil : freshness.now()
        let moment = request.showsPricing ? pricer.moment : nil
        var json = JSONWriter(capacity: 4_096)
        json.beginObject()
        json.key("underlying")
        json.address(request.underlying)
        json.key("symbol")
        if let token = tokens[request.underlying] { json.string(token.symbol) } else { json.null() }
        json.key("seq")
        json.integer(newest?.seq ?? 0)
        json.key("asOf")
        if let newest, newest.seq > 0 { json.timestamp(micros: newest.changedAtMicros) } else { json.null() }
        json.key("stale")
        json.bool(staleSeconds != nil)
        if let staleSeconds {
            json.key("staleSeconds")
            json.integer(staleSeconds)
        }
        for (side, book) in zip(sides, shown) {
            let page = request.query.page(of: book, now: now)
            json.key(side == .call ? "calls" : "puts")
            let scope =
                request.side == nil
                ? Self.scope(request.underlying, side, request.query, epoch: books.loadedHead.epoch) : request.scope
            write(page, days: request.query.duration, by: moment, to: &json, scope: scope)
        }
        json.endObject()
        return Page(
            books: shown.map(\.id), seq: newest?.seq ?? 0, epoch: books.loadedHead.epoch,
            generation: moment?.generation, body: ByteBuffer(bytes: json.bytes),
            digest: EntityTag.digest(of: json.bytes))
    }

    /// Writes one side's rows, priced by `moment` for `days`; nil leaves pricing out.
    private func write(
        _ page: BookQuery.Page, days: UInt16?, by moment: PricingMoment?, to json: inout JSONWriter, scope: [UInt8]
    ) {
        json.beginObject()
        json.key("rows")
        json.beginArray()
        for row in page.rows {
            json.raw { bytes in
                bytes.append(contentsOf: row.rowJSON)
                if let moment { Self.append(pricer.rowJSON(row, days: days, by: moment), to: &bytes) }
            }
        }
        json.endArray()
        json.key("nextCursor")
        if let next = page.next { json.string(cursors.encode(next.payload, scope: scope)) } else { json.null() }
        json.endObject()
    }

    private static func append(_ pricing: [UInt8], to row: inout [UInt8]) {
        row.removeLast()
        row.append(contentsOf: #","pricing":"#.utf8)
        row.append(contentsOf: pricing)
        row.append(UInt8(ascii: "}"))
    }
}
