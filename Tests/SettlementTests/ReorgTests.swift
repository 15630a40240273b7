import Ethereum
import Exchange
import Market
import Postgres
import Settlement
import Store
import Testing

/// What the chain says of a settlement, and takes back.
@Suite(.serialized, .enabled(if: withServers))
struct ReorgTests {
    private static let submitted = ["initiated", "approved", "submitted"]

    private func log(_ database: SettlementDatabase) async throws -> [String] {
        try await database.client.query(
            """
            SELECT substr(event_type, 12) FROM transaction_logs
            WHERE related_id = '1' AND event_type LIKE 'settlement_%' ORDER BY seq
            """
        ).map { try $0.text(0) }
    }

    @Test(arguments: ["initiated", "approved", "submitted", "failed"])
    func `A reorg puts a settlement where it stood before the chain completed it`(status: String) async throws {
        let lane = try await Lane()
        try await lane.database.makeOption(1)
        let life = Life(lane, tokenId: 1)
        switch status {
        case "initiated": _ = try await lane.database.desk(lane.clock).initiate(1, SettlementWish())
        case "approved": try await lane.database.approve(1, lane.database.desk(lane.clock))
        default:
            lane.cow.misbehave(status == "failed" ? [.tooManyOrders] : [])
            _ = try await life.intend()
        }
        // One worker throughout: it goes through the log once.
        let (worker, _) = lane.worker()
        await worker.workThroughDue()
        let before = try await life.settlement()
        #expect(before.status.rawValue == status)
        for block in 1...2 {
            try await lane.database.settle(1, "SettlementExecuted", #"{"proceedsReceived":"2450000000"}"#, block: block)
            await worker.workThroughDue()
            let completed = try await life.settlement()
            #expect(completed.status == .completed && completed.completion?.proceeds == 2_450_000_000)
            #expect(completed.completion?.onChain == true)

            try await lane.database.revert(block: block)
            lane.clock.advance(seconds: 1)
            await worker.workThroughDue()
            let reopened = try await life.settlement()
            #expect(reopened.status == before.status && reopened.failure == before.failure)
            #expect(reopened.completion == nil && reopened.approval?.holder == before.approval?.holder)
            #expect(reopened.present.proposal == before.present.proposal)
        }
        #expect(try await log(lane.database).suffix(4) == ["completed", "reopened", "completed", "reopened"])
        #expect(lane.cow.posts == (["submitted", "failed"].contains(status) ? 1 : 0))
        if status == "submitted" {
            lane.cow.end(before.present.proposal.uid, "fulfilled", executed: 2_460_000_000)
            lane.clock.advance(seconds: 61)
            await worker.workThroughDue()
            #expect(try await life.settlement().completion?.proceeds == 2_460_000_000)
        }
        try await lane.close()
    }

    @Test func `What CoW completed a reorg does not undo`() async throws {
        let lane = try await Lane()
        try await lane.database.makeOption(1)
        var life = Life(lane, tokenId: 1)
        let uid = try await life.intend()
        try await life.work(until: { $0.status == .submitted })
        lane.cow.end(uid, "fulfilled", executed: 2_450_000_000)
        try await life.work(until: { $0.status == .completed })
        try await lane.database.settle(1, "SettlementExecuted", #"{"proceedsReceived":"2450000000"}"#, block: 1)
        try await lane.database.revert(block: 1)
        try await life.work(rounds: 2, until: { _ in false })
        #expect(try await life.settlement().status == .completed)
        #expect(try await log(lane.database) == Self.submitted + ["completed"])
        try await lane.close()
    }

    /// An OptionSettled says that the option was paid out, and not what the sale brought.
    @Test(arguments: [("fulfilled", 2_450_000_000, false), ("open", 2_374_050_000, true)] as [(String, UInt64, Bool)])
    func `Once an option was paid out CoW is asked what its order brought`(
        word: String, proceeds: UInt64, onChain: Bool
    ) async throws {
        let lane = try await Lane()
        try await lane.database.makeOption(1)
        var life = Life(lane, tokenId: 1)
        let uid = try await life.intend()
        try await life.work(until: { $0.status == .submitted })
        if word != "open" { lane.cow.end(uid, word, executed: UInt256(proceeds)) }
        try await lane.database.settle(1, "OptionSettled", #"{"profit":"1"}"#, block: 1)
        let (worker, _) = lane.worker()
        await worker.workThroughDue()
        let completed = try await life.settlement()
        #expect(completed.status == .completed && completed.completion?.onChain == onChain)
        #expect(completed.completion?.proceeds == UInt256(proceeds))
        try await lane.database.revert(block: 1)
        await worker.workThroughDue()
        #expect(try await life.settlement().status == (onChain ? .submitted : .completed))
        try await lane.close()
    }
}
