import Ethereum
import Exchange
import Market
import Postgres
import Testing

@testable import Store

@Suite(.serialized) struct LogVerifierTests {
    /// Ten rows: five offers, a cancel that closes one, a tombstone, an offer born cancelled, a watermark and what it closes.
    private func makeLog() async throws -> StoredLog {
        let stored = try await StoredLog()
        let (maker, other) = (try key(1), try key(2))
        let offers = try (1...5).map { try Terms(premium: UInt256($0)).signed(by: maker) }
        for offer in offers { try await stored.commit(.offer(offer)) }  // 1…5
        try await stored.commit(
            .cancel(try signedCancel(.offers([offers[1].hashes.offerHash]), by: maker)))  // 6
        let late = try Terms(premium: UInt256(77)).signed(by: other)
        try await stored.commit(.cancel(try signedCancel(.offers([late.hashes.offerHash]), by: other)))  // 7
        try await stored.commit(.offer(late))  // 8, born cancelled
        let next = try Terms(premium: UInt256(78)).signed(by: other)
        try await stored.commit(.offer(next))  // 9
        let soon = UInt64(4_000_000_000)
        try await stored.commit(.cancel(try signedCancel(.all(writer: other.address, issuedBefore: soon), by: other)))
        return stored  // 10 the watermark, 11 its offer
    }

    /// One log for all tests that leave it as it is.
    private static let shared = Task { try await LogVerifierTests().makeLog() }

    private func verify(
        _ stored: StoredLog, expecting expectations: [LogVerifier.Expectation] = []
    ) async throws -> LogReport {
        try await stored.read { try LogVerifier.verify(on: $0, expecting: expectations) }
    }

    /// What is found after `sql` was run by an owner who switched the log's protection off: what only a verifier can find.
    /// Everything is rolled back.
    private func findings(
        after sql: String, expecting expectations: [LogVerifier.Expectation] = []
    ) async throws -> [LogFinding] {
        try await withConnection(try await Self.shared.value.url) { connection in
            try connection.execute(
                script: """
                    BEGIN;
                    ALTER TABLE transaction_logs DISABLE TRIGGER transaction_logs_insert_only;
                    SET LOCAL session_replication_role = replica;
                    \(sql)
                    """)
            let findings = try LogVerifier.snapshot(on: connection, expecting: expectations).findings
            _ = try connection.query("ROLLBACK")
            return findings
        }
    }

    @Test func `A log as it was written is sound`() async throws {
        let report = try await verify(try await Self.shared.value)
        #expect(report.findings == [])
        #expect(report.isSound)
        #expect(report.rows == 11)
        #expect(report.offers == 7)
        #expect(report.cancelMessages == 3)
        #expect(report.head.seq == 11)
    }

    @Test func `An empty log is sound`() async throws {
        let stored = try await StoredLog()
        let report = try await verify(stored, expecting: [.init(seq: 0, hash: deployment.domainSeparator)])
        #expect(report.findings == [])
        #expect(report.head.seq == 0)
        #expect(report.head.hash == deployment.domainSeparator)
        await stored.close()
    }

    @Test(arguments: [
        ("UPDATE transaction_logs SET event_type = 'offer_expired' WHERE seq = 6", LogFinding.altered(seq: 6)),
        ("UPDATE transaction_logs SET related_id = 'no hash at all' WHERE seq = 6", .altered(seq: 6)),
        ("UPDATE transaction_logs SET data = '{\"issuedBefore\":\"x\"}' WHERE seq = 10", .altered(seq: 10)),
        ("UPDATE transaction_logs SET created_at = created_at - interval '1 us' WHERE seq = 3", .altered(seq: 3)),
        ("UPDATE transaction_logs SET created_at = '2001-01-01' WHERE seq = 3", .backdated(seq: 3)),
        ("UPDATE transaction_logs SET tx_hash = sha256('x') WHERE seq = 3", .altered(seq: 3)),
        ("UPDATE transaction_logs SET block_number = 1 WHERE seq = 3", .altered(seq: 3)),
        ("UPDATE transaction_logs SET hash = sha256('x') WHERE seq = 3", .unchained(seq: 4)),
        ("UPDATE transaction_logs SET prev_hash = sha256('x') WHERE seq = 1", .unchained(seq: 1)),
        ("DELETE FROM transaction_logs WHERE seq = 7", .missing(from: 7, through: 7)),
        ("DELETE FROM transaction_logs WHERE seq IN (1, 2)", .missing(from: 1, through: 2)),
        ("DELETE FROM transaction_logs WHERE seq > 9", .head(seq: 11, lastRow: 9)),
        ("UPDATE log_head SET seq = 12", .head(seq: 12, lastRow: 11)),
        ("UPDATE log_head SET hash = sha256('x')", .head(seq: 11, lastRow: 11)),
        ("TRUNCATE transaction_logs CASCADE", .head(seq: 11, lastRow: 0)),
        ("UPDATE deployment SET chain_id = 1", .deployment),
    ])
    func `A row that was edited, removed or cut off is found`(sql: String, finding: LogFinding) async throws {
        let found = try await findings(after: sql)
        #expect(found.contains(finding), "\(found)")
    }

    @Test func `Two exchanged rows are found`() async throws {
        let found = try await findings(
            after: """
                UPDATE transaction_logs SET seq = 100 WHERE seq = 2;
                UPDATE transaction_logs SET seq = 2 WHERE seq = 3;
                UPDATE transaction_logs SET seq = 3 WHERE seq = 100
                """)
        #expect(found.contains(.unchained(seq: 2)))
        #expect(found.contains(.altered(seq: 2)))
    }

    @Test(
        arguments: [
            ("UPDATE offers SET premium_per_day = premium_per_day + 1 WHERE seq = 1", .offerAltered, 1),
            ("UPDATE offers SET struct_hash = sha256('x') WHERE seq = 1", .offerAltered, 1),
            ("UPDATE offers SET seq = 100 WHERE seq = 1", .offerNotLogged, 100),
            ("UPDATE offers SET seq = 100 WHERE seq = 1", .offerMissing, 1),
            ("UPDATE offers SET created_at = created_at + interval '1 us' WHERE seq = 1", .offerNotLogged, 1),
            ("DELETE FROM offers WHERE seq = 1", .offerMissing, 1),
            ("UPDATE offers SET closed_seq = NULL, closed_reason = NULL WHERE seq = 2", .closingMissing, 6),
            ("UPDATE offers SET closed_seq = NULL, closed_reason = NULL WHERE seq = 8", .closingMissing, 8),
            ("UPDATE offers SET closed_reason = 'expired' WHERE seq = 2", .closingNotLogged, 6),
            ("UPDATE offers SET closed_seq = 7 WHERE seq = 2", .closingNotLogged, 7),
            (
                "UPDATE offers SET closed_seq = 5, closed_reason = 'cancelled', cancelled_at = now() WHERE seq = 5",
                .closingNotLogged, 5
            ),
            ("DELETE FROM cancellations WHERE seq = 7", .cancelMissing, 7),
            ("UPDATE cancellations SET seq = 1 WHERE seq = 7", .cancelNotLogged, 1),
            ("UPDATE cancel_messages SET message = '{}' WHERE seq = 7", .cancelMessageAltered, 7),
            ("UPDATE cancel_messages SET signature = '\\x00' WHERE seq = 7", .cancelMessageAltered, 7),
            ("UPDATE cancel_messages SET signer = substr(sha256('x'), 1, 20) WHERE seq = 7", .cancelMessageAltered, 7),
            ("UPDATE offers SET fundable = 1, unfunded = true, funding_seq = 4 WHERE seq = 1", .fundingNotLogged, 4),
            (
                "UPDATE transaction_logs SET event_type = 'offer_funded', related_id = (SELECT related_id FROM "
                    + "transaction_logs WHERE seq = 1) WHERE seq = 7", .fundingMissing, 7
            ),
            ("DELETE FROM cancel_watermarks", .watermarkMissing, 10),
            ("UPDATE cancel_watermarks SET issued_before = 5", .watermarkNotLogged, 10),
            ("UPDATE cancel_watermarks SET issued_before = 5", .watermarkMissing, 10),
        ] as [(String, LogFinding.Disagreement, UInt64)])
    func `A table that says other than the log is found`(
        sql: String, kind: LogFinding.Disagreement, seq: UInt64
    ) async throws {
        let all = try await findings(after: sql)
        let found = all.contains {
            if case .disagreement(kind, seq: seq, _) = $0 { true } else { false }
        }
        #expect(found, "\(all)")
    }

    @Test func `A tail cut together with the head is found by what was seen before`() async throws {
        let before = try await verify(try await Self.shared.value)
        let expectation = LogVerifier.Expectation(seq: before.head.seq, hash: before.head.hash)
        #expect(try await verify(try await Self.shared.value, expecting: [expectation]).isSound)
        let cut = """
            DELETE FROM cancel_messages WHERE seq > 9; DELETE FROM cancel_watermarks; DELETE FROM books;
            UPDATE offers SET closed_seq = NULL, closed_reason = NULL, cancelled_at = NULL WHERE closed_seq > 9;
            DELETE FROM transaction_logs WHERE seq > 9;
            UPDATE log_head SET (seq, hash) = (SELECT seq, hash FROM transaction_logs WHERE seq = 9)
            """
        #expect(try await findings(after: cut) == [])
        #expect(
            try await findings(after: cut, expecting: [expectation])
                == [.unexpected(seq: 11, expected: expectation.hash, found: nil)])
        let other = LogVerifier.Expectation(seq: 9, hash: expectation.hash)
        guard
            case .unexpected(seq: 9, expected: expectation.hash, found: .some) =
                try await findings(after: cut, expecting: [other]).first
        else {
            Issue.record("row 9 has another hash than row 11 had")
            return
        }
    }

    @Test(arguments: [
        ("", false), ("1", false), ("1:", false), (":0x00", false),
        ("-1:0x" + String(repeating: "0", count: 64), false),
        ("1:0x" + String(repeating: "0", count: 63), false), ("1:0x" + String(repeating: "aF", count: 32), true),
        ("1:2:0x" + String(repeating: "0", count: 64), false), ("0:0x" + String(repeating: "0", count: 64), true),
    ])
    func `An expectation is a decimal position, a colon and a hash`(text: String, isOne: Bool) {
        #expect((LogVerifier.Expectation(text) != nil) == isOne)
    }
}
