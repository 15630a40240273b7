import Postgres
import TestServers
import Testing

@Suite("What happens when sessions and servers go away", .serialized)
struct RecoveryTests {
    let server: TestPostgres

    init() throws { server = try TestPostgres() }

    func client(_ change: (inout PostgresConfiguration) -> Void = { _ in }) throws -> PostgresClient {
        try makeClient(url: server.url()) { configuration in
            configuration.poolSize = 2
            change(&configuration)
        }
    }

    @Test func `a session ended under its caller is an error once`() async throws {
        let client = try client()
        let error = await postgresError { _ = try await client.query("SELECT pg_terminate_backend(pg_backend_pid())") }
        #expect(error?.sqlstate == "57P01")
        #expect(error?.outcomeUnknown == true)
        #expect(try await client.query("SELECT 1").count == 1)
        #expect(client.statistics.reconnects == 1)
    }

    @Test func `a session ended inside a transaction has certainly not committed`() async throws {
        let client = try client()
        let error = await postgresError {
            try await client.withConnection { connection in
                try connection.transaction { _ = try connection.query("SELECT pg_terminate_backend(pg_backend_pid())") }
            }
        }
        #expect(error?.sqlstate == "57P01")
        #expect(error?.outcomeUnknown == false)
    }

    @Test func `a session ended while idle is replaced before anybody notices`() async throws {
        let client = try client()
        for _ in 0..<5 {
            let pid = try await client.query("SELECT pg_backend_pid()").single().int32(0)
            try server.psql("SELECT pg_terminate_backend(\(pid), 5000)")
            #expect(try await client.query("SELECT pg_backend_pid()").single().int32(0) != pid)
        }
        #expect(client.statistics.failedQueries == 0)
    }

    @Test(arguments: [TestPostgres.Stop.fast, .kill])
    func `a server stopped and started again`(how: TestPostgres.Stop) async throws {
        let client = try client()
        #expect(try await client.query("SELECT 1").count == 1)
        #expect(client.statistics.downSinceMicros == nil)
        try server.stop(how)
        let first = await postgresError { _ = try await client.query("SELECT 1") }
        #expect(first?.kind == .connectFailed || first?.kind == .connectionLost)
        let began = ContinuousClock.now
        for _ in 0..<20 {
            #expect(await postgresError { _ = try await client.query("SELECT 1") }?.kind == .connectFailed)
        }
        #expect(ContinuousClock.now - began < .seconds(1))
        #expect(client.statistics.downSinceMicros != nil)
        #expect(client.statistics.connectedSinceMicros == nil)
        try server.start()
        #expect(await eventually { try await client.query("SELECT 1").count == 1 })
        #expect(client.statistics.downSinceMicros == nil)
        #expect(client.statistics.connectedSinceMicros != nil)
    }

    @Test func `a server that was never there fails at once, and is found later`() async throws {
        try server.stop()
        let client = try client()
        for _ in 0..<5 {
            #expect(await postgresError { _ = try await client.query("SELECT 1") }?.kind == .connectFailed)
        }
        try server.start()
        #expect(await eventually { try await client.query("SELECT 1").count == 1 })
    }

    @Test func `a frozen server costs its callers their deadline and no more`() async throws {
        let client = try client {
            $0.statementTimeout = .milliseconds(200)
            $0.responseMargin = .milliseconds(100)
            $0.connectTimeout = .milliseconds(300)
        }
        let plain = try await client.withConnection { [server] connection in
            _ = try connection.query("BEGIN")
            server.pause()
            return Self.failure { _ = try connection.query("SELECT 1") }
        }
        #expect(plain?.kind == .timeout)
        #expect(plain?.outcomeUnknown == false)
        let began = ContinuousClock.now
        let connecting = await postgresError { _ = try await client.query("SELECT 1") }
        #expect(connecting?.kind == .connectFailed)
        #expect(ContinuousClock.now - began < .seconds(3))
        server.resume()
        #expect(await eventually { try await client.query("SELECT 1").count == 1 })
    }

    @Test func `a COMMIT without an answer may have happened`() async throws {
        let client = try client {
            $0.statementTimeout = .milliseconds(200)
            $0.responseMargin = .milliseconds(100)
        }
        let errors = try await client.withConnection { [server] connection in
            // Once before, or it would be the parsing of COMMIT that gets no answer.
            try connection.transaction {}
            _ = try connection.query("BEGIN")
            server.pause()
            let commit = Self.failure { _ = try connection.query("COMMIT") }
            return [commit, Self.failure { _ = try connection.query("SELECT 1") }]
        }
        server.resume()
        #expect(errors[0]?.kind == .timeout)
        #expect(errors[0]?.outcomeUnknown == true)
        // Nothing was sent the second time.
        #expect(errors[1]?.outcomeUnknown == false)
    }

    @Test func `sessions beyond the server's limit wait for those there are`() async throws {
        let small = try TestPostgres(settings: ["max_connections": "5", "superuser_reserved_connections": "0"])
        let client = try makeClient(url: small.url()) { $0.poolSize = 20 }
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<100 {
                group.addTask { try await client.query("SELECT pg_sleep(0.01)").count }
            }
            for try await count in group { #expect(count == 1) }
        }
        #expect(client.statistics.connections <= 5)
    }

    private static func failure(_ body: () throws -> Void) -> PostgresError? {
        do {
            try body()
            return nil
        } catch { return error as? PostgresError }
    }
}
