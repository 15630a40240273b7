public import Ethereum
public import Exchange
public import Postgres

/// The smart-contract store in PostgreSQL. PostgreSQL answers every read: a primary-key look-up costs about what Redis
/// costs, and whether a copy in Redis is the current one only PostgreSQL could tell. Redis gets a copy for outside
/// readers, so nothing that stands there can change an answer.
public struct PostgresSmartContracts: SmartContractStore {
    private let database: PostgresClient
    private let mirror: SmartContractMirror?

    /// Reads and writes through `database`; what was read or written is then shown by `mirror`.
    public init(database: PostgresClient, mirror: SmartContractMirror?) {
        self.database = database
        self.mirror = mirror
    }

    /// The contracts in ascending order of their addresses after `address`, at most `limit`.
    public func contracts(after address: Address?, limit: Int) async throws -> [SmartContract] {
        try await database.query(SmartContractsTable.list(after: address, limit: limit)).map {
            try SmartContractsTable.read($0)
        }
    }

    /// The record of one contract, nil when there is none.
    public func contract(at address: Address) async throws -> SmartContract? {
        let row = try await database.query(SmartContractsTable.find(address)).first
        mirror?.changed([.contract(address)])
        return try row.map { try SmartContractsTable.read($0) }
    }

    /// Records a contract, or replaces what is recorded of it.
    public func record(
        _ facts: SmartContract.Facts, of address: Address
    ) async throws -> (SmartContract, isNew: Bool) {
        let row = try await database.query(SmartContractsTable.upsert(facts, of: address)).single()
        mirror?.changed([.contract(address)])
        return (try SmartContractsTable.read(row), try row.int64(SmartContractsTable.revisionColumn) == 1)
    }

    /// The names of a contract's values in ascending order of their bytes after `key`; nil when it is not recorded.
    public func stateKeys(of address: Address, after key: String?, limit: Int) async throws -> [ContractStateKey]? {
        try await database.withConnection { connection in
            let keys = try connection.query(ContractStateTable.keys(of: address, after: key, limit: limit)).map { row in
                ContractStateKey(
                    key: try row.text(0), size: Int(try row.int64(1)), updatedAtMicros: try row.timestampMicros(2))
            }
            return try keys.isEmpty && connection.query(SmartContractsTable.exists(address)).isEmpty ? nil : keys
        }
    }

    /// One value of a contract's state.
    public func value(of key: String, at address: Address) async throws -> ContractValue {
        let found: ContractValue = try await database.withConnection { connection in
            if let row = try connection.query(ContractStateTable.value(of: key, at: address)).first {
                return .bytes(try row.bytes(0))
            }
            return try connection.query(SmartContractsTable.exists(address)).isEmpty ? .unknownContract : .absent
        }
        mirror?.changed([.value(address, key)])
        return found
    }

    /// Writes and removes values, all or none; for each whether it was there before, nil when the contract is unknown.
    public func write(_ entries: [ContractStateEntry], of address: Address) async throws -> [Bool]? {
        let present: Set<String>? = try await database.withConnection { connection in
            try connection.transaction {
                // The contract's row first: its lock makes one order of all writes of a contract's state.
                guard try !connection.query(SmartContractsTable.touch(address)).isEmpty else { return nil }
                let before = try connection.query(ContractStateTable.present(entries.map(\.key), of: address))
                _ = try connection.pipeline(ContractStateTable.writes(entries, of: address))
                return Set(try before.map { try $0.text(0) })
            }
        }
        mirror?.changed(entries.map { .value(address, $0.key) } + [.contract(address)])
        return present.map { present in entries.map { present.contains($0.key) } }
    }

    /// A contract's executions, newest first, after `bookmark`; nil when the contract is not recorded.
    public func executions(
        of address: Address, after bookmark: ExecutionBookmark?, limit: Int
    ) async throws -> [ContractExecution]? {
        try await database.withConnection { connection in
            let page = try connection.query(ExecutionsTable.list(of: address, after: bookmark, limit: limit))
            if page.isEmpty, try connection.query(SmartContractsTable.exists(address)).isEmpty { return nil }
            return try page.map { try ExecutionsTable.read($0) }
        }
    }

    /// Records executions, all or none.
    public func record(_ executions: [ContractExecution], of address: Address) async throws -> ExecutionRecording {
        do {
            return try await database.withConnection { connection in
                try connection.transaction {
                    guard try !connection.query(SmartContractsTable.exists(address)).isEmpty else {
                        return .unknownContract
                    }
                    return .recorded(try Self.insert(executions, of: address, on: connection))
                }
            }
        } catch let conflict as Conflict {
            return .conflict(id: conflict.id)
        }
    }

    /// The id of an execution that is recorded with other content; thrown to undo the transaction.
    private struct Conflict: Error {
        let id: String
    }

    private static func insert(
        _ executions: [ContractExecution], of address: Address, on connection: PostgresConnection
    ) throws -> [Bool] {
        let inserted = try connection.query("\(ExecutionsTable.insert(executions, of: address)) RETURNING execution_id")
            .map { try $0.text(0) }
        var new = Set(inserted)
        let rows = try connection.query(ExecutionsTable.find(executions.map(\.id), of: address))
        var stored: [String: ContractExecution] = [:]
        for row in rows {
            let execution = try ExecutionsTable.read(row)
            stored[execution.id] = execution
        }
        return try executions.map { execution in
            guard stored[execution.id] == execution else { throw Conflict(id: execution.id) }
            return new.remove(execution.id) != nil
        }
    }
}
