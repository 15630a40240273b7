public import Foundation
import Synchronization

/// A private Redis on a Unix socket in a directory of its own, without persistence. Ends, and removes its directory, with
/// the last reference or with this process.
public final class TestRedis: Sendable {
    /// Holds the socket and the server's `log`.
    public let directory: URL
    private let settings: [String: String]
    private let process: Mutex<TestServerProcess?>

    /// One server for all tests of this process that neither stop nor reconfigure it; started on first use.
    public static func shared() throws -> TestRedis { try sharedServer.get() }
    private static let sharedServer = Result { try TestRedis() }

    /// Starts a server.
    ///
    /// - Parameter settings: redis.conf's names and values, e.g. `requirepass` or `port`.
    public init(settings: [String: String] = [:]) throws {
        directory = try makeTestDirectory()
        self.settings = settings
        process = Mutex(nil)
        try start()
    }

    deinit {
        if process.withLock({ $0?.isRunning != true }) { try? FileManager.default.removeItem(at: directory) }
    }

    /// The socket's path.
    public var socketPath: String { directory.appending(path: "redis.sock").path }

    /// `unix:///…/redis.sock`.
    public var url: String { "unix://\(socketPath)" }

    /// Starts the server again, empty, after ``stop()``, and waits until it answers.
    public func start() throws {
        try process.withLock { process in
            guard process?.isRunning != true else { return }
            var all = ["port": "0", "unixsocket": socketPath, "save": "", "appendonly": "no", "dir": directory.path]
            all.merge(settings) { _, given in given }
            try? FileManager.default.removeItem(atPath: socketPath)
            let options = all.sorted { $0.key < $1.key }.flatMap { ["--\($0.key)", $0.value] }
            let started = try TestServerProcess(["redis-server"] + options, in: directory)
            process = started
            // An error reply (a password is missing) is an answer too.
            try waitUntil("Redis answers (see \(directory.path)/log)") {
                if !started.isRunning { throw TestServerError(description: "Redis ended at its start") }
                return try? runToEnd(["redis-cli", "-s", socketPath, "PING"])
            }
        }
    }

    /// Kills the server and waits until it has ended. What it held is gone.
    public func stop() throws {
        try process.withLock { process in
            try process?.end(SIGKILL)
            process = nil
        }
    }

    /// Freezes the server: sockets stay open, nothing answers.
    public func pause() { process.withLock { $0?.signalAll(SIGSTOP) } }

    /// Undoes ``pause()``.
    public func resume() { process.withLock { $0?.signalAll(SIGCONT) } }

    /// Runs one command through redis-cli and returns its plain output.
    @discardableResult
    public func cli(_ arguments: String...) throws -> String {
        try runToEnd(["redis-cli", "-s", socketPath] + arguments).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
