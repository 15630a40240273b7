import Ethereum
import Exchange
import Foundation
import Market
import Postgres
import Store
import Testing

@Suite(.enabled(if: ProcessInfo.processInfo.environment["STRIKEBOOK_TEST_SERVERS"] != nil))
struct LogTransactionTests {
    @Test func `Its rows stand gapless among those of offers, and the chain holds`() async throws {
        let stored = try await StoredLog()
        let offers = try (1...20).map { try Terms(premium: UInt256($0)).signed(by: key(1)) }
        let hash = try #require(Bytes32(bytes: [UInt8](repeating: 7, count: 32)))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for offer in offers { try await stored.commit(.offer(offer)) } }
            for writer in 0..<2 {
                group.addTask {
                    for number in 0..<20 {
                        let seqs = try await stored.transactions.run { transaction in
                            let first = transaction.append(.cancelRecorded, about: "writer \(writer)", data: "{}")
                            let second = transaction.append(
                                .cancelRecorded, about: nil, txHash: hash, blockNumber: UInt64(number))
                            return [first, second]
                        }
                        #expect(seqs[1] == seqs[0] + 1)
                    }
                }
            }
            try await group.waitForAll()
        }
        let report = try await stored.read { try LogVerifier.verify(on: $0, expecting: []) }
        // The rows name cancels that no table holds: nothing else may be wrong.
        let broken = report.findings.filter { finding in
            if case .disagreement(.cancelMissing, _, _) = finding { false } else { true }
        }
        #expect(broken.isEmpty)
        #expect(try await stored.read { try $0.logHead() }.seq == 100)
        await stored.close()
    }

    @Test func `What throws leaves nothing, and what writes no row leaves the head`() async throws {
        struct Refused: Error {}
        let stored = try await StoredLog()
        await #expect(throws: Refused.self) {
            try await stored.transactions.run { transaction in
                transaction.append(.cancelRecorded, about: nil)
                throw Refused()
            }
        }
        let foreign = Bytes32.zero
        await #expect(throws: PostgresError.self) {
            try await stored.transactions.run { transaction in
                let seq = transaction.append(.cancelRecorded, about: nil)
                transaction.write(
                    """
                    INSERT INTO cancellations (offer_hash, signer, digest, seq, created_at)
                    VALUES (\(foreign), \(address(1)), \(foreign), \(Int64(seq + 1)), now())
                    """)
            }
        }
        #expect(try await stored.read { try $0.logHead() }.seq == 0)
        let seen = try await stored.transactions.run { $0.head.seq }
        #expect(seen == 0)
        await stored.close()
    }
}
