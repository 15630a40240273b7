import Exchange
import Market
import StrictJSON

/// Posts signed offers: one by one route, more in batches.
struct OfferPoster {
    /// Offers of one batch.
    static let batch = 100
    /// Tries of an item that a batch answered with 503.
    private static let attempts = 4

    /// What became of one offer.
    struct Outcome {
        /// As of a single post: 201 new, 200 already there, otherwise refused.
        let status: Int
        /// The receipt or the refusal, as the service wrote it.
        let json: JSONValue

        var isAccepted: Bool { status == 200 || status == 201 }

        /// The refusal as a sentence.
        var refusal: String {
            Refusal(
                json, code: json["code"]?.text ?? "\(status)",
                detail: json["detail"]?.text ?? "the service answered with status \(status)"
            ).text
        }
    }

    let client: ServiceClient

    /// Posts one offer.
    /// - Throws: the refusal.
    func post(_ draft: Draft) async throws -> Outcome {
        var body = JSONWriter(capacity: 1_024)
        body.draft(draft)
        let answer = try await client.post("/offers", body.bytes)
        return Outcome(status: answer.status, json: try answer.json())
    }

    /// Posts at most `batch` offers and answers each, in order. What the service could not store is sent again.
    func post(batch drafts: [Draft]) async throws -> [Outcome] {
        var outcomes = [Outcome?](repeating: nil, count: drafts.count)
        var open = Array(drafts.indices)
        for attempt in 1...Self.attempts where !open.isEmpty {
            if attempt > 1 { try await Task.sleep(for: .milliseconds(250 << attempt)) }
            let results = try await results(of: open.map { drafts[$0] })
            for (place, result) in zip(open, results) {
                outcomes[place] = Outcome(status: Int(clamping: result["status"]?.uint64 ?? 0), json: result)
            }
            open = open.filter { outcomes[$0]?.status == 503 }
        }
        return outcomes.compactMap { $0 }
    }

    private func results(of drafts: [Draft]) async throws -> [JSONValue] {
        var body = JSONWriter(capacity: drafts.count * 800 + 32)
        body.beginObject()
        body.key("offers")
        body.beginArray()
        for draft in drafts { body.draft(draft) }
        body.endArray()
        body.endObject()
        let json = try await client.post("/offers/batch", body.bytes).json()
        guard let results = json["results"]?.array, results.count == drafts.count else {
            throw CommandFailure(
                .failure, "\(client.url) answered a batch of \(drafts.count) with another number of results")
        }
        return results
    }
}

extension JSONWriter {
    /// The body of a post.
    mutating func draft(_ draft: Draft) {
        beginObject()
        key("offer")
        beginObject()
        offerFields(draft.offer)
        endObject()
        key("signature")
        bytes(draft.signature)
        endObject()
    }
}
