import Chain
import Ethereum
import Foundation
import Logging
@_spi(Store) import Market
import Postgres
import TestServers
import Testing

@testable import Exchange
@testable import Store

/// The same histories against a real PostgreSQL: what is stored, what a follower of the log shows and what the log says
/// are those of a fresh sync.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["STRIKEBOOK_TEST_SERVERS"] != nil))
struct PostgresForkTests {
    private static let histories: UInt64 = 12
    private static let look = [
        """
        SELECT hex(block_hash), log_index, hex(offer_hash), amount, premium, status FROM fills
        WHERE status <> 'reverted' ORDER BY 1, 2
        """,
        "SELECT hex(offer_hash), filled_amount FROM filled_amounts WHERE filled_amount > 0 ORDER BY 1",
        """
        SELECT token_id, hex(offer_hash), hex(holder), hex(writer), collateral_locked, premium, start_time, expiry_time,
               settled_at, status, hex(block_hash) FROM active_options WHERE status <> 'reverted' ORDER BY 1
        """,
        """
        SELECT hex(block_hash), log_index, status, quarantine, args FROM chain_events WHERE status <> 'reverted' ORDER BY 1, 2
        """,
        "SELECT offer_hash, remaining FROM readable_books ORDER BY 1",
        "SELECT hex(address), key, encode(value, 'hex') FROM smart_contracts.contract_state ORDER BY 1, 2",
        """
        SELECT execution_id, function_name, hex(caller), executed_at FROM smart_contracts.execution_history ORDER BY 1
        """,
    ]

    /// A database with a follower on it, and books that follow the log as another process does.
    private struct Site: Leadership {
        let client: PostgresClient
        let log: PostgresLog
        let books = Books()
        let followed = Books()
        var epoch: Int64? { 0 }

        init() async throws {
            let server = try TestPostgres.shared()
            var configuration = try PostgresConfiguration(url: try server.makeDatabase())
            configuration.poolSize = 2
            let admin = PostgresClient(configuration: configuration, logger: quiet)
            let migrations = try MigrationFiles.load(directory: Self.migrations)
            _ = try await admin.withConnection { try Migrator(migrations).up(on: $0) }
            await admin.shutdown()
            configuration.role = "strikebook_app"
            client = PostgresClient(configuration: configuration, logger: quiet)
            _ = try await DeploymentTable.claim(deployment, in: client)
            log = PostgresLog(writes: client, reads: client, deployment: deployment, logger: quiet)
            let snapshot = try await log.openBooks { _ in }
            books.load([], snapshot)
            followed.load([], snapshot)
        }

        private static let migrations =
            URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "db/migrations").path

        @discardableResult
        func commit(_ request: WriteRequest) async -> WriteResult {
            do {
                let commit = try await log.commit([request.inParts(of: 4)])
                _ = books.apply(commit.events)
                return commit.results[0]
            } catch {
                return .failed(error)
            }
        }

        func follower(_ node: ScriptedNode, confirmations: UInt64) -> ChainFollower {
            ChainFollower(
                node: node, store: log, leadership: self, contract: deployment.verifyingContract,
                settings: .init(confirmations: confirmations, startBlock: 0, pollInterval: .seconds(1)),
                nowMicros: { Int64(now) * 1_000_000 }, logger: quiet,
                write: { await commit(.chain($0)) })
        }

        /// Every row of the queries as text.
        func look() async throws -> [[String]] {
            try await client.withConnection { connection in
                try PostgresForkTests.look.map { sql in
                    let text = "SELECT row.*::text FROM (\(sql)) AS row"
                    return try connection.query(Query(unsafe: text)).map { try $0.text(0) }
                }
            }
        }
    }

    @Test func `Histories of forks on PostgreSQL end as a fresh sync, in the tables, the books and the log`()
        async throws
    {
        var fills = 0
        for seed in 50_000..<50_000 + Self.histories {
            var history = RandomForkTests.History(seed: seed)
            let lived = try await Site()
            let follower = lived.follower(history.node, confirmations: history.confirmations)
            var walk = ChainWalk()
            var none: [(tx: UInt64, logs: [EventLog])] = []
            for _ in 0..<70 { history.mine(&none) }
            for _ in 0..<14 {
                switch Int.random(in: 0..<5, using: &history.random) {
                case 0, 1: history.fork(followed: follower.status.cursor?.number ?? 0)
                case 2: for _ in 0..<3 { history.mine(&none) }
                default:
                    let request = history.post()
                    history.posted.append(request)
                    await lived.commit(request)
                }
                for _ in 0..<3 { _ = await follower.step(&walk) }
            }
            while history.node.tip <= history.highest + history.confirmations + 3 { history.node.mine() }
            await RandomForkTests.finish(follower, &walk)
            #expect(follower.status.problem == nil)
            let fresh = try await Site()
            for request in history.posted { await fresh.commit(request) }
            var freshWalk = ChainWalk()
            await RandomForkTests.finish(
                fresh.follower(history.node, confirmations: history.confirmations), &freshWalk)
            let look = try await lived.look()
            fills += look[0].count
            #expect(try await fresh.look() == look, "history \(seed)")
            try await check(lived)
            if seed == 50_000 { try await checkDoctored(lived) }
            await lived.client.shutdown()
            await fresh.client.shutdown()
        }
        #expect(fills > 50)
    }

    /// No foreign key guards these tables: a row that says other than the log is found when the log is verified.
    private func checkDoctored(_ site: Site) async throws {
        let doctored: [(change: String, kinds: Set<LogFinding.Disagreement>)] = [
            ("chain_events SET seq = 1", [.eventNotLogged]), ("chain_events SET seq = 1000000", [.eventNotLogged]),
            ("chain_events SET status = 'pending'", [.eventNotLogged, .fillDiffers]),
            ("chain_events SET quarantine = 'no reason'", [.eventNotLogged, .fillDiffers]),
            ("chain_events SET args = replace(args, '\"to\"', '\"of\"')", [.eventNotLogged]),
            ("fills SET seq = 1000000", [.fillDiffers]),
            ("fills SET amount = amount + 1", [.fillDiffers, .optionDiffers]),
            ("fills SET offer_hash = sha256('x')", [.fillDiffers, .optionDiffers]),
            ("active_options SET seq = 1000000", [.optionDiffers]),
            ("active_options SET premium = premium + 1", [.optionDiffers]),
            ("active_options SET collateral_locked = collateral_locked + 1", [.optionDiffers]),
            ("active_options SET log_index = log_index + 100", [.optionDiffers]),
        ]
        for (change, kinds) in doctored {
            let found = try await site.client.withConnection { connection in
                _ = try connection.query("BEGIN")
                _ = try connection.query(Query(unsafe: "UPDATE \(change) WHERE status = 'confirmed'"))
                let report = try LogVerifier.snapshot(on: connection)
                _ = try connection.query("ROLLBACK")
                return Set(
                    report.findings.compactMap { finding in
                        if case .disagreement(let kind, _, _) = finding { kind } else { nil }
                    })
            }
            #expect(found.subtracting([.cancelMessageAltered, .filledDiffers]) == kinds, "\(change)")
        }
    }

    /// The log agrees with the tables, and books that follow it show what those that wrote it show.
    private func check(_ site: Site) async throws {
        let report = try await site.client.withConnection { try LogVerifier.verify(on: $0) }
        // Samples are not signed, so messages are found altered; nothing else is.
        let findings = report.findings.filter {
            if case .disagreement(.cancelMessageAltered, _, _) = $0 { false } else { true }
        }
        #expect(findings.isEmpty)
        while case let events = try await site.log.events(after: site.followed.appliedSeq, limit: 17), !events.isEmpty {
            #expect(site.followed.apply(events) == .upToDate)
        }
        for isCall in [true, false] {
            let id = BookID(underlying: address(0xaa), isCall: isCall)
            let pages = [site.books, site.followed].map { BookQuery().page(of: $0.book(id)).rows.map(\.rowJSON) }
            #expect(pages[0] == pages[1])
            #expect(site.books.book(id).hash == site.followed.book(id).hash)
            #expect(site.books.book(id).seq == site.followed.book(id).seq)
        }
    }
}
