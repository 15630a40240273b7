import Postgres
import TestServers
import Testing

@Suite("Sessions ended at random under load", .serialized)
struct ChaosTests {
    /// What the callers of one run were told.
    struct Tally: Sendable {
        var stored = 0
        var unknown = 0
        var failed = 0

        static func + (left: Tally, right: Tally) -> Tally {
            Tally(
                stored: left.stored + right.stored, unknown: left.unknown + right.unknown,
                failed: left.failed + right.failed)
        }
    }

    @Test(.timeLimit(.minutes(2))) func `every call ends, and what it says about a commit is true`() async throws {
        let server = try TestPostgres()
        try server.psql("CREATE TABLE stored (v bigint)")
        let client = try makeClient(url: server.url()) { $0.poolSize = 4 }
        let tally = await withTaskGroup(of: Tally.self) { group in
            for task in 0..<16 {
                group.addTask { await Self.insert(200, task: task, client) }
            }
            for _ in 0..<30 {
                _ = try? server.psql(
                    """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1
                    """)
            }
            return await group.reduce(Tally(), +)
        }
        #expect(await eventually { try await client.query("SELECT 1").count == 1 })
        let rows = Int(try await client.query("SELECT count(*) FROM stored").single().int64(0))
        #expect(rows >= tally.stored)
        #expect(rows <= tally.stored + tally.unknown)
        #expect(tally.stored > 0)
        let statistics = client.statistics
        #expect(statistics.waiting == 0)
        #expect(statistics.connections == statistics.idle)
        await client.shutdown()
        #expect(client.statistics.connections == 0)
    }

    private static func insert(_ count: Int, task: Int, _ client: PostgresClient) async -> Tally {
        var tally = Tally()
        for number in 0..<count {
            let insert: Query = "INSERT INTO stored VALUES (\(number))"
            do {
                try await client.withConnection { connection in
                    switch (number + task) % 3 {
                    case 0: _ = try connection.query(insert)
                    case 1: _ = try connection.pipeline(["BEGIN", insert, "COMMIT"])
                    default: try connection.transaction { _ = try connection.query(insert) }
                    }
                }
                tally.stored += 1
            } catch {
                if (error as? PostgresError)?.outcomeUnknown == true { tally.unknown += 1 } else { tally.failed += 1 }
            }
        }
        return tally
    }
}
