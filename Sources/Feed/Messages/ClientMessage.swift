import Market
import StrictJSON

/// What a client says, read strictly: one JSON object, known fields, `type` among them.
struct ClientMessage {
    enum Request {
        case subscribe(channel: String, from: Resume?)
        case unsubscribe(channel: String)
        case submitContract(JSONObject)
        case queryContract(id: String)
        case ping
    }

    /// Where a client that was here before stopped.
    struct Resume: Equatable {
        /// The last seq that it applied.
        let seq: UInt64
        /// The epoch it was of, 16 hex digits; nil when the client does not say.
        let epoch: String?
    }

    /// Characters of the longest request id.
    private static let longestID = 128

    let request: Request

    /// Reads a message; the request id is known as soon as it was found, so that an error can carry it.
    /// - Throws: a rejection that names the field.
    init(_ bytes: [UInt8], requestID: inout String?) throws(Rejection) {
        let object = try Self.object(bytes)
        if let value = object["requestId"] {
            guard let id = value.string, id.count <= Self.longestID else {
                throw Self.refusal("requestId", "must be a string of at most \(Self.longestID) bytes")
            }
            requestID = String(decoding: id, as: UTF8.self)
        }
        switch try Self.text("type", in: object) {
        case "subscribe":
            try Self.allow(["type", "channel", "fromSeq", "epoch", "requestId"], in: object)
            request = .subscribe(channel: try Self.text("channel", in: object), from: try Self.resume(object))
        case "unsubscribe":
            try Self.allow(["type", "channel", "requestId"], in: object)
            request = .unsubscribe(channel: try Self.text("channel", in: object))
        case "submitContract": request = .submitContract(object)
        case "queryContract":
            try Self.allow(["type", "contractId", "requestId"], in: object)
            request = .queryContract(id: try Self.text("contractId", in: object))
        case "ping":
            try Self.allow(["type", "requestId"], in: object)
            request = .ping
        default:
            throw Self.refusal("type", "must be subscribe, unsubscribe, submitContract, queryContract or ping")
        }
    }

    private static func object(_ bytes: [UInt8]) throws(Rejection) -> JSONObject {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(bytes, maxDepth: 4, maxValues: 1_024)
        } catch {
            throw Rejection(
                .malformed, code: error.reason == .duplicateKey ? "duplicate_field" : "invalid_json", field: nil,
                detail: "The message cannot be read: \(error.detail).")
        }
        guard let object = value.object else {
            throw Rejection(
                .malformed, code: "invalid_message", field: nil, detail: "A message must be one JSON object.")
        }
        return object
    }

    private static func resume(_ object: JSONObject) throws(Rejection) -> Resume? {
        var epoch: String?
        if object["epoch"] != nil { epoch = try text("epoch", in: object) }
        guard let value = object["fromSeq"] else {
            guard epoch == nil else { throw refusal("epoch", "goes with fromSeq") }
            return nil
        }
        guard let number = value.number, number.allSatisfy({ (48...57).contains($0) }),
            let seq = UInt64(String(decoding: number, as: UTF8.self))
        else { throw refusal("fromSeq", "must be the seq of the last change you have, a whole number") }
        return Resume(seq: seq, epoch: epoch)
    }

    private static func text(_ name: StaticString, in object: JSONObject) throws(Rejection) -> String {
        guard let value = object[name] else { throw refusal("\(name)", "is missing") }
        guard let bytes = value.string else { throw refusal("\(name)", "must be a string") }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func allow(_ names: [StaticString], in object: JSONObject) throws(Rejection) {
        guard let key = object.firstKey(notIn: names) else { return }
        throw refusal(String(decoding: key.prefix(64), as: UTF8.self), "is not known here")
    }

    private static func refusal(_ field: String, _ what: String) -> Rejection {
        Rejection(.malformed, code: "invalid_message", field: field, detail: "The field \"\(field)\" \(what).")
    }
}
