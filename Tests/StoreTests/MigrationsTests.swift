import Foundation
import Postgres
import TestServers
import Testing

@testable import Store

@Suite struct MigrationsTests {
    private func up(_ url: String, _ migrations: [Migration], to version: Int? = nil) async throws -> [Int] {
        try await withConnection(url) { try Migrator(migrations).up(to: version, on: $0).map(\.version) }
    }

    private func down(_ url: String, _ migrations: [Migration], to version: Int? = nil) async throws -> [Int] {
        try await withConnection(url) { try Migrator(migrations).down(to: version, on: $0).map(\.version) }
    }

    private func dump(_ url: String) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["pg_dump", "--schema-only", url]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        // Newer pg_dumps begin and end with a random word.
        return output.split(separator: "\n").filter { !$0.hasPrefix("\\") }.joined(separator: "\n")
    }

    @Test func `Up, all the way down, and up again gives the same schema`() async throws {
        let migrations = try projectMigrations.get()
        let url = try TestPostgres.shared().makeDatabase()
        let empty = try dump(url)
        #expect(try await up(url, migrations) == Array(1...migrations.count))
        let first = try dump(url)
        #expect(try await down(url, migrations, to: 0) == Array((1...migrations.count).reversed()))
        #expect(try dump(url) == empty)
        #expect(try await up(url, migrations) == Array(1...migrations.count))
        #expect(try dump(url) == first)
        #expect(try await up(url, migrations) == [])
    }

    @Test func `Every step alone can be taken back and taken again`() async throws {
        let migrations = try projectMigrations.get()
        let url = try TestPostgres.shared().makeDatabase()
        for version in 1...migrations.count {
            #expect(try await up(url, migrations, to: version) == [version])
            let before = try dump(url)
            #expect(try await down(url, migrations) == [version])
            #expect(try await up(url, migrations, to: version) == [version])
            #expect(try dump(url) == before)
        }
    }

    @Test func `Status and verify tell applied from pending, edited and unknown`() async throws {
        let migrations = try projectMigrations.get()
        let url = try TestPostgres.shared().makeDatabase()
        _ = try await up(url, migrations, to: 2)
        func states(_ migrations: [Migration]) async throws -> [Migrator.Status.State] {
            try await withConnection(url) { try Migrator(migrations).status(on: $0).map(\.state) }
        }
        func refusal(_ migrations: [Migration]) async -> MigrationError? {
            await #expect(throws: MigrationError.self) {
                try await withConnection(url) { try Migrator(migrations).requireCurrent(on: $0) }
            }
        }
        #expect(try await states(migrations) == [.applied, .applied] + migrations.dropFirst(2).map { _ in .pending })
        #expect(await refusal(migrations) == .pending(titles: migrations.dropFirst(2).map(\.title)))

        var edited = migrations
        edited[1] = Migration(version: 2, name: edited[1].name, up: edited[1].up + "\n", down: edited[1].down)
        #expect(try await states(edited)[1] == .edited)
        #expect(await refusal(edited) == .edited(title: edited[1].title))
        await #expect(throws: MigrationError.edited(title: edited[1].title)) { try await up(url, edited) }
        await #expect(throws: MigrationError.edited(title: edited[1].title)) { try await down(url, edited) }

        let older = Array(migrations.prefix(1))
        #expect(try await states(older) == [.applied, .unknown])
        await #expect(throws: MigrationError.unknown(version: 2, name: migrations[1].name, newest: 1)) {
            try await up(url, older)
        }
        await #expect(throws: MigrationError.noSuchVersion(99, newest: migrations.count)) {
            try await up(url, migrations, to: 99)
        }
    }

    @Test func `Of two migrators at once one does the work and the other finds it done`() async throws {
        let migrations = try projectMigrations.get()
        let url = try TestPostgres.shared().makeDatabase()
        async let one = up(url, migrations)
        async let other = up(url, migrations)
        let done = try await [one, other]
        #expect(Set(done) == [[], Array(1...migrations.count)])
    }

    @Test func `A migrator that waits for too long gives up and changes nothing`() async throws {
        let migrations = try projectMigrations.get()
        let url = try TestPostgres.shared().makeDatabase()
        let holder = try makeClient(url)
        _ = try await holder.query("SELECT pg_advisory_lock(8319400208759087723)")
        await #expect(throws: MigrationError.busy(seconds: 0)) {
            try await withConnection(url) { connection in
                var migrator = Migrator(migrations)
                migrator.patience = .zero
                _ = try migrator.up(on: connection)
            }
        }
        await holder.shutdown()
        #expect(try await up(url, migrations, to: 1) == [1])
    }

    @Test func `A step that fails is rolled back, says why, and can be repaired`() async throws {
        let migrations = try projectMigrations.get()
        let url = try TestPostgres.shared().makeDatabase()
        let broken =
            migrations[0..<1] + [
                Migration(
                    version: 2, name: "broken", up: "CREATE TABLE half (i int); SELECT 1 / 0;", down: "DROP TABLE half")
            ]
        await #expect(
            throws: MigrationError.failed(title: "0002_broken", sqlstate: "22012", detail: "division by zero")
        ) {
            try await up(url, Array(broken))
        }
        #expect(try await sqlstate(of: "SELECT FROM half", in: url) == "42P01")
        #expect(try await up(url, migrations) == Array(2...migrations.count))
    }

    @Test func `A file that ends its own transaction is refused`() async throws {
        let migrations = try projectMigrations.get()
        let url = try TestPostgres.shared().makeDatabase()
        let rude = Migration(version: 2, name: "rude", up: "CREATE TABLE early (i int); COMMIT;", down: "")
        await #expect(throws: MigrationError.badFiles("0002_rude ends its own transaction")) {
            try await up(url, [migrations[0], rude])
        }
    }

    /// What a file may hold when it is killed: statements before the kill, and one that lasts.
    @Test(arguments: [
        "CREATE TABLE a (i int);\n\nSELECT pg_sleep(60);\n\nCREATE TABLE b (i int);",
        Migration.optOut
            + "\n\nCREATE TABLE IF NOT EXISTS a (i int);\n\nSELECT pg_sleep(60);\n\nCREATE TABLE IF NOT EXISTS b (i int);",
    ])
    func `Killed in the middle, up finishes the next time`(sql: String) async throws {
        let migrations = try projectMigrations.get()
        let server = try TestPostgres.shared()
        let url = try server.makeDatabase()
        let undo = "DROP TABLE b; DROP TABLE a;"
        let slow = Migration(version: 2, name: "slow", up: sql, down: undo)
        async let killed: Void = {
            _ = try? await up(url, [migrations[0], slow])
        }()
        let terminate = """
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = '\(databaseName(url))' AND query LIKE '%pg_sleep(60)%'
                  AND wait_event = 'PgSleep' AND pid <> pg_backend_pid()
            """
        #expect(await eventually { try server.psql(terminate).hasPrefix("1") })
        await killed
        // The database remembers nothing of the step, so its file may still change, as one without the sleep here.
        let quick = Migration(
            version: 2, name: "slow", up: sql.replacing("SELECT pg_sleep(60);", with: "SELECT 1;"), down: undo)
        #expect(try await up(url, [migrations[0], quick]) == [2])
        #expect(try await sqlstate(of: "SELECT FROM a, b", in: url) == nil)
        #expect(try await down(url, [migrations[0], quick], to: 0) == [2, 1])
    }

    @Test func `A file that opts out of its transaction may build an index concurrently, and the session is as before`()
        async throws
    {
        let migrations = try projectMigrations.get()
        let url = try TestPostgres.shared().makeDatabase()
        let table = Migration(version: 2, name: "table", up: "CREATE TABLE t (i int);", down: "DROP TABLE t;")
        let index = Migration(
            version: 3, name: "index",
            up: """
                -- Built beside writers.
                \(Migration.optOut)

                DROP INDEX CONCURRENTLY IF EXISTS t_i;

                CREATE INDEX CONCURRENTLY t_i ON t (i);
                """, down: "DROP INDEX t_i;")
        let migrator = Migrator([migrations[0], table, index])
        let settings = try await withConnection(url) { connection in
            _ = try migrator.up(on: connection)
            return try connection.query(
                "SELECT current_setting('statement_timeout'), current_setting('lock_timeout'), current_setting('role')"
            ).single().text(0)
        }
        #expect(settings == "5s")
        #expect(try await sqlstate(of: "DROP INDEX t_i", in: url) == nil)
    }

    @Test func `Without the right to make roles the administrator is told what to run, and then it works`() async throws
    {
        let migrations = try projectMigrations.get()
        let server = try TestPostgres()
        try server.psql("CREATE ROLE \"sb user\" LOGIN")
        try server.psql("CREATE DATABASE \"sb\"")
        let url = server.url(database: "sb", user: "sb%20user")
        let refusal = await #expect(throws: MigrationError.self) { try await up(url, migrations) }
        guard case .needsAdministrator(_, let sql) = refusal else {
            Issue.record("not the administrator's affair: \(String(describing: refusal))")
            return
        }
        #expect(sql.contains("CREATE ROLE strikebook_owner NOLOGIN;"))
        #expect(sql.contains("TO \"sb user\";"))
        try server.psql(sql, database: "sb")
        #expect(try await up(url, migrations) == Array(1...migrations.count))
        #expect(try await down(url, migrations, to: 0).count == migrations.count)
        let roles =
            "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'strikebook%' AND NOT rolbypassrls AND NOT rolsuper"
        #expect(try server.psql(roles).hasPrefix("3"))
    }

    @Test func `The database's owner needs no superuser when it may make roles`() async throws {
        let migrations = try projectMigrations.get()
        let server = try TestPostgres()
        try server.psql("CREATE ROLE maker LOGIN CREATEROLE")
        try server.psql("CREATE DATABASE sb OWNER maker")
        let url = server.url(database: "sb", user: "maker")
        #expect(try await up(url, migrations) == Array(1...migrations.count))
        #expect(try await sqlstate(of: "SELECT FROM offers", in: url, role: "strikebook_app") == nil)
    }

    @Test func `Files are found by flag, beside the executable, and above it and the current directory`() throws {
        let found = MigrationFiles.candidates(
            explicit: nil, executable: "/opt/sb/bin/strikebook", currentDirectory: "/home/me/x")
        #expect(
            found == [
                "/opt/sb/share/strikebook/migrations", "/opt/sb/bin/db/migrations", "/opt/sb/db/migrations",
                "/opt/db/migrations", "/db/migrations", "/home/me/x/db/migrations", "/home/me/db/migrations",
                "/home/db/migrations",
            ])
        #expect(MigrationFiles.candidates(explicit: "/m", executable: "/x", currentDirectory: "/") == ["/m"])
        #expect(throws: MigrationError.filesNotFound(tried: ["/nowhere/at/all"])) {
            try MigrationFiles.load(explicit: "/nowhere/at/all")
        }
    }

    @Test(arguments: [
        (["0001_a.up.sql"], "number 1 has no .down.sql of its name"),
        (["0001_a.up.sql", "0001_b.down.sql"], "number 1 has no .down.sql of its name"),
        (["0002_a.up.sql", "0002_a.down.sql"], "number 1 is missing"),
        (["0001_a.up.sql", "0001_b.up.sql", "0001_a.down.sql"], "two files have the number 1"),
        (["0001_a.up.sql", "0001_a.down.sql", "0002_b.down.sql"], "a .down.sql has no .up.sql"),
        (["1_a.up.sql"], "1_a.up.sql is not named NNNN_name.up.sql or NNNN_name.down.sql"),
        (["+001_a.up.sql"], "+001_a.up.sql is not named NNNN_name.up.sql or NNNN_name.down.sql"),
        (["notes.sql"], "notes.sql is not named NNNN_name.up.sql or NNNN_name.down.sql"),
    ])
    func `A directory that is no sequence of pairs is refused`(files: [String], detail: String) throws {
        let directory = FileManager.default.temporaryDirectory.appending(
            path: "sb-files-\(UInt32.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        for file in files { try Data("SELECT 1;".utf8).write(to: directory.appending(path: file)) }
        #expect(throws: MigrationError.badFiles(detail)) { try MigrationFiles.load(directory: directory.path) }
    }
}
