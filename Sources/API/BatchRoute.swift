import Exchange
import Market
import StrictJSON

/// `POST /offers/batch`: one answer an item, in order.
extension OfferRoutes {
    func postBatch(_ request: APIRequest) async throws -> Reply {
        let items = try Self.items(of: request.body)
        let decision = await limits.takeClient(request.client, count: items.count)
        let admitted = decision?.allowed ?? items.count
        var drafts: [Result<Draft, Rejection>] = []
        drafts.reserveCapacity(admitted)
        for item in items.prefix(admitted) {
            switch item {
            case .failure(let error): drafts.append(.failure(Rejection(error)))
            case .success(let json):
                do throws(Rejection) {
                    drafts.append(.success(try OfferBody.read(json)))
                } catch {
                    drafts.append(.failure(error))
                }
            }
        }
        let answers = await intake.post(batch: drafts)
        var json = JSONWriter(capacity: items.count * 200 + 32)
        json.beginObject()
        json.key("results")
        json.beginArray()
        for answer in answers { write(answer, to: &json) }
        if let decision {
            let refusal = RateLimits.tooManyOffers(decision, who: "client")
            for _ in admitted..<items.count { write(.failure(refusal), to: &json) }
        }
        json.endArray()
        json.endObject()
        let reply = Reply(json: json)
        return decision.map { Self.limited(reply, $0) } ?? reply
    }

    private static func items(of body: [UInt8]) throws(Rejection) -> [Result<JSONValue, JSONError>] {
        let read: [Result<JSONValue, JSONError>]?
        do throws(JSONError) {
            read = try JSONValue.parseItems(of: "offers", in: body)
        } catch {
            throw Rejection(error)
        }
        guard let items = read else {
            throw Rejection(
                .malformed, code: "invalid_body", field: "offers",
                detail: "The body must be {\"offers\": [{\"offer\": …, \"signature\": …}, …]} and nothing else.")
        }
        guard !items.isEmpty, items.count <= largestBatch else {
            throw Rejection(
                .malformed, code: "batch_size", field: "offers",
                detail: "A batch holds 1 to \(largestBatch) offers; this one has \(items.count).")
        }
        return items
    }

    private func write(_ answer: Result<WriteResult, Rejection>, to json: inout JSONWriter) {
        switch answer {
        case .success(.created(let offer)): write(offer, status: 201, to: &json)
        case .success(.existed(let offer)): write(offer, status: 200, to: &json)
        case .success(.rejected(let rejection)), .failure(let rejection):
            write(
                status: rejection.kind.httpStatus, code: rejection.code, detail: rejection.detail,
                field: rejection.field, to: &json)
        case .success(.failed(let failure)):
            let (code, detail) = Problem.text(failure)
            write(status: 503, code: code, detail: detail, field: nil, to: &json)
        case .success(.cancelled), .success(.expired), .success(.followed), .success(.funded): break
        }
    }

    private func write(_ offer: OfferState, status: Int, to json: inout JSONWriter) {
        json.beginObject()
        json.key("status")
        json.integer(status)
        json.key("offerHash")
        json.hash(offer.offerHash)
        json.key("seq")
        json.integer(offer.seq)
        json.key("offerStatus")
        json.string(offer.status(now: now()).rawValue)
        json.endObject()
    }

    private func write(status: Int, code: String, detail: String, field: String?, to json: inout JSONWriter) {
        json.beginObject()
        json.key("status")
        json.integer(status)
        json.key("code")
        json.string(code)
        json.key("detail")
        json.string(detail)
        if let field {
            json.key("field")
            json.string(field)
        }
        json.endObject()
    }
}
