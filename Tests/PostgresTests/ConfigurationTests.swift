import Foundation
import Postgres
import TestServers
import Testing

@Suite("Connection strings and session settings")
struct ConfigurationTests {
    static let secret = "hunter2secret"

    @Test(arguments: [
        ("postgres://u:\(secret)@h/db?pasword=x", "pasword"), ("host=h passwort=\(secret)", "passwort"),
        ("postgres://u:\(secret)@h/db?sslmode", nil), ("postgres://u:\(secret)%zz@h/db", nil),
        ("postgres://u:a@\(secret)@h/db", "%40"), ("postgres://u:a/\(secret)@h/db", "%2F"),
        ("\(secret)", nil), ("postgres://u:\(secret)@[::1/db", nil), ("host='h \(secret)", nil),
    ])
    func `a string that cannot be used is refused without being quoted`(url: String, named: String?) {
        let error = #expect(throws: PostgresError.self) { try PostgresConfiguration(url: url) }
        #expect(error?.kind == .configuration)
        #expect(error.map { "\($0)".contains(Self.secret) } == false)
        if let named { #expect(error?.message.contains(named) == true) }
    }

    @Test func `an unknown option among parts is named`() {
        let error = #expect(throws: PostgresError.self) {
            try PostgresConfiguration(host: "h", database: "d", user: "u", options: ["nonsense": "1"])
        }
        #expect(error?.message.contains("nonsense") == true)
    }

    @Test func `no description shows the password`() throws {
        let configuration = try PostgresConfiguration(url: "postgres://me:\(Self.secret)@db.example:5433/book")
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), dumped] {
            #expect(!text.contains(Self.secret))
        }
        #expect("\(configuration)" == "host=db.example port=5433 dbname=book user=me")
    }

    @Test func `every session has the settings asked for, and the role`() async throws {
        let server = try TestPostgres.shared()
        _ = try? server.psql("CREATE ROLE test_role NOLOGIN")
        let client = try makeClient {
            $0.role = "test_role"
            $0.applicationName = "it's a test"
            $0.lockTimeout = .milliseconds(1234)
            $0.settings = ["search_path": "pg_catalog", "work_mem": "5MB"]
        }
        let row = try await client.query(
            """
            SELECT current_setting('statement_timeout'), current_setting('lock_timeout'),
                current_setting('idle_in_transaction_session_timeout'), current_setting('search_path'),
                current_setting('work_mem'), current_user::text, current_setting('application_name'),
                current_setting('client_encoding'), current_setting('timezone')
            """
        ).single()
        let values = try (0..<row.count).map { try row.text($0) }
        #expect(values == ["5s", "1234ms", "2s", "pg_catalog", "5MB", "test_role", "it's a test", "UTF8", "UTC"])
    }

    @Test(arguments: ["x'y", "work mem", "a=b;c", ""])
    func `what is no name of a setting is refused`(name: String) async throws {
        let client = try makeClient { $0.settings = [name: "1"] }
        let error = await postgresError { _ = try await client.query("SELECT 1") }
        #expect(error?.kind == .connectFailed)
    }

    @Test func `a role that does not exist fails the connection`() async throws {
        let client = try makeClient { $0.role = "nobody\"here" }
        let error = await postgresError { _ = try await client.query("SELECT 1") }
        #expect(error?.kind == .connectFailed)
        #expect(error?.message.contains("nobody\"here") == true)
    }

    @Test func `a wrong password is refused without being shown, a right one works`() async throws {
        let server = try TestPostgres()
        try server.psql("CREATE ROLE guarded LOGIN PASSWORD 'p@ss/w%rd'")
        let rules = "local all guarded scram-sha-256\nlocal all all trust\n"
        try rules.write(to: server.directory.appending(path: "data/pg_hba.conf"), atomically: false, encoding: .utf8)
        try server.psql("SELECT pg_reload_conf()")
        let host = server.directory.path
        let wrong = try PostgresConfiguration(host: host, database: "postgres", user: "guarded", password: Self.secret)
        let refused = PostgresClient(configuration: wrong, logger: quiet)
        let error = await postgresError { _ = try await refused.query("SELECT 1") }
        #expect(error?.kind == .connectFailed)
        #expect(error.map { "\($0)".contains(Self.secret) } == false)
        let escaped = host.replacing("/", with: "%2F")
        let right = try makeClient(url: "postgres://guarded:p%40ss%2Fw%25rd@\(escaped)/postgres")
        #expect(try await right.query("SELECT current_user::text").single().text(0) == "guarded")
    }

    @Test func `a dead host in a list is passed over`() async throws {
        let server = try TestPostgres.shared()
        let configuration = try PostgresConfiguration(
            host: "/nowhere,\(server.directory.path)", database: "postgres", user: "postgres")
        let client = PostgresClient(configuration: configuration, logger: quiet)
        #expect(try await client.query("SELECT 1").count == 1)
    }
}
