import Ethereum
public import Exchange
import Market
import NIOCore
import StrictJSON

/// `/options` and `/positions`
public struct OptionRoutes: Sendable {
    private let store: any OptionStore
    private let board: PriceBoard
    private let tokens: TokenList
    private let cursors: CursorCodec
    private let books: Books
    private let cache: (any PositionCache)?
    private let nowMillis: @Sendable () -> Int64

    /// Routes over stored options, marked by the prices on `board`; what was marked at the log's and the market's present
    /// moment by whichever process comes from `cache`.
    public init(
        store: any OptionStore, board: PriceBoard, tokens: TokenList, cursors: CursorCodec, books: Books,
        cache: (any PositionCache)?, nowMillis: @escaping @Sendable () -> Int64
    ) {
        self.books = books
        self.cache = cache
        self.store = store
        self.board = board
        self.tokens = tokens
        self.cursors = cursors
        self.nowMillis = nowMillis
    }

    /// `GET /options/{tokenId}`
    func get(_ request: APIRequest) async throws -> Reply {
        _ = try QueryParameters(request.query, allowed: [])
        guard let tokenId = UInt256(decimal: Array(request.parameter("tokenId").utf8)) else {
            throw QueryParameters.refusal("tokenId", "must be a decimal uint256")
        }
        guard let option = try await store.option(tokenId) else {
            throw Rejection(
                .notFound, code: "option_not_found", field: "tokenId", detail: "No option \(tokenId) was taken yet.")
        }
        if option.status == .reverted {
            throw Rejection(
                .notFound, code: "option_reverted", field: "tokenId",
                detail: "The take of option \(tokenId) was undone by a reorg of the chain.")
        }
        return .json { json in
            json.beginObject()
            OptionJSON.encodeFields(option, mark: mark(option), to: &json)
            json.endObject()
        }
    }

    /// `GET /options`
    func list(_ request: APIRequest) async throws -> Reply {
        let parameters = try QueryParameters(
            request.query,
            allowed: ["holder", "writer", "underlying", "settled", "expiringBefore", "limit", "cursor"])
        var filter = OptionFilter()
        filter.holder = try parameters.address("holder")
        filter.writer = try parameters.address("writer")
        filter.underlying = try parameters.token("underlying", tokens)
        filter.settled = try Self.flag("settled", parameters)
        filter.expiringBefore = try Self.moment("expiringBefore", parameters)
        return try await page("options", filter, parameters) { option, json in
            json.beginObject()
            OptionJSON.encodeFields(option, mark: mark(option), to: &json)
            json.endObject()
        }
    }

    /// `GET /positions/{address}`: what the address wrote and what it holds; an option that is both comes twice.
    func positions(_ request: APIRequest) async throws -> Reply {
        let parameters = try QueryParameters(
            request.query, allowed: ["underlying", "settled", "expiringBefore", "limit", "cursor"])
        let address = try QueryParameters.address(request.parameter("address"), field: "address")
        // The address's plain page alone is shared; what narrows it is asked of the database.
        let isPlain = request.query.isEmpty
        let moment = PositionMoment(books, board)
        if isPlain, let cache, let page = await cache.page(of: address, at: moment) {
            return Reply(body: ByteBuffer(bytes: page))
        }
        var filter = OptionFilter()
        filter.party = address
        filter.underlying = try parameters.token("underlying", tokens)
        filter.settled = try Self.flag("settled", parameters)
        filter.expiringBefore = try Self.moment("expiringBefore", parameters)
        let reply = try await page("positions", filter, parameters) { option, json in
            let mark = mark(option)
            for asWriter in [true, false] {
                guard asWriter ? option.terms?.writer == address : option.holder == address else { continue }
                json.beginObject()
                OptionJSON.encodeFields(option, mark: mark, to: &json)
                json.key("role")
                json.string(asWriter ? "writer" : "holder")
                json.key("profitAndLoss")
                if let gain = OptionJSON.profitAndLoss(option, mark: mark, asWriter: asWriter) {
                    json.string(gain)
                } else {
                    json.null()
                }
                json.endObject()
            }
        }
        // A change or a tick in between: the page is good, but of no one moment.
        if isPlain, PositionMoment(books, board) == moment {
            await cache?.keep(Array(reply.body.readableBytesView), of: address, at: moment)
        }
        return reply
    }

    private func mark(_ option: OptionState) -> OptionMark? {
        OptionMark(option, board: board, tokens: tokens, nowMillis: nowMillis())
    }

    private func page(
        _ name: StaticString, _ filter: OptionFilter, _ parameters: QueryParameters,
        _ write: (OptionState, inout JSONWriter) -> Void
    ) async throws -> Reply {
        let scope = Array("\(name) \(filter.scope)".utf8)
        var after: UInt256?
        if let cursor = parameters["cursor"] {
            guard let word = Bytes32(bytes: try cursors.decode(cursor, scope: scope)) else { throw CursorCodec.forged }
            after = UInt256(word)
        }
        let listing = try await store.options(matching: filter, after: after, limit: try parameters.limit())
        var json = JSONWriter(capacity: 1_024)
        json.beginObject()
        json.key(name)
        json.beginArray()
        for option in listing.options { write(option, &json) }
        json.endArray()
        json.key("nextCursor")
        if let next = listing.nextToken {
            json.string(cursors.encode(next.bigEndian.array, scope: scope))
        } else {
            json.null()
        }
        json.key("seq")
        json.integer(listing.headSeq)
        json.endObject()
        return Reply(json: json)
    }

    private static func flag(_ name: String, _ parameters: QueryParameters) throws(Rejection) -> Bool? {
        switch parameters[name] {
        case nil: return nil
        case "true"?: return true
        case "false"?: return false
        default: throw QueryParameters.refusal(name, "must be true or false")
        }
    }

    /// Unix seconds, from a number or an RFC 3339 time.
    private static func moment(_ name: String, _ parameters: QueryParameters) throws(Rejection) -> UInt64? {
        guard let text = parameters[name] else { return nil }
        if let seconds = UInt256(decimal: Array(text.utf8))?.asUInt64, seconds <= 253_402_300_799 { return seconds }
        guard let micros = Timestamp.micros(of: text), micros >= 0 else {
            throw QueryParameters.refusal(name, "must be a time like 2026-01-02T03:04:05Z, or unix seconds")
        }
        return UInt64(micros / 1_000_000)
    }
}

extension OptionFilter {
    /// One text for one filter, so that a cursor serves no other.
    fileprivate var scope: String {
        [
            holder?.checksummed, writer?.checksummed, party?.checksummed, underlying?.checksummed,
            settled.map { "\($0)" }, expiringBefore.map { "\($0)" },
        ].map { $0 ?? "-" }.joined(separator: " ")
    }
}
