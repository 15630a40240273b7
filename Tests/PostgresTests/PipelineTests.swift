import Postgres
import Testing

@Suite("Several statements in one round trip")
struct PipelineTests {
    let client: PostgresClient

    init() throws { client = try makeClient { $0.poolSize = 1 } }

    @Test func `answers come in order`() async throws {
        let rows = try await client.withConnection { connection in
            try connection.pipeline((0..<500).map { "SELECT \(Int64($0)) AS n" })
        }
        #expect(try rows.map { try $0.single().int64("n") } == Array(0..<500))
    }

    @Test func `the first error is thrown, the rest skipped, nothing kept, and the session goes on`() async throws {
        let (error, count, samePID) = try await client.withConnection { connection in
            try connection.execute(script: "CREATE TEMP TABLE p (v int CONSTRAINT small CHECK (v < 10))")
            let pid = try connection.query("SELECT pg_backend_pid()").single().int32(0)
            var failure: PostgresError?
            do {
                _ = try connection.pipeline([
                    "INSERT INTO p VALUES (1)", "INSERT INTO p VALUES (\(Int32(11)))", "SELECT 1/0",
                    "INSERT INTO p VALUES (2)",
                ])
            } catch { failure = error as? PostgresError }
            let count = try connection.query("SELECT count(*) FROM p").single().int64(0)
            return (failure, count, try connection.query("SELECT pg_backend_pid()").single().int32(0) == pid)
        }
        #expect(error?.constraint == "small")
        #expect(error?.outcomeUnknown == false)
        #expect(count == 0)
        #expect(samePID)
    }

    @Test func `a statement skipped before it was prepared can be used later`() async throws {
        let value = try await client.withConnection { connection in
            let late: Query = "SELECT \(Int32(5)) AS late"
            _ = try? connection.pipeline(["SELECT 1/0", late])
            _ = try connection.pipeline([late, late])
            return try connection.query(late).single().int32("late")
        }
        #expect(value == 5)
    }

    @Test func `a wrong statement is named by its own error`() async throws {
        let error = await postgresError {
            try await client.withConnection { connection in
                _ = try connection.pipeline(["SELECT 1", "SELECT nothing_like_it", "SELECT 2"])
            }
        }
        #expect(error?.sqlstate == "42703")
        #expect(try await client.query("SELECT 1").count == 1)
    }

    @Test func `BEGIN to COMMIT in one pipeline`() async throws {
        let count = try await client.withConnection { connection in
            try connection.execute(script: "CREATE TEMP TABLE q (v bigint)")
            let rows = try connection.pipeline([
                "BEGIN", "INSERT INTO q SELECT * FROM unnest(\(Array<Int64>(0..<100)))", "COMMIT",
            ])
            #expect(rows[1].affectedRows == 100)
            #expect(rows[2].commandTag == "COMMIT")
            return try connection.query("SELECT count(*) FROM q").single().int64(0)
        }
        #expect(count == 100)
    }

    @Test func `COMMIT of a failed transaction is an error here too`() async throws {
        let error = await postgresError {
            try await client.withConnection { connection in
                _ = try connection.query("BEGIN")
                _ = try? connection.query("SELECT 1/0")
                _ = try connection.pipeline(["COMMIT"])
            }
        }
        #expect(error?.sqlstate == "25P02")
    }

    @Test func `both directions full at once`() async throws {
        let big = [UInt8](repeating: 7, count: 400_000)
        let sizes = try await client.withConnection { connection in
            try connection.pipeline((0..<60).map { _ in "SELECT \(big)" }).map { try $0.single().bytes(0).count }
        }
        #expect(sizes == Array(repeating: 400_000, count: 60))
    }

    @Test func `no statements, no round trip`() async throws {
        let rows = try await client.withConnection { connection in try connection.pipeline([]) }
        #expect(rows.isEmpty)
    }
}
