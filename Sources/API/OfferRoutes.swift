import Ethereum
public import Exchange
import Market
import StrictJSON

/// Posting and reading offers.
public struct OfferRoutes: Sendable {
    /// Offers in one batch.
    static let largestBatch = 500
    private static let listParameters: Set<String> = [
        "writer", "underlying", "stablecoin", "side", "status", "minDuration", "maxDuration", "createdAfter", "hashes",
        "limit", "cursor",
    ]

    let intake: OfferIntake
    let log: any OfferLog
    private let books: Books
    private let tokens: TokenList
    private let cursors: CursorCodec
    let limits: RateLimits
    private let tailFill: Bool
    private let pricer: OfferPricer
    private let watch: WalletWatch?
    private let funds: FundsWatch?
    let now: @Sendable () -> UInt64

    /// Routes over one intake and one log.
    public init(
        intake: OfferIntake, log: any OfferLog, books: Books, tokens: TokenList, cursors: CursorCodec,
        limits: RateLimits, tailFill: Bool, pricer: OfferPricer, watch: WalletWatch?,
        funds: FundsWatch?, now: @escaping @Sendable () -> UInt64
    ) {
        self.intake = intake
        self.log = log
        self.books = books
        self.tokens = tokens
        self.cursors = cursors
        self.limits = limits
        self.tailFill = tailFill
        self.pricer = pricer
        self.watch = watch
        self.funds = funds
        self.now = now
    }

    /// `POST /offers`
    func post(_ request: APIRequest) async throws -> Reply {
        let decision = await limits.takeClient(request.client, count: 1)
        if let decision, decision.allowed == 0 {
            return Self.limited(
                Problem.reply(RateLimits.tooManyOffers(decision, who: "client"), requestID: request.requestID), decision
            )
        }
        let reply: Reply
        do {
            reply = receipt(try await intake.post(try Draft.parse(request.body)), requestID: request.requestID)
        } catch {
            reply = Problem.reply(error, requestID: request.requestID)
        }
        return decision.map { Self.limited(reply, $0) } ?? reply
    }

    /// The answer to one posted offer.
    func receipt(_ result: WriteResult, requestID: String) -> Reply {
        switch result {
        case .created(let offer): .json(status: 201) { OfferJSON.encodeReceipt(offer, now: now(), to: &$0) }
        case .existed(let offer): .json(status: 200) { OfferJSON.encodeReceipt(offer, now: now(), to: &$0) }
        case .rejected(let rejection): Problem.reply(rejection, requestID: requestID)
        case .failed(let failure): Problem.reply(failure, requestID: requestID)
        case .cancelled, .expired, .followed, .funded: Problem.reply(WriteFailure.notStored, requestID: requestID)
        }
    }

    static func limited(_ reply: Reply, _ decision: RateDecision) -> Reply {
        var reply = reply
        reply.headers.append(("RateLimit-Limit", String(decision.limit)))
        reply.headers.append(("RateLimit-Remaining", String(decision.remaining)))
        reply.headers.append(("RateLimit-Reset", String(decision.resetSeconds)))
        if reply.status == 429 { reply.headers.append(("Retry-After", String(decision.resetSeconds))) }
        return reply
    }

    /// `GET /offers/{hash}`
    func get(_ request: APIRequest) async throws -> Reply {
        let showsPricing = try QueryParameters(request.query, allowed: ["pricing"]).showsPricing()
        let offer = try await find(request.parameter("hash"))
        return .json { json in
            json.beginObject()
            OfferJSON.encodeFields(offer, now: now(), to: &json)
            if showsPricing {
                json.key("pricing")
                pricer.write(offer.offer, to: &json)
            }
            json.endObject()
        }
    }

    /// `GET /offers/{hash}/explain`
    func explain(_ request: APIRequest) async throws -> Reply {
        let parameters = try QueryParameters(request.query, allowed: ["duration", "amount"])
        let duration: UInt16? = try parameters.integer("duration", in: 1...65_535)
        let amount = try parameters.uint256("amount")
        let offer = try await find(request.parameter("hash"))
        let explanation = Explanation(
            offer, now: now(), wish: .init(duration: duration, amount: amount), tailFill: tailFill,
            signature: await watch?.standing(of: offer.signed).rule, funds: await funds?.found(of: offer))
        return .json { json in
            json.beginObject()
            json.key("offerHash")
            json.hash(offer.offerHash)
            json.key("takeable")
            json.bool(explanation.takeable)
            json.key("rules")
            json.beginArray()
            for rule in explanation.rules {
                json.beginObject()
                json.key("rule")
                json.string(rule.rule)
                json.key("pass")
                json.bool(rule.pass)
                json.key("detail")
                json.string(rule.detail)
                json.endObject()
            }
            json.endArray()
            json.key("seq")
            json.integer(books.appliedSeq)
            json.endObject()
        }
    }

    private func find(_ text: String) async throws -> OfferState {
        let hash = try Self.hash(text, field: "hash")
        if let entry = books.entry(hash) { return entry.state }
        guard let offer = try await log.offer(named: hash) else {
            throw Rejection(
                .notFound, code: "offer_not_found", field: "hash",
                detail: "No offer with this offerHash, structHash or encodedHash was posted here.")
        }
        return offer
    }

    static func hash(_ text: String, field: String) throws(Rejection) -> Bytes32 {
        guard let hash = Bytes32(hexBytes: Array(text.utf8)) else {
            throw QueryParameters.refusal(field, "must be 0x and 64 hex digits")
        }
        return hash
    }

    /// `GET /offers`
    func list(_ request: APIRequest) async throws -> Reply {
        let parameters = try QueryParameters(request.query, allowed: Self.listParameters)
        let filter = try filter(parameters)
        let scope = Array("offers \(books.loadedHead.epochText) \(filter.scope)".utf8)
        var after: UInt64 = 0
        if let cursor = parameters["cursor"] {
            let payload = try cursors.decode(cursor, scope: scope)
            guard payload.count == 8 else { throw CursorCodec.forged }
            after = UInt64(bigEndianBytes: payload[...])
        }
        let listing = try await log.offers(matching: filter, after: after, limit: try parameters.limit())
        var json = JSONWriter(capacity: 1_024)
        json.beginObject()
        json.key("offers")
        json.beginArray()
        let now = now()
        for offer in listing.offers { OfferJSON.encode(offer, now: now, to: &json) }
        json.endArray()
        json.key("nextCursor")
        if let next = listing.nextSeq {
            json.string(cursors.encode(withUnsafeBytes(of: next.bigEndian, Array.init), scope: scope))
        } else {
            json.null()
        }
        json.key("seq")
        json.integer(listing.headSeq)
        json.key("asOf")
        json.timestamp(micros: listing.headAtMicros)
        json.endObject()
        let tag = EntityTag.make(
            epoch: books.loadedHead.epochText, seq: listing.headSeq, digest: EntityTag.digest(of: json.bytes),
            coding: request.coding)
        return Reply(json: json).conditional(tag: tag, ifNoneMatch: request.ifNoneMatch)
    }

    private func filter(_ parameters: QueryParameters) throws(Rejection) -> OfferFilter {
        var filter = OfferFilter()
        filter.writer = try parameters.address("writer")
        filter.underlying = try parameters.token("underlying", tokens)
        filter.stablecoin = try parameters.token("stablecoin", tokens)
        filter.isCall = try parameters.side().map { $0 == .call }
        filter.status = try parameters.choice("status")
        filter.minDuration = try parameters.integer("minDuration", in: 1...65_535)
        filter.maxDuration = try parameters.integer("maxDuration", in: 1...65_535)
        filter.createdAfterMicros = try parameters.moment("createdAfter")
        if let text = parameters["hashes"] {
            let names = text.split(separator: ",", omittingEmptySubsequences: false)
            guard names.count <= 500 else { throw QueryParameters.refusal("hashes", "names more than 500 offers") }
            var hashes: [Bytes32] = []
            for name in names { hashes.append(try Self.hash(String(name), field: "hashes")) }
            filter.hashes = hashes
        }
        return filter
    }
}

extension OfferFilter {
    /// What a cursor of this listing is bound to.
    fileprivate var scope: String {
        let hashes = hashes.map { $0.map(\.hex).joined(separator: ",") } ?? ""
        let parts: [String?] = [
            writer?.checksummed, underlying?.checksummed, stablecoin?.checksummed, isCall?.description,
            status?.rawValue, minDuration?.description, maxDuration?.description, createdAfterMicros?.description,
        ]
        return parts.map { $0 ?? "" }.joined(separator: "|") + "|" + hashes
    }
}
