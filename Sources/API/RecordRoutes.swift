public import Exchange
import Market
import StrictJSON

/// `/contract` and `/clean`: the products' record store, the operator's alone, in the store's own words.
public struct RecordRoutes: Sendable {
    /// Records of one reply at most.
    private static let largestList = 10_000

    private let records: any RecordStore
    private let operators: OperatorGuard

    /// Routes over the store.
    public init(records: any RecordStore, operators: OperatorGuard) {
        self.records = records
        self.operators = operators
    }

    func put(_ request: APIRequest) async throws -> Reply {
        try operators.admit(request)
        let (record, isNew) = try await records.put(try ContractRecord.parse(request.body))
        return .json(status: isNew ? 201 : 200) { Self.write(record, to: &$0) }
    }

    /// One record, or all of them: a list, never null. Beyond 10,000 a `Link` header says where the list goes on.
    func get(_ request: APIRequest) async throws -> Reply {
        try operators.admit(request)
        let parameters = try QueryParameters(request.query, allowed: ["id", "after", "limit"])
        if let id = parameters["id"] {
            guard let record = try await records.record(id) else { throw Self.unknown }
            return .json { Self.write(record, to: &$0) }
        }
        let limit = try parameters.integer("limit", in: 1...Self.largestList) ?? Self.largestList
        let list = try await records.records(after: parameters["after"], limit: limit)
        var reply = Reply.json { json in
            json.beginArray()
            for record in list { Self.write(record, to: &json) }
            json.endArray()
        }
        if list.count == limit, let last = list.last {
            reply.headers.append(
                ("Link", "</contract?limit=\(limit)&after=\(QueryParameters.encode(last.id))>; rel=\"next\""))
        }
        return reply
    }

    func delete(_ request: APIRequest) async throws -> Reply {
        try operators.admit(request)
        let parameters = try QueryParameters(request.query, allowed: ["id"])
        guard let id = parameters["id"] else { throw QueryParameters.refusal("id", "must name the record to delete") }
        guard try await records.delete(id) else { throw Self.unknown }
        return .json { json in
            json.beginObject()
            json.key("deleted")
            json.string(id)
            json.endObject()
        }
    }

    func clean(_ request: APIRequest) async throws -> Reply {
        try operators.admit(request)
        try ContractRecord.confirmCleaning(request.body)
        let count = try await records.clean()
        return .json { json in
            json.beginObject()
            json.key("deleted")
            json.integer(count)
            json.endObject()
        }
    }

    private static let unknown = Rejection(
        .notFound, code: "unknown_contract", field: "id", detail: "There is no record with this id.")

    private static func write(_ record: ContractRecord, to json: inout JSONWriter) {
        json.beginObject()
        json.key("id")
        json.string(record.id)
        json.key("type")
        json.string(record.type)
        json.key("parameters")
        json.raw(record.parameters)
        json.key("created_at")
        if let millis = record.createdAtMillis { json.integer(millis) } else { json.null() }
        json.key("is_active")
        json.bool(record.isActive)
        json.key("duration")
        json.integer(record.durationMillis)
        json.endObject()
    }
}

extension QueryParameters {
    /// Percent-encodes everything but unreserved characters (RFC 3986 §2.3).
    static func encode(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
