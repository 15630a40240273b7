public import Foundation
import Synchronization

/// A private PostgreSQL on a Unix socket in a directory of its own. Ends, and removes its directory, with the last
/// reference or with this process.
///
/// The superuser is `postgres`, everybody on the socket is trusted, and fsync is off unless `settings` say otherwise.
public final class TestPostgres: Sendable {
    /// Holds the socket, the data directory `data` and the server's `log`.
    public let directory: URL
    private let settings: [String: String]
    private let process: Mutex<TestServerProcess?>
    private let databases = Mutex(0)

    /// One server for all tests of this process that neither stop nor reconfigure it; started on first use.
    public static func shared() throws -> TestPostgres { try sharedServer.get() }
    private static let sharedServer = Result { try TestPostgres(settings: ["max_connections": "400"]) }

    /// Starts a server.
    ///
    /// - Parameter settings: postgresql.conf's names and values.
    public init(settings: [String: String] = [:]) throws {
        directory = try makeTestDirectory()
        self.settings = settings
        process = Mutex(nil)
        let template = try Self.template.get()
        try runToEnd(["cp", "-a", template.path + "/.", directory.path])
        try start()
    }

    deinit {
        // The watcher beside a running server removes the directory.
        if process.withLock({ $0?.isRunning != true }) { try? FileManager.default.removeItem(at: directory) }
    }

    /// A connection URL for the socket.
    public func url(database: String = "postgres", user: String = "postgres") -> String {
        let host = directory.path.replacingOccurrences(of: "/", with: "%2F")
        return "postgres://\(user)@\(host)/\(database)"
    }

    /// Makes an empty database and returns its URL.
    public func makeDatabase() throws -> String {
        let name = databases.withLock { count in
            count += 1
            return "test_\(count)"
        }
        try psql("CREATE DATABASE \(name)")
        return url(database: name)
    }

    /// Runs SQL as the superuser through psql and returns the unaligned rows.
    @discardableResult
    public func psql(_ sql: String, database: String = "postgres") throws -> String {
        try runToEnd([Self.binary("psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql, url(database: database)])
    }

    /// Starts the server again after ``stop(_:)`` and waits until it takes connections.
    public func start() throws {
        try process.withLock { process in
            guard process?.isRunning != true else { return }
            var all = [
                "listen_addresses": "", "unix_socket_directories": directory.path, "fsync": "off",
                "shared_buffers": "32MB", "log_min_messages": "fatal",
            ]
            all.merge(settings) { _, given in given }
            let options = all.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] }
            let started = try TestServerProcess(
                Self.asServerUser([Self.binary("postgres"), "-D", data.path] + options), in: directory)
            process = started
            try waitUntil("PostgreSQL takes connections (see \(directory.path)/log)") { try isReady(started) }
        }
    }

    /// How ``stop(_:)`` ends the server.
    public enum Stop: Sendable {
        /// Open connections are told and closed.
        case fast
        /// As a power cut would.
        case kill
    }

    /// Ends the server and waits until it has ended.
    public func stop(_ how: Stop = .fast) throws {
        try process.withLock { process in
            try process?.end(how == .fast ? SIGINT : SIGQUIT)
            process = nil
        }
    }

    /// Freezes the server and all its sessions: sockets stay open, nothing answers.
    public func pause() { process.withLock { $0?.signalAll(SIGSTOP) } }

    /// Undoes ``pause()``.
    public func resume() { process.withLock { $0?.signalAll(SIGCONT) } }

    private var data: URL { directory.appending(path: "data") }

    private func isReady(_ process: TestServerProcess) throws -> Void? {
        if !process.isRunning {
            let log = try? String(contentsOf: directory.appending(path: "log"), encoding: .utf8)
            throw TestServerError(description: "PostgreSQL ended at its start: \(log?.suffix(500) ?? "")")
        }
        let file = try? String(contentsOf: data.appending(path: "postmaster.pid"), encoding: .utf8)
        let lines = file?.split(separator: "\n", omittingEmptySubsequences: false) ?? []
        return lines.count > 7 && lines[0] == "\(process.pid)" && lines[7].hasPrefix("ready") ? () : nil
    }

    /// Made once a process, for initdb is slow; removed by hand at its end.
    private static let template = Result {
        let directory = try makeTestDirectory()
        atexit { removeTemplate() }
        templateDirectory.withLock { $0 = directory }
        if getuid() == 0 { try runToEnd(["chown", "postgres", directory.path]) }
        let command = [
            binary("initdb"), "-D", directory.appending(path: "data").path, "-U", "postgres", "-A", "trust", "-E",
            "UTF8",
            "--locale=C", "--no-sync",
        ]
        try runToEnd(asServerUser(command))
        return directory
    }
    private static let templateDirectory = Mutex<URL?>(nil)

    private static func removeTemplate() {
        if let directory = templateDirectory.withLock({ $0 }) { try? FileManager.default.removeItem(at: directory) }
    }

    /// PostgreSQL refuses to run as root.
    private static func asServerUser(_ command: [String]) -> [String] {
        guard getuid() == 0 else { return command }
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] + command
    }

    /// From PATH, or the newest version under /usr/lib/postgresql.
    private static func binary(_ name: String) -> String {
        let files = FileManager.default
        let inPath = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
        let versions = (try? files.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        let packaged = versions.compactMap(Int.init).sorted(by: >).map { "/usr/lib/postgresql/\($0)/bin/\(name)" }
        return (inPath + packaged).first { files.isExecutableFile(atPath: $0) } ?? name
    }
}
