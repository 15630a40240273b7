import ArgumentParser
import Exchange
import Logging
import Postgres
import PrivateServers
import Store

/// `strikebook migrate`
struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring the database's schema up or down.",
        discussion: """
            Example: strikebook migrate up --database-url postgres://me@localhost/strikebook
            Without a URL it works on the private server of --data-dir.
            """,
        subcommands: [Up.self, Down.self, Status.self, Verify.self])

    struct Up: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Apply pending migrations.", discussion: "Example: strikebook migrate up --to 3")
        @OptionGroup var databases: DatabaseOptions
        @Option(help: "The last version to apply (the newest).") var to: Int?

        func run() async throws {
            let (to, migrator) = (to, try Migrator.own())
            let steps = try await databases.withConnection { connection in
                try migrator.up(to: to, on: connection) { print("up \($0.title) (\($0.executionMillis) ms)") }
            }
            if steps.isEmpty { print("nothing to do") }
        }
    }

    struct Down: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take migrations back; what they made is lost.",
            discussion: "Example: strikebook migrate down --to 0")
        @OptionGroup var databases: DatabaseOptions
        @Option(help: "The version to go back to; 0 is an empty database (the one before the last).") var to: Int?

        func run() async throws {
            let (to, migrator) = (to, try Migrator.own())
            let steps = try await databases.withConnection { connection in
                try migrator.down(to: to, on: connection) { print("down \($0.title) (\($0.executionMillis) ms)") }
            }
            if steps.isEmpty { print("nothing to do") }
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the migrations and whether they are applied.",
            discussion: "Example: strikebook migrate status")
        @OptionGroup var databases: DatabaseOptions

        func run() async throws {
            let migrator = try Migrator.own()
            for step in try await databases.withConnection({ try migrator.status(on: $0) }) {
                let time = step.appliedAtMicros.map { " " + Timestamp.text(micros: $0) } ?? ""
                print("\(step.version) \(step.name) \(step.state.rawValue)\(time)")
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check that the schema is exactly what this program knows.",
            discussion: "Example: strikebook migrate verify; ends with 4 when it is not.")
        @OptionGroup var databases: DatabaseOptions

        func run() async throws {
            let migrator = try Migrator.own()
            try await databases.withConnection { try migrator.requireCurrent(on: $0) }
            print("the schema is current: \(migrator.migrations.count) migrations")
        }
    }
}

extension DatabaseOptions {
    /// Runs `body` on a connection as the connecting user, without a limit on the time of a statement. Starts the
    /// private servers for the work when nothing runs.
    func withConnection<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection) throws -> Value
    ) async throws -> Value {
        let settings = try settings()
        let logger = Logger(label: "strikebook", factory: { LogOutput(label: $0, level: .warning, isJSON: false) })
        if let url = settings.databaseURL { return try await Self.connected(to: url, logger, body) }
        return try await PrivateServerGroup.withServers(dataDirectory: settings.dataDirectory, logger: logger) { urls in
            try await Self.connected(to: urls.database, logger, body)
        }
    }

    private static func connected<Value: Sendable>(
        to url: String, _ logger: Logger, _ body: @escaping @Sendable (PostgresConnection) throws -> Value
    ) async throws -> Value {
        var configuration = try PostgresConfiguration(url: url)
        configuration.poolSize = 1
        configuration.statementTimeout = .zero
        configuration.idleInTransactionTimeout = .zero
        let client = PostgresClient(configuration: configuration, logger: logger)
        do {
            let value = try await client.withConnection(body)
            await client.shutdown()
            return value
        } catch {
            await client.shutdown()
            throw error
        }
    }
}
