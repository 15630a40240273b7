public import Ethereum

/// Where facts about deployed contracts are kept. `Store` is its one implementation.
public protocol SmartContractStore: Sendable {
    /// The contracts in ascending order of their addresses after `address`, at most `limit`.
    func contracts(after address: Address?, limit: Int) async throws -> [SmartContract]

    /// The record of one contract, nil when there is none.
    func contract(at address: Address) async throws -> SmartContract?

    /// Records a contract, or replaces what is recorded of it.
    func record(_ facts: SmartContract.Facts, of address: Address) async throws -> (SmartContract, isNew: Bool)

    /// The names of a contract's values in ascending order of their bytes after `key`, at most `limit`; nil when the
    /// contract is not recorded.
    func stateKeys(of address: Address, after key: String?, limit: Int) async throws -> [ContractStateKey]?

    /// One value of a contract's state.
    func value(of key: String, at address: Address) async throws -> ContractValue

    /// Writes and removes values, all or none.
    /// - Returns: for each in order whether it was there before; nil when the contract is not recorded.
    func write(_ entries: [ContractStateEntry], of address: Address) async throws -> [Bool]?

    /// A contract's executions, newest first, after `bookmark`, at most `limit`; nil when the contract is not recorded.
    func executions(
        of address: Address, after bookmark: ExecutionBookmark?, limit: Int
    ) async throws -> [ContractExecution]?

    /// Records executions, all or none.
    func record(_ executions: [ContractExecution], of address: Address) async throws -> ExecutionRecording
}

/// What a look-up of one value gives.
public enum ContractValue: Sendable, Hashable {
    /// The contract is not recorded.
    case unknownContract
    /// It is, but it has no such value.
    case absent
    /// The bytes.
    case bytes([UInt8])
}

/// What became of executions that were to be recorded.
public enum ExecutionRecording: Sendable, Hashable {
    /// The contract is not recorded; nothing was written.
    case unknownContract
    /// This id is recorded with other content; nothing was written.
    case conflict(id: String)
    /// For each in order whether it is new.
    case recorded([Bool])
}
