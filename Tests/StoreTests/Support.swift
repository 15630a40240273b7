import Foundation
import Logging
import Postgres
import Store
import TestServers

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// The migrations of this checkout.
let projectMigrations = Result { try MigrationFiles.load(directory: projectMigrationsDirectory) }

/// `db/migrations` of the checkout this test was compiled in.
let projectMigrationsDirectory =
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "db/migrations").resolvingSymlinksInPath().path

/// A client of `url`, with one connection unless `change` says otherwise.
func makeClient(_ url: String, _ change: (inout PostgresConfiguration) -> Void = { _ in }) throws -> PostgresClient {
    var configuration = try PostgresConfiguration(url: url)
    configuration.poolSize = 1
    configuration.reconnectDelays = (.milliseconds(10), .milliseconds(100))
    change(&configuration)
    return PostgresClient(configuration: configuration, logger: quiet)
}

/// Runs `body` on a connection of its own to `url`, and ends the connection.
func withConnection<Value: Sendable>(
    _ url: String, _ body: @escaping @Sendable (PostgresConnection) throws -> Value
) async throws -> Value {
    let client = try makeClient(url)
    do {
        let value = try await client.withConnection(body)
        await client.shutdown()
        return value
    } catch {
        await client.shutdown()
        throw error
    }
}

/// The name in a URL that `TestPostgres` made.
func databaseName(_ url: String) -> String { String(url.split(separator: "/").last ?? "") }

/// A copy of a database with the whole schema, made once a process.
func makeMigratedDatabase() async throws -> String {
    let server = try TestPostgres.shared()
    let template = try await migratedTemplate.value
    return try server.makeDatabase(from: template)
}

private let migratedTemplate = Task {
    let server = try TestPostgres.shared()
    let url = try server.makeDatabase()
    let migrations = try projectMigrations.get()
    _ = try await withConnection(url) { try Migrator(migrations).up(on: $0) }
    return databaseName(url)
}

extension TestPostgres {
    /// A new database that begins as a copy of `template`, which nobody may be connected to.
    func makeDatabase(from template: String) throws -> String {
        let name = "copy_\(UInt32.random(in: 0 ... .max))"
        try psql("CREATE DATABASE \(name) TEMPLATE \(template)")
        return url(database: name)
    }
}

/// What PostgreSQL answers to `sql`, as SQLSTATE; nil when it accepts it.
func sqlstate(of sql: String, in url: String, role: String? = nil) async throws -> String? {
    let client = try makeClient(url) { $0.role = role }
    var state: String?
    do {
        try await client.withConnection { try $0.execute(script: sql) }
    } catch let error as PostgresError {
        state = error.sqlstate ?? "\(error)"
    }
    await client.shutdown()
    return state
}

/// Repeats `attempt` until it gives true or ten seconds have passed: for what another process does, which nothing announces.
func eventually(_ attempt: () async throws -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < deadline {
        if (try? await attempt()) == true { return true }
        await Task.yield()
    }
    return false
}
