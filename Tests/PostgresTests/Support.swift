import Logging
import Postgres
import TestServers

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A client of the shared server, in a database of its own, with short delays.
func makeClient(
    url: String? = nil, _ change: (inout PostgresConfiguration) -> Void = { _ in }
) throws -> PostgresClient {
    var configuration = try PostgresConfiguration(url: url ?? TestPostgres.shared().url())
    configuration.reconnectDelays = (.milliseconds(10), .milliseconds(100))
    change(&configuration)
    return PostgresClient(configuration: configuration, logger: quiet)
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

/// The error `body` throws, when it is one of PostgreSQL's.
func postgresError(_ body: () async throws -> Void) async -> PostgresError? {
    do {
        try await body()
        return nil
    } catch { return error as? PostgresError }
}
