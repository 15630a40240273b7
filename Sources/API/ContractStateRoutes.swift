import Ethereum
import Exchange
import Market
import NIOCore
import StrictJSON

/// `/smart-contracts/{address}/state`: bytes in, the same bytes out.
extension SmartContractRoutes {
    /// `GET …/state/{key}`
    func getValue(_ request: APIRequest) async throws -> Reply {
        _ = try QueryParameters(request.query, allowed: [])
        switch try await store.value(of: try key(request), at: try address(request)) {
        case .unknownContract: throw Self.unknown
        case .absent: throw Self.absent
        case .bytes(let bytes):
            return Reply(contentType: "application/octet-stream", body: ByteBuffer(bytes: bytes))
        }
    }

    /// `PUT …/state/{key}`: 201 for a new value, 200 for one that is replaced.
    func putValue(_ request: APIRequest) async throws -> Reply {
        try operators.admit(request)
        _ = try QueryParameters(request.query, allowed: [])
        let (address, key) = (try address(request), try key(request))
        let entry = ContractStateEntry(key: key, value: request.body)
        guard let existed = try await store.write([entry], of: address) else { throw Self.unknown }
        return .json(status: existed[0] ? 200 : 201) { json in
            json.beginObject()
            json.key("key")
            json.string(key)
            json.key("size")
            json.integer(request.body.count)
            json.endObject()
        }
    }

    /// `DELETE …/state/{key}`: 204, and 404 when there was nothing to delete.
    func deleteValue(_ request: APIRequest) async throws -> Reply {
        try operators.admit(request)
        _ = try QueryParameters(request.query, allowed: [])
        let entry = ContractStateEntry(key: try key(request), value: nil)
        guard let existed = try await store.write([entry], of: try address(request)) else { throw Self.unknown }
        guard existed[0] else { throw Self.absent }
        return Reply(status: 204, body: ByteBuffer())
    }

    /// `GET …/state`: the names with the sizes of their values, in the order of the names' bytes.
    func listState(_ request: APIRequest) async throws -> Reply {
        let parameters = try QueryParameters(request.query, allowed: ["limit", "cursor"])
        let (address, limit) = (try address(request), try parameters.limit())
        let scope = Array("smart-contract state \(address)".utf8)
        var after: String?
        if let cursor = parameters["cursor"] {
            after = String(decoding: try cursors.decode(cursor, scope: scope), as: UTF8.self)
        }
        guard let keys = try await store.stateKeys(of: address, after: after, limit: limit + 1) else {
            throw Self.unknown
        }
        return Self.page(keys, limit: limit, named: "state") { key, json in
            json.beginObject()
            json.key("key")
            json.string(key.key)
            json.key("size")
            json.integer(key.size)
            json.key("updatedAt")
            json.timestamp(micros: key.updatedAtMicros)
            json.endObject()
        } cursor: {
            cursors.encode(Array($0.key.utf8), scope: scope)
        }
    }

    /// `PUT …/state` `{"state": {"key": "0x…" or null, …}}`: writes and removes many values, all or none.
    func putState(_ request: APIRequest) async throws -> Reply {
        try operators.admit(request)
        _ = try QueryParameters(request.query, allowed: [])
        let entries = try SmartContractBodies.state(request.body)
        guard let existed = try await store.write(entries, of: try address(request)) else { throw Self.unknown }
        return .json { json in
            json.beginObject()
            json.key("results")
            json.beginArray()
            for (entry, existed) in zip(entries, existed) {
                json.beginObject()
                json.key("key")
                json.string(entry.key)
                json.key("status")
                json.integer(entry.value == nil ? (existed ? 204 : 404) : (existed ? 200 : 201))
                json.endObject()
            }
            json.endArray()
            json.endObject()
        }
    }

    private func key(_ request: APIRequest) throws(Rejection) -> String {
        let key = request.parameter("key")
        try SmartContractBodies.check(key: key)
        return key
    }

    private static let absent = Rejection(
        .notFound, code: "state_not_found", field: "key", detail: "The contract has no value of this name.")
}
