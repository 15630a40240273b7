import Ethereum
import Exchange
import Market
import Postgres
import Testing

@testable import Store

@Suite(.serialized, .enabled(if: withServers))
struct AgreementTests {
    /// Findings about settlements once `change` was made, which is taken back; the options of these tests have no offers.
    private static func findings(_ database: SettlementDatabase, after change: String? = nil) async throws -> Set<
        String
    > {
        try await database.client.withConnection { connection in
            _ = try connection.query("BEGIN")
            if let change { _ = try connection.query("UPDATE \(unsafe: change)") }
            let report = try LogVerifier.snapshot(on: connection)
            _ = try connection.query("ROLLBACK")
            return Set(
                report.findings.compactMap { finding in
                    guard case .disagreement(let kind, _, let id) = finding, kind.rawValue.hasPrefix("settlement")
                    else { return nil }
                    return "\(kind.rawValue) \(id)"
                })
        }
    }

    /// A settlement in each state: 1 initiated, 2 approved, 3 submitted, 4 completed, 5 failed, 6 failed and tried again.
    private func populate(_ lane: Lane) async throws {
        for tokenId: UInt64 in 1...6 { try await lane.database.makeOption(tokenId) }
        let desk = lane.database.desk(lane.clock)
        _ = try await desk.initiate(1, SettlementWish())
        try await lane.database.approve(2, desk)
        for tokenId: UInt64 in 3...6 {
            var life = Life(lane, tokenId: tokenId)
            lane.cow.misbehave(tokenId > 4 ? [.tooManyOrders] : [])
            let uid = try await life.intend()
            try await life.work(until: { $0.status != .approved })
            guard tokenId == 4 else { continue }
            lane.cow.end(uid, "fulfilled", executed: 2_400_000_000)
            try await life.work(until: { $0.status == .completed })
        }
        var life = Life(lane, tokenId: 6)
        _ = try await life.intend()
        try await life.work(until: { $0.status == .submitted })
    }

    @Test func `What settlements say is what the log says, and a doctored row is found`() async throws {
        let lane = try await Lane()
        try await populate(lane)
        let tally = try await lane.database.store.tally()
        #expect(Set(tally.map(\.status)) == Set(SettlementStatus.allCases))
        #expect(try await Self.findings(lane.database).isEmpty)
        let doctored: [(String, String, Set<String>)] = [
            ("settlements SET status = 'initiated', failure = NULL", "5", ["settlement_not_logged 5"]),
            ("settlements SET failure = 'order_expired'", "5", ["settlement_not_logged 5"]),
            ("settlements SET approved_by = decode(repeat('77', 20), 'hex')", "2", ["settlement_approval_differs 2"]),
            ("settlements SET approved_by = decode(repeat('77', 20), 'hex')", "3", ["settlement_approval_differs 3"]),
            ("settlements SET proceeds = proceeds + 1", "4", ["settlement_not_logged 4"]),
            ("settlements SET fee = fee - 1", "4", ["settlement_not_logged 4"]),
            ("settlements SET min_buy_amount = 1", "1", ["settlement_order_differs 1"]),
            (
                "settlements SET attempt = 1", "6",
                [
                    "settlement_not_logged 6", "settlement_order_differs 6", "settlement_approval_differs 6",
                ]
            ),
            ("settlements SET seq = seq - 1", "3", ["settlement_not_logged 3", "settlement_missing 3"]),
            (
                "settlements SET order_uid = overlay(order_uid PLACING '\\x01'::bytea FROM 56)", "3",
                [
                    "settlement_not_logged 3", "settlement_order_differs 3",
                ]
            ),
            ("settlements SET eip1271_signature = taker_signature", "3", ["settlement_signature_altered 3"]),
            (
                "settlement_orders SET min_buy_amount = min_buy_amount - 1", "2",
                [
                    "settlement_order_differs 2", "settlement_order_altered 2",
                ]
            ),
            ("settlement_orders SET receiver = sell_token", "5", ["settlement_order_altered 5"]),
            ("settlement_orders SET sell_amount = sell_amount * 2", "4", ["settlement_order_altered 4"]),
        ]
        for (change, tokenId, expected) in doctored {
            let found = try await Self.findings(lane.database, after: "\(change) WHERE token_id = \(tokenId)")
            #expect(found == expected, "\(change)")
        }
        #expect(try await Self.findings(lane.database).isEmpty)
        try await lane.close()
    }
}
