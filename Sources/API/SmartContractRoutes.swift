import Ethereum
public import Exchange
import Market
import NIOCore
import StrictJSON

/// `/smart-contracts`: facts about deployed contracts. Anyone reads, the operator writes.
public struct SmartContractRoutes: Sendable {
    /// Bytes of the largest value of a contract's state.
    static let largestValue = 1 << 20

    let store: any SmartContractStore
    let cursors: CursorCodec
    let operators: OperatorGuard

    /// Routes over `store`; what `operators` admits may write.
    public init(store: any SmartContractStore, cursors: CursorCodec, operators: OperatorGuard) {
        self.store = store
        self.cursors = cursors
        self.operators = operators
    }

    /// `GET /smart-contracts`: in ascending order of the addresses.
    func list(_ request: APIRequest) async throws -> Reply {
        let parameters = try QueryParameters(request.query, allowed: ["limit", "cursor"])
        let limit = try parameters.limit()
        let scope = Array("smart-contracts".utf8)
        var after: Address?
        if let cursor = parameters["cursor"] {
            guard let address = Address(bytes: try cursors.decode(cursor, scope: scope)) else {
                throw CursorCodec.forged
            }
            after = address
        }
        let contracts = try await store.contracts(after: after, limit: limit + 1)
        return Self.page(contracts, limit: limit, named: "smartContracts") { contract, json in
            contract.write(to: &json)
        } cursor: {
            cursors.encode($0.address.array, scope: scope)
        }
    }

    /// `GET /smart-contracts/{address}`
    func get(_ request: APIRequest) async throws -> Reply {
        _ = try QueryParameters(request.query, allowed: [])
        guard let contract = try await store.contract(at: try address(request)) else { throw Self.unknown }
        return .json { contract.write(to: &$0) }
    }

    /// `PUT /smart-contracts/{address}`: 201 for a new one, 200 for one that is replaced.
    func put(_ request: APIRequest) async throws -> Reply {
        try operators.admit(request)
        _ = try QueryParameters(request.query, allowed: [])
        let address = try address(request)
        let (contract, isNew) = try await store.record(try SmartContractBodies.facts(request.body), of: address)
        return .json(status: isNew ? 201 : 200) { contract.write(to: &$0) }
    }

    func address(_ request: APIRequest) throws(Rejection) -> Address {
        try QueryParameters.address(request.parameter("address"), field: "address")
    }

    static let unknown = Rejection(
        .notFound, code: "contract_not_found", field: "address",
        detail: "No contract is recorded at this address. The operator records one with PUT /smart-contracts/{address}."
    )

    /// A page of a list of which one item more than `limit` was read when there is more.
    static func page<Item>(
        _ items: [Item], limit: Int, named name: StaticString, _ write: (Item, inout JSONWriter) -> Void,
        cursor: (Item) -> String
    ) -> Reply {
        .json { json in
            json.beginObject()
            json.key(name)
            json.beginArray()
            for item in items.prefix(limit) { write(item, &json) }
            json.endArray()
            json.key("nextCursor")
            if items.count > limit { json.string(cursor(items[limit - 1])) } else { json.null() }
            json.endObject()
        }
    }
}
