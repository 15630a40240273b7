import Postgres
import TestServers
import Testing

@Suite("What a connection does")
struct ConnectionTests {
    let client: PostgresClient

    init() throws { client = try makeClient { $0.poolSize = 1 } }

    @Test func `a statement is parsed once`() async throws {
        let count = try await client.withConnection { connection in
            for number in 0..<10 { _ = try connection.query("SELECT \(Int64(number)) AS parsed_once") }
            return try connection.query(
                "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%parsed_once' AND generic_plans + custom_plans = 10"
            ).single().int64(0)
        }
        #expect(count == 1)
    }

    @Test func `the same text with other types is another statement`() async throws {
        let row = try await client.withConnection { connection in
            _ = try connection.query("SELECT \(1) AS value")
            return try connection.query("SELECT \("one") AS value").single()
        }
        #expect(try row.text("value") == "one")
    }

    @Test func `prepared statements are bounded`() async throws {
        let count = try await client.withConnection { connection in
            for number in 0..<300 { _ = try connection.query("SELECT \(unsafe: "\(number)")") }
            _ = try connection.pipeline((300..<310).map { "SELECT \(unsafe: "\($0)"), \($0)" })
            return try connection.query("SELECT count(*) FROM pg_prepared_statements").single().int64(0)
        }
        #expect(count == 256)
    }

    @Test func `a statement that takes too long is ended by the server, and the session goes on`() async throws {
        let client = try makeClient { $0.statementTimeout = .milliseconds(50) }
        let (error, still) = try await client.withConnection { connection in
            let before = try connection.query("SELECT pg_backend_pid()").single().int32(0)
            var failure: PostgresError?
            do { _ = try connection.query("SELECT pg_sleep(30)") } catch { failure = error as? PostgresError }
            return (failure, try connection.query("SELECT pg_backend_pid()").single().int32(0) == before)
        }
        #expect(error?.kind == .server)
        #expect(error?.sqlstate == "57014")
        #expect(still)
    }

    @Test func `a violated constraint is named, and stored values stay out of the description`() async throws {
        let error = await postgresError {
            try await client.withConnection { connection in
                try connection.execute(script: "CREATE TEMP TABLE t (v text CONSTRAINT only_once UNIQUE)")
                _ = try connection.query("INSERT INTO t VALUES (\("secret-value"))")
                _ = try connection.query("INSERT INTO t VALUES (\("secret-value"))")
            }
        }
        #expect(error?.constraint == "only_once")
        #expect(error?.sqlstate == "23505")
        #expect(error?.isDataError == true)
        #expect(error?.outcomeUnknown == false)
        #expect(error?.detail?.contains("secret-value") == true)
        #expect(error.map { "\($0)".contains("secret-value") } == false)
    }

    @Test func `a transaction is undone when its body throws`() async throws {
        struct Mistake: Error {}
        let count = try await client.withConnection { connection in
            try connection.execute(script: "CREATE TEMP TABLE undone (v int)")
            do {
                try connection.transaction {
                    _ = try connection.query("INSERT INTO undone VALUES (1)")
                    throw Mistake()
                }
            } catch is Mistake {}
            try connection.transaction { _ = try connection.query("INSERT INTO undone VALUES (2)") }
            return try connection.query("SELECT count(*) FROM undone").single().int64(0)
        }
        #expect(count == 1)
    }

    @Test func `COMMIT of a failed transaction is an error`() async throws {
        let error = await postgresError {
            try await client.withConnection { connection in
                try connection.transaction { _ = try? connection.query("SELECT 1/0") }
            }
        }
        #expect(error?.sqlstate == "25P02")
    }

    @Test func `a transaction left open is undone before the next caller`() async throws {
        try await client.withConnection { connection in
            try connection.execute(script: "CREATE TEMP TABLE left_open (v int)")
            try connection.execute(script: "BEGIN; INSERT INTO left_open VALUES (1)")
        }
        let (count, isOpen) = try await client.withConnection { connection in
            (try connection.query("SELECT count(*) FROM left_open").single().int64(0), connection.isInTransaction)
        }
        #expect(count == 0)
        #expect(!isOpen)
    }

    @Test func `a script stops at its first error and is undone`() async throws {
        let error = await postgresError {
            try await client.withConnection { connection in
                try connection.execute(script: "CREATE TABLE never_made (v int); SELECT 1/0; SELECT 2")
            }
        }
        #expect(error?.sqlstate == "22012")
        #expect(try await client.query("SELECT to_regclass('never_made') IS NULL").single().bool(0))
    }

    @Test func `a stream hands over every row, one at a time`() async throws {
        let sum = try await client.withConnection { connection in
            var sum: Int64 = 0
            try connection.stream("SELECT i FROM generate_series(1, \(50_000)::bigint) AS i") { row in
                sum += try row.int64(0)
            }
            return sum
        }
        #expect(sum == 1_250_025_000)
        #expect(try await client.query("SELECT 1").count == 1)
    }

    @Test func `a stream left early costs the connection, not the client`() async throws {
        struct Enough: Error {}
        await #expect(throws: Enough.self) {
            try await client.withConnection { connection in
                try connection.stream("SELECT generate_series(1, 1000000)") { _ in throw Enough() }
            }
        }
        #expect(try await client.query("SELECT 1").count == 1)
        #expect(client.statistics.reconnects == 1)
    }

    @Test func `an error inside a stream is thrown`() async throws {
        let error = await postgresError {
            try await client.withConnection { connection in
                try connection.stream("SELECT 1 / (100 - i) FROM generate_series(1, 200) AS i") { _ in }
            }
        }
        #expect(error?.sqlstate == "22012")
    }

    @Test func `a plan made obsolete by a changed table is made anew`() async throws {
        let setup = try makeClient()
        _ = try await setup.query("CREATE TABLE changing (v int)")
        _ = try await client.query("SELECT * FROM changing")
        _ = try await setup.query("ALTER TABLE changing ADD COLUMN w int")
        let error = await postgresError { _ = try await client.query("SELECT * FROM changing") }
        #expect(error?.sqlstate == "0A000")
        _ = try await client.query("SELECT * FROM changing")
    }

    @Test(arguments: [
        ("COPY (SELECT 1) TO STDOUT", "COPY is not supported"), ("COPY pg_class FROM STDIN", "COPY is not supported"),
    ])
    func `COPY is refused without hanging`(sql: String, message: String) async throws {
        let error = await postgresError {
            try await client.withConnection { connection in try connection.execute(script: sql) }
        }
        #expect(error?.message.hasPrefix(message) == true)
        #expect(try await client.query("SELECT 1").count == 1)
    }

    @Test func `what the protocol cannot carry is refused before anything is sent`() async throws {
        let many = Query(
            stringInterpolation: {
                var text = Query.StringInterpolation(literalCapacity: 0, interpolationCount: 65_536)
                text.appendLiteral("SELECT 1 IN (0")
                for number in 0..<65_536 {
                    text.appendLiteral(",")
                    text.appendInterpolation(number)
                }
                text.appendLiteral(")")
                return text
            }())
        let tooMany = await postgresError { _ = try await client.query(many) }
        #expect(tooMany?.kind == .misuse)
        let zero = await postgresError { _ = try await client.query(Query(unsafe: "SELECT 1\0; DROP")) }
        #expect(zero?.kind == .misuse)
        let text = await postgresError { _ = try await client.query("SELECT \("a\0b")") }
        #expect(text?.sqlstate == "22021")
        #expect(try await client.query("SELECT 1").count == 1)
    }
}
