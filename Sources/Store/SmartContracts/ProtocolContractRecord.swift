public import Ethereum
public import Exchange
public import Postgres

/// What the chain's follower keeps of the protocol contract in the smart-contract store: statements to be queued in its
/// own transaction (`LogTransaction.write`), so that they stand and fall with the block they tell of.
public enum ProtocolContractRecord {
    /// Records the contract unless it is recorded: what an operator wrote of it stays.
    public static func introduction(_ facts: SmartContract.Facts, at contract: Address) -> Query {
        SmartContractsTable.introduce(facts, of: contract)
    }

    /// What is said of the protocol contract when nobody else has described it.
    public static let facts = SmartContract.Facts(
        name: "OptionsProtocol", description: "The protocol contract this service follows.",
        contractType: "options-protocol")

    /// Name of the value that holds how much of an offer is filled.
    public static func fillKey(_ offerHash: Bytes32) -> String { "filled:\(offerHash.hex)" }

    /// Sets what is filled of offers, as the 32 bytes of the contract's own word; nothing filled is no value, so that
    /// after a reorg the state is that of a database which never saw it.
    public static func fills(_ filled: [(offerHash: Bytes32, amount: UInt256)], at contract: Address) -> [Query] {
        let entries = filled.map { fill in
            ContractStateEntry(
                key: fillKey(fill.offerHash), value: fill.amount.isZero ? nil : fill.amount.bigEndian.array)
        }
        guard !entries.isEmpty else { return [] }
        return [SmartContractsTable.touch(contract)] + ContractStateTable.writes(entries, of: contract)
    }

    /// Records transactions as executions, by their hashes; those that are recorded stay as they are.
    public static func executions(_ executions: [ContractExecution], at contract: Address) -> [Query] {
        executions.isEmpty ? [] : [ExecutionsTable.insert(executions, of: contract)]
    }

    /// Takes back the executions of transactions that a reorg undid.
    public static func withdrawal(of transactions: [Bytes32], at contract: Address) -> [Query] {
        transactions.isEmpty ? [] : [ExecutionsTable.remove(transactions.map(\.hex), of: contract)]
    }
}
