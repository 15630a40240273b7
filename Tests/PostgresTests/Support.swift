import Dispatch
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

/// The error `body` throws, when it is one of PostgreSQL's.
func postgresError(_ body: () async throws -> Void) async -> PostgresError? {
    do {
        try await body()
        return nil
    } catch { return error as? PostgresError }
}

/// Keeps a connection's thread busy until it is opened, so that tests need no guess about time.
final class Gate: Sendable {
    private let entered = DispatchSemaphore(value: 0)
    private let opened = DispatchSemaphore(value: 0)

    /// Called on the connection's thread.
    func hold() {
        entered.signal()
        opened.wait()
    }

    /// Returns once somebody is held.
    func waitUntilHeld() async -> Bool { await eventually { self.entered.wait(timeout: .now()) == .success } }

    func open() { opened.signal() }
}
