import Ethereum
import Exchange
import Market
import StrictJSON

/// `/smart-contracts/{address}/executions`
extension SmartContractRoutes {
    /// `GET …/executions`: newest first.
    func listExecutions(_ request: APIRequest) async throws -> Reply {
        let parameters = try QueryParameters(request.query, allowed: ["limit", "cursor"])
        let (address, limit) = (try address(request), try parameters.limit())
        let scope = Array("smart-contract executions \(address)".utf8)
        var after: ExecutionBookmark?
        if let cursor = parameters["cursor"] {
            let payload = try cursors.decode(cursor, scope: scope)
            guard payload.count > 8 else { throw CursorCodec.forged }
            after = ExecutionBookmark(
                atMicros: Int64(bitPattern: UInt64(bigEndianBytes: payload[..<8])),
                id: String(decoding: payload[8...], as: UTF8.self))
        }
        guard let executions = try await store.executions(of: address, after: after, limit: limit + 1) else {
            throw Self.unknown
        }
        return Self.page(executions, limit: limit, named: "executions") { execution, json in
            execution.write(to: &json)
        } cursor: { last in
            let payload = withUnsafeBytes(of: UInt64(bitPattern: last.atMicros).bigEndian, Array.init)
            return cursors.encode(payload + Array(last.id.utf8), scope: scope)
        }
    }

    /// `POST …/executions`: one execution, or `{"executions": […]}` of which all are recorded or none. An id that is
    /// recorded with the same content is no error, with other content it is 409.
    func postExecutions(_ request: APIRequest) async throws -> Reply {
        try operators.admit(request)
        _ = try QueryParameters(request.query, allowed: [])
        let (executions, isList) = try SmartContractBodies.executions(request.body)
        switch try await store.record(executions, of: try address(request)) {
        case .unknownContract: throw Self.unknown
        case .conflict(let id):
            throw Rejection(
                .conflict, code: "execution_differs", field: "executionId",
                detail: "The execution \"\(id.prefix(64))\" is recorded with other content; nothing was written. "
                    + "Give another call an id of its own.")
        case .recorded(let new):
            let status = new.contains(true) ? 201 : 200
            guard isList else { return .json(status: status) { executions[0].write(to: &$0) } }
            return .json(status: status) { json in
                json.beginObject()
                json.key("results")
                json.beginArray()
                for (execution, isNew) in zip(executions, new) {
                    json.beginObject()
                    json.key("executionId")
                    json.string(execution.id)
                    json.key("status")
                    json.integer(isNew ? 201 : 200)
                    json.endObject()
                }
                json.endArray()
                json.endObject()
            }
        }
    }
}
