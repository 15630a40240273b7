import Ethereum
public import Exchange
import Market
import StrictJSON

/// `/contracts`: Lucky Ladders and Momentum Catchers, as over the WebSocket.
public struct ContractRoutes: Sendable {
    private static let parameters: Set<String> = ["limit", "cursor"]
    private static let scope = Array("contracts/active".utf8)

    private let products: ProductService
    private let cursors: CursorCodec
    private let operators: OperatorGuard

    /// Routes over the products of this process.
    public init(products: ProductService, cursors: CursorCodec, operators: OperatorGuard) {
        self.products = products
        self.cursors = cursors
        self.operators = operators
    }

    func submit(_ request: APIRequest) async throws -> Reply {
        let submission = try Self.object(request.body)
        let submitter = Submitter(client: request.client, owner: nil)
        let accepted = try await Self.answer { products.submit(submission, by: submitter, answer: $0) }
        var json = JSONWriter(capacity: accepted.json.count)
        json.raw(accepted.json)
        return Reply(
            status: 201, headers: [("Location", "/contracts/\(accepted.contractID)/state")], json: json)
    }

    func state(_ request: APIRequest) async throws -> Reply {
        let id = request.parameter("id")
        return Self.reply(try await Self.answer { products.query(id, answer: $0) })
    }

    func active(_ request: APIRequest) async throws -> Reply {
        let parameters = try QueryParameters(request.query, allowed: Self.parameters)
        let limit = try parameters.limit()
        var active = products.active[...]
        if let cursor = parameters["cursor"] {
            let payload = try cursors.decode(cursor, scope: Self.scope)
            let start = Int64(bitPattern: UInt64(bigEndianBytes: payload.prefix(8)))
            let id = String(decoding: payload.dropFirst(8), as: UTF8.self)
            active = active.drop { ($0.startMillis, $0.id) <= (start, id) }
        }
        let page = active.prefix(limit)
        return .json { json in
            json.beginObject()
            json.key("contracts")
            json.beginArray()
            for product in page { ProductJSON.writeState(product, isLogged: false, to: &json) }
            json.endArray()
            json.key("nextCursor")
            if let last = page.last, active.count > page.count {
                let start = withUnsafeBytes(of: UInt64(bitPattern: last.startMillis).bigEndian, Array.init)
                json.string(cursors.encode(start + last.id.utf8, scope: Self.scope))
            } else {
                json.null()
            }
            json.endObject()
        }
    }

    func updatePrice(_ request: APIRequest) async throws -> Reply {
        try operators.admit(request)
        let price = try PriceBody.read(request.body)
        let id = request.parameter("id")
        return Self.reply(try await Self.answer { products.observe(id, priceE8: price, answer: $0) })
    }

    /// Without a log-in nobody owns anything: the operator's.
    func cancel(_ request: APIRequest) async throws -> Reply {
        try operators.admit(request)
        let id = request.parameter("id")
        return Self.reply(try await Self.answer { products.cancel(id, by: .operator, answer: $0) })
    }

    private static func object(_ body: [UInt8]) throws(Rejection) -> JSONObject {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(body)
        } catch {
            throw Rejection(error)
        }
        guard let object = value.object else {
            throw Rejection(.malformed, code: "invalid_body", detail: "The body must be a JSON object.")
        }
        return object
    }

    private static func answer<Value: Sendable>(
        _ ask: (@escaping @Sendable (Result<Value, Rejection>) -> Void) -> Void
    ) async throws(Rejection) -> Value {
        try await withCheckedContinuation { continuation in
            ask { continuation.resume(returning: $0) }
        }.get()
    }

    private static func reply(_ state: ContractState) -> Reply {
        var json = JSONWriter()
        json.raw(state.json)
        return Reply(json: json)
    }
}
