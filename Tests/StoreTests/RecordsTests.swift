import Exchange
import Foundation
import Market
import Postgres
import Store
import Testing

@Suite(.enabled(if: ProcessInfo.processInfo.environment["STRIKEBOOK_TEST_SERVERS"] != nil))
struct RecordsTests {
    private static func record(_ id: String, duration: Int64 = 5) -> ContractRecord {
        ContractRecord(
            id: id, type: "anything", parameters: Array(#"{"a": [1, null, "x"]}"#.utf8),
            createdAtMillis: 1_700_000_000_123,
            isActive: true, durationMillis: duration)
    }

    @Test func `records are stored, replaced, listed in pages and deleted, and the log agrees`() async throws {
        let market = try await ProductMarket()
        let records = PostgresRecords(writes: market.client, reads: market.client)
        #expect(try await records.records(after: nil, limit: 9).isEmpty)
        #expect(try await records.put(Self.record("b")).isNew)
        #expect(try await records.put(Self.record("a")).isNew)
        #expect(try await !records.put(Self.record("b", duration: 6)).isNew)
        #expect(try await records.record("b") == Self.record("b", duration: 6))
        #expect(try await records.record("c") == nil)
        #expect(try await records.records(after: nil, limit: 9).map(\.id) == ["a", "b"])
        #expect(try await records.records(after: "a", limit: 9).map(\.id) == ["b"])
        #expect(try await records.delete("a"))
        #expect(try await !records.delete("a"))
        #expect(try await records.clean() == 1)
        #expect(try await records.clean() == 0)
        #expect(try await records.put(Self.record("a")).isNew)
        try await market.close()
    }

    @Test func `a product's record is not replaced, and with it the product is over everywhere`() async throws {
        let market = try await ProductMarket()
        let records = PostgresRecords(writes: market.client, reads: market.client)
        let leader = try await ProductProcess(market, epoch: 0)
        let other = try await ProductProcess(market)
        let catcher = #""productType":"MomentumCatcher","targetMovementE8":"10""#
        let first = try await leader.submit(catcher)
        let second = try await leader.submit(catcher)
        try await other.service.turn()
        #expect(try await records.record(first)?.type == "MomentumCatcher")
        await #expect(throws: Rejection.productRecord) { _ = try await records.put(Self.record(first)) }
        #expect(try await records.delete(first))
        for process in [leader, other] {
            try await process.service.turn()
            #expect(process.service.active.map(\.id) == [second])
        }
        #expect(try await records.clean() == 1)
        let third = try await other.submit(catcher)
        try await market.tick(100, heardBy: [leader, other])
        try await market.tick(120, heardBy: [leader, other])
        for process in [leader, other] { try await process.service.turn() }
        try await other.service.turn()
        #expect(leader.service.active.isEmpty)
        #expect(other.service.active.isEmpty)
        #expect(Array(try await market.ends().keys) == [third])
        try await market.close()
    }

    @Test func `ticks that a product may still have to observe are not pruned`() async throws {
        let market = try await ProductMarket()
        let process = try await ProductProcess(market, epoch: 0)
        let id = try await process.submit(#""productType":"MomentumCatcher","targetMovementE8":"10""#)
        try await market.tick(100, heardBy: [process])
        try await market.tick(110)
        let store = PostgresMarket(ticks: market.client, reads: market.client)
        try await store.foldCandles()
        // Two days later somebody starts the service again.
        try await store.prune(nowMillis: ProductMarket.firstStamp + 2 * 86_400_000)
        let restarted = try await ProductProcess(market, epoch: 0)
        try await restarted.service.turn()
        #expect(try await restarted.state(id)["status"] == "target_hit")
        try await store.prune(nowMillis: ProductMarket.firstStamp + 2 * 86_400_000)
        #expect(try await market.rows("SELECT tick::text FROM ticks").isEmpty)
        try await market.close()
    }
}
