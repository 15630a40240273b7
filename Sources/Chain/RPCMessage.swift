import StrictJSON

/// JSON-RPC 2.0 on the wire: requests with ids from 0, and answers in whatever order.
enum RPCMessage {
    /// A batch was answered by one error.
    struct BatchRefused: Error {}

    /// Characters of a node's words that are kept.
    private static let longestMessage = 300

    /// The body of a request: one object for one call, else an array.
    static func request(_ calls: [RPCCall]) -> [UInt8] {
        var json = JSONWriter(capacity: calls.reduce(64) { $0 + $1.parameters.count + 96 })
        if calls.count != 1 { json.beginArray() }
        for (id, call) in calls.enumerated() {
            json.beginObject()
            json.key("jsonrpc")
            json.string("2.0")
            json.key("id")
            json.integer(id)
            json.key("method")
            json.string(call.method)
            json.key("params")
            json.raw(call.parameters)
            json.endObject()
        }
        if calls.count != 1 { json.endArray() }
        return json.bytes
    }

    /// One result a call, by their ids.
    static func results(
        _ json: JSONValue, count: Int
    ) throws(BatchRefused) -> Result<[Result<JSONValue, RPCError>], NodeFailure> {
        let answers: [JSONValue]
        if let array = json.array {
            answers = array
        } else if count == 1 || json.object == nil {
            answers = [json]
        } else {
            throw BatchRefused()
        }
        var results = [Result<JSONValue, RPCError>?](repeating: nil, count: count)
        for answer in answers {
            guard let object = answer.object else { return .failure(.garbled("an answer is no object")) }
            guard let id = id(object["id"], count: count) else {
                return .failure(.garbled("an answer has no known id"))
            }
            guard results[id] == nil else { return .failure(.garbled("two answers have one id")) }
            if let error = object["error"], !error.isNull {
                results[id] = .failure(self.error(error))
            } else if let result = object["result"] {
                results[id] = .success(result)
            } else {
                return .failure(.garbled("an answer has neither result nor error"))
            }
        }
        let complete = results.compactMap { $0 }
        guard complete.count == count else {
            return .failure(.garbled("\(count - complete.count) answers are missing"))
        }
        return .success(complete)
    }

    /// An error without an id belongs to a lone call.
    private static func id(_ value: JSONValue?, count: Int) -> Int? {
        guard let value, !value.isNull else { return count == 1 ? 0 : nil }
        guard let text = value.number, let id = Int(String(decoding: text, as: UTF8.self)), id >= 0, id < count else {
            return nil
        }
        return id
    }

    private static func error(_ value: JSONValue) -> RPCError {
        let code = value.object?["code"]?.number.flatMap { Int64(String(decoding: $0, as: UTF8.self)) } ?? 0
        let text = value.object?["message"]?.string ?? value.string ?? []
        return RPCError(
            code: code, message: String(String(decoding: text, as: UTF8.self).prefix(longestMessage)))
    }
}
