public import Exchange
import Market
import StrictJSON

/// `POST /price`: a batch of requests to the pricer.
public struct PriceRoute: Sendable {
    /// The most requests of a batch.
    private static let largestBatch = 100
    /// How long a batch may be worked on; what has begun is ended.
    private static let longestWork = Duration.seconds(2)

    private let batch: PriceBatch
    private let worker: PriceWorker

    /// A route that prices by `batch` on `worker`'s thread.
    public init(batch: PriceBatch, worker: PriceWorker) {
        self.batch = batch
        self.worker = worker
    }

    func post(_ request: APIRequest) async throws -> Reply {
        let requests = try Self.requests(of: request.body)
        for request in requests where batch.exceedsWork(request) {
            throw Self.tooMuchWork(
                field: "paths", "A request may simulate \(Int(batch.largestWork)) steps (paths × steps).")
        }
        let unhurried = batch
        return try await worker.perform {
            let end = ContinuousClock.now + Self.longestWork
            var batch = unhurried
            batch.shouldStop = { ContinuousClock.now > end }
            var json = JSONWriter(capacity: requests.count * 256 + 32)
            json.beginObject()
            json.key("results")
            json.beginArray()
            for request in requests {
                batch.answer(request, to: &json)
                guard ContinuousClock.now < end else {
                    throw Self.tooMuchWork(
                        field: "requests", "This batch took more than 2 seconds; send fewer requests or fewer paths.")
                }
            }
            json.endArray()
            json.endObject()
            return Reply(json: json)
        }
    }

    private static func requests(of body: [UInt8]) throws(Rejection) -> [JSONValue] {
        let json: JSONValue
        do throws(JSONError) {
            json = try JSONValue.parse(body)
        } catch {
            throw Rejection(error)
        }
        guard let object = json.object, object.firstKey(notIn: ["requests"]) == nil,
            let requests = object["requests"]?.array
        else {
            throw Rejection(
                .malformed, code: "invalid_body", field: "requests",
                detail: "The body must be {\"requests\": [{\"id\": 1, \"kind\": \"european\", …}, …]} and nothing else."
            )
        }
        guard requests.count <= largestBatch else {
            throw tooMuchWork(
                field: "requests", "A batch holds at most \(largestBatch) requests; this one has \(requests.count).")
        }
        return requests
    }

    private static func tooMuchWork(field: String, _ detail: String) -> Rejection {
        Rejection(.malformed, code: "too_much_work", field: field, detail: detail)
    }
}
