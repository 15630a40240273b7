import Ethereum
import Exchange
import Foundation
import Market
import Postgres
import Store
import Testing

@Suite(.enabled(if: ProcessInfo.processInfo.environment["STRIKEBOOK_TEST_SERVERS"] != nil))
struct SmartContractsTests {
    private let facts = SmartContract.Facts(
        name: "Vault", description: "holds", contractType: "vault", deploymentTx: .zero, deploymentMicros: -62_000_000,
        owner: address(9), isActive: false)

    private func withStore(
        _ body: @Sendable (PostgresSmartContracts, StoredLog) async throws -> Void
    ) async throws {
        let stored = try await StoredLog()
        let client = try makeClient(stored.url) { $0.role = "strikebook_app" }
        do {
            try await body(PostgresSmartContracts(database: client, mirror: nil), stored)
        } catch {
            await client.shutdown()
            throw error
        }
        await client.shutdown()
        await stored.close()
    }

    private func execution(_ number: Int, gas: UInt64? = 21_000) -> ContractExecution {
        ContractExecution(
            id: "e\(number)", functionName: "take", caller: address(1), atMicros: Int64(number) * 1_000_000,
            gasUsed: gas.map { UInt256($0) }, success: true)
    }

    @Test func `Facts read as they were written, to the microsecond and the edge of a uint256`() async throws {
        try await withStore { store, _ in
            let (made, isNew) = try await store.record(facts, of: address(1))
            #expect(isNew && made.facts == facts)
            #expect(try await store.contract(at: address(1)) == made)
            let (replaced, again) = try await store.record(.init(name: "B", contractType: "c"), of: address(1))
            #expect(!again && replaced.facts.owner == nil && replaced.createdAtMicros == made.createdAtMicros)
            let largest = ContractExecution(
                id: "ключ", functionName: "f", caller: nil, atMicros: 253_402_300_799_999_999, gasUsed: .max,
                success: false, errorMessage: "")
            #expect(try await store.record([largest], of: address(1)) == .recorded([true]))
            #expect(try await store.executions(of: address(1), after: nil, limit: 9) == [largest])
            #expect(try await store.executions(of: address(2), after: nil, limit: 9) == nil)
            #expect(try await store.record([largest], of: address(2)) == .unknownContract)
        }
    }

    @Test func `Of values and executions in one write all count or none`() async throws {
        try await withStore { store, _ in
            #expect(try await store.write([.init(key: "a", value: [1])], of: address(1)) == nil)
            _ = try await store.record(facts, of: address(1))
            let entries: [ContractStateEntry] = [
                .init(key: "b", value: []), .init(key: "a", value: [0, 255]), .init(key: "c", value: nil),
            ]
            #expect(try await store.write(entries, of: address(1)) == [false, false, false])
            #expect(try await store.write(entries, of: address(1)) == [true, true, false])
            #expect(try await store.value(of: "a", at: address(1)) == .bytes([0, 255]))
            #expect(try await store.value(of: "c", at: address(1)) == .absent)
            #expect(try await store.stateKeys(of: address(1), after: "a", limit: 9)?.map(\.key) == ["b"])
            await #expect(throws: PostgresError.self) {
                let tooLarge = [UInt8](repeating: 0, count: 1 << 20 + 1)
                _ = try await store.write(
                    [.init(key: "z", value: [1]), .init(key: "y", value: tooLarge)], of: address(1))
            }
            #expect(try await store.value(of: "z", at: address(1)) == .absent)
            #expect(try await store.record([execution(1), execution(1)], of: address(1)) == .recorded([true, false]))
            let other = try await store.record([execution(2), execution(1, gas: 1)], of: address(1))
            #expect(other == .conflict(id: "e1"))
            #expect(try await store.executions(of: address(1), after: nil, limit: 9) == [execution(1)])
        }
    }

    @Test func `What the follower keeps of the protocol contract stands and falls with its transaction`() async throws {
        struct Undone: Error {}
        try await withStore { store, stored in
            let contract = deployment.verifyingContract
            let (first, second) = (Keccak256.hash([1]), Keccak256.hash([2]))
            let call = ContractExecution(
                id: first.hex, functionName: "take", caller: nil, atMicros: 5, gasUsed: nil, success: true)
            let record: @Sendable (inout LogTransaction) -> Void = { transaction in
                transaction.write(ProtocolContractRecord.introduction(ProtocolContractRecord.facts, at: contract))
                for query in ProtocolContractRecord.fills([(first, .one), (second, .max)], at: contract)
                    + ProtocolContractRecord.executions([call], at: contract)
                {
                    transaction.write(query)
                }
            }
            await #expect(throws: Undone.self) {
                try await stored.transactions.run { transaction in
                    record(&transaction)
                    throw Undone()
                }
            }
            #expect(try await store.contract(at: contract) == nil)
            try await stored.transactions.run(record)
            try await stored.transactions.run(record)
            let word = UInt256.one.bigEndian.array
            #expect(try await store.value(of: ProtocolContractRecord.fillKey(first), at: contract) == .bytes(word))
            #expect(try await store.executions(of: contract, after: nil, limit: 9) == [call])
            // What an operator wrote of it stays.
            _ = try await store.record(facts, of: contract)
            try await stored.transactions.run(record)
            #expect(try await store.contract(at: contract)?.facts == facts)
            try await stored.transactions.run { transaction in
                for query in ProtocolContractRecord.fills([(first, .zero)], at: contract)
                    + ProtocolContractRecord.withdrawal(of: [first], at: contract)
                {
                    transaction.write(query)
                }
            }
            #expect(try await store.value(of: ProtocolContractRecord.fillKey(first), at: contract) == .absent)
            #expect(try await store.executions(of: contract, after: nil, limit: 9) == [])
        }
    }

    @Test func `Lists are read from an index in its order`() async throws {
        try await withStore { store, stored in
            _ = try await store.record(facts, of: address(1))
            let plan = try await stored.read { connection in
                _ = try connection.query("SET enable_seqscan = off")
                return try connection.query(
                    """
                    EXPLAIN SELECT execution_id FROM smart_contracts.execution_history
                    WHERE address = \(address(1)) AND (executed_at, execution_id) < (now(), \("x"))
                    ORDER BY executed_at DESC, execution_id DESC LIMIT 10
                    """
                ).map { try $0.text(0) }.joined(separator: "\n")
            }
            #expect(plan.contains("execution_history_newest") && !plan.contains("Sort"), "\(plan)")
        }
    }
}
