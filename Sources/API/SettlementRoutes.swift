import Ethereum
public import Exchange
import Market
import StrictJSON

/// `/settlement/…` and `/settlements`
public struct SettlementRoutes: Sendable {
    private static let listParameters: Set<String> = ["status", "holder", "limit", "cursor"]

    private let desk: SettlementDesk
    private let books: Books
    private let cursors: CursorCodec

    /// Routes over one desk.
    public init(desk: SettlementDesk, books: Books, cursors: CursorCodec) {
        self.desk = desk
        self.books = books
        self.cursors = cursors
    }

    /// `POST /settlement/initiate`
    func initiate(_ request: APIRequest) async throws -> Reply {
        let (tokenId, wish) = try SettlementBody.initiate(request.body)
        switch try await desk.initiate(tokenId, wish) {
        case .created(let proposal): return reply(proposal, status: 201)
        case .stood(let proposal): return reply(proposal, status: 200)
        case .direct(let payout, let refusal):
            return Problem.reply(refusal, requestID: request.requestID) { json in
                json.key("payout")
                SettlementJSON.encode(payout, to: &json)
            }
        }
    }

    private func reply(_ proposal: SettlementProposal, status: Int) -> Reply {
        .json(status: status) { SettlementJSON.encodeProposal(proposal, desk.rules.deployment, to: &$0) }
    }

    /// `POST /settlement/approve`
    func approve(_ request: APIRequest) async throws -> Reply {
        let (tokenId, consent, signature) = try SettlementBody.approve(request.body)
        let stored = try await desk.approve(tokenId, consent, signature: signature)
        return .json { SettlementJSON.encode(stored, to: &$0) }
    }

    /// `POST /settlement/submit`: 200 once CoW has confirmed the order, 202 while it is being sent.
    func submit(_ request: APIRequest) async throws -> Reply {
        let stored = try await desk.submit(try SettlementBody.submit(request.body))
        return .json(status: stored.settlement.isSubmitting ? 202 : 200) { SettlementJSON.encode(stored, to: &$0) }
    }

    /// `GET /settlement/{tokenId}`
    func get(_ request: APIRequest) async throws -> Reply {
        _ = try QueryParameters(request.query, allowed: [])
        guard let tokenId = UInt256(decimal: Array(request.parameter("tokenId").utf8)) else {
            throw QueryParameters.refusal("tokenId", "must be an option's number: a decimal uint256")
        }
        guard let stored = try await desk.store.facts(tokenId).stored else {
            throw Rejection(
                .notFound, code: "settlement_not_found", field: "tokenId",
                detail: "No settlement of option \(tokenId) was initiated here.")
        }
        return .json { SettlementJSON.encode(stored, to: &$0) }
    }

    /// `GET /settlements`
    func list(_ request: APIRequest) async throws -> Reply {
        let parameters = try QueryParameters(request.query, allowed: Self.listParameters)
        var filter = SettlementFilter()
        filter.status = try parameters.choice("status")
        filter.holder = try parameters.address("holder")
        let epoch = books.loadedHead.epochText
        let scope = Array(
            "settlements \(epoch) \(filter.status?.rawValue ?? "") \(filter.holder?.checksummed ?? "")".utf8)
        var after: UInt256?
        if let cursor = parameters["cursor"] {
            guard let word = Bytes32(bytes: try cursors.decode(cursor, scope: scope)) else { throw CursorCodec.forged }
            after = UInt256(word)
        }
        let listing = try await desk.store.settlements(
            matching: filter, after: after, limit: try parameters.limit())
        var json = JSONWriter(capacity: 1_024)
        json.beginObject()
        json.key("settlements")
        json.beginArray()
        for stored in listing.settlements { SettlementJSON.encode(stored, to: &json) }
        json.endArray()
        json.key("nextCursor")
        if let next = listing.next {
            json.string(cursors.encode(next.bigEndian.array, scope: scope))
        } else {
            json.null()
        }
        json.key("seq")
        json.integer(listing.headSeq)
        json.key("asOf")
        json.timestamp(micros: listing.headAtMicros)
        json.endObject()
        let tag = EntityTag.make(
            epoch: epoch, seq: listing.headSeq, digest: EntityTag.digest(of: json.bytes), coding: request.coding)
        return Reply(json: json).conditional(tag: tag, ifNoneMatch: request.ifNoneMatch)
    }
}
