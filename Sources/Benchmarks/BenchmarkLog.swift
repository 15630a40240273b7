import Exchange
import Logging
import Market
import Postgres
import PrivateServers
import Store

/// The log in a private PostgreSQL, used from this process: what the service has between its queue and the disk.
struct BenchmarkLog: Sendable {
    let log: PostgresLog
    /// Connections of the database's owner.
    let database: PostgresClient
    let databaseURL: String

    /// Runs `body` on the log under `dataDirectory`, made there at need; its PostgreSQL ends with it.
    static func with<Value: Sendable>(
        dataDirectory: String, _ body: @escaping @Sendable (BenchmarkLog) async throws -> Value
    ) async throws -> Value {
        let logger = Logger(label: "benchmarks", factory: { _ in SwiftLogNoOpLogHandler() })
        return try await PrivateServerGroup.withServers(dataDirectory: dataDirectory, logger: logger) { urls in
            let database = try PostgresClient.benchmark(urls.database)
            let writes = PostgresClient(
                configuration: try PostgresConfiguration(url: urls.database).writingLog(), logger: logger)
            let result: Result<Value, any Error>
            do {
                let migrator = Migrator(try MigrationFiles.load(explicit: Environment["STRIKEBOOK_MIGRATIONS"]))
                _ = try await database.withConnection { try migrator.up(on: $0) }
                _ = try await DeploymentTable.claim(SampleOffers.deployment, in: writes)
                let log = PostgresLog(
                    writes: writes, reads: database, deployment: SampleOffers.deployment, logger: logger)
                result = .success(
                    try await body(BenchmarkLog(log: log, database: database, databaseURL: urls.database)))
            } catch {
                result = .failure(error)
            }
            await writes.shutdown()
            await database.shutdown()
            return try result.get()
        }
    }

    /// Commits offers in batches of `size`; every one must be new.
    /// - Returns: seconds.
    func commit(_ offers: ArraySlice<SignedOffer>, by size: Int) async throws -> Double {
        let begin = Clock.now()
        for start in stride(from: offers.startIndex, to: offers.endIndex, by: size) {
            try Interrupt.check()
            let batch = offers[start..<min(start + size, offers.endIndex)]
            let commit = try await log.commit(batch.map { .offer($0) })
            let created = commit.results.count { if case .created = $0 { true } else { false } }
            guard created == batch.count else {
                throw BenchmarkFailure("of \(batch.count) new offers \(created) were created")
            }
        }
        return Double(Clock.now() - begin) / 1e9
    }
}

extension PostgresClient {
    /// A client for measuring, without a tight limit on the time of a statement.
    static func benchmark(_ url: String) throws -> PostgresClient {
        var configuration = try PostgresConfiguration(url: url)
        configuration.poolSize = 2
        configuration.statementTimeout = .seconds(120)
        return PostgresClient(
            configuration: configuration,
            logger: Logger(label: "benchmarks", factory: { _ in SwiftLogNoOpLogHandler() }))
    }
}
