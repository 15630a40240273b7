public import Logging
public import ServiceLifecycle
import Synchronization

/// Where a private PostgreSQL and Redis are reached.
public struct ServerURLs: Sendable, Equatable {
    /// `postgresql:///strikebook?user=strikebook&host=<socket directory>`, as libpq reads it.
    public let database: String
    /// `unix://<socket>`, or `none` when they run without Redis.
    public let redis: String
}

/// A PostgreSQL and a Redis of the program's own, on Unix sockets under its data directory.
///
/// One process at a time runs them; it holds a lock on the directory, which the kernel gives back even after `kill -9`.
/// Servers that were left running then are taken over (PostgreSQL) or replaced (Redis) by the next start.
public final class PrivateServerGroup: Sendable, Service {
    /// How to reach them; stays the same while they are restarted.
    public let urls: ServerURLs

    private let servers: [any Server]
    private let home: ServerHome
    private let logger: Logger
    private let state: Mutex<State>

    private struct State {
        /// By position in `servers`.
        var processes: [ServerProcess?]
        /// Given back when all are stopped.
        var lock: DirectoryLock?
    }

    private init(servers: [any Server], urls: ServerURLs, home: ServerHome, lock: DirectoryLock, logger: Logger) {
        self.servers = servers
        self.urls = urls
        self.home = home
        self.logger = logger
        state = Mutex(State(processes: servers.map { _ in nil }, lock: lock))
    }

    /// Starts both (or PostgreSQL alone), making their files first where there are none, and returns when they accept
    /// connections. The servers run until `run()` ends or `stop()` is called.
    public static func start(
        dataDirectory: String, redis: Bool = true, logger: Logger
    ) async throws(PrivateServerError) -> PrivateServerGroup {
        let home = try ServerHome.prepare(dataDirectory)
        let lock = try await takeLock(home)
        let sockets = try SocketDirectory.prepare(for: home)
        var servers: [any Server] = []
        let binaries = try await PostgresCluster(home: home, logger: logger).prepare()
        let settings = PostgresSettings(home: home, sockets: sockets)
        servers.append(PostgresServer(home: home, settings: settings, binaries: binaries, logger: logger))
        if redis {
            servers.append(try RedisServer(home: home, sockets: sockets, logger: logger))
        } else {
            try await RedisServer.clearRemains(home)
        }
        let urls = ServerURLs(
            database: PostgresSettings.url(sockets: sockets), redis: redis ? RedisServer.url(sockets: sockets) : "none")
        let group = PrivateServerGroup(servers: servers, urls: urls, home: home, lock: lock, logger: logger)
        do {
            for position in servers.indices { try await group.bringUp(position) }
        } catch {
            await group.stop()
            throw error
        }
        return group
    }

    /// Watches the servers and restarts one that dies, until graceful shutdown or cancellation; then stops both.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                for position in self.servers.indices { group.addTask { await self.watch(position) } }
            }
        }
        await stop()
    }

    /// Ends the servers, the last started first, and gives the data directory back. Also works in a cancelled task;
    /// calling it again does nothing.
    public func stop() async {
        for position in servers.indices.reversed() {
            guard let process = state.withLock({ $0.processes[position].take() }) else { continue }
            if await servers[position].stop(process) {
                logger.info("stopped", metadata: ["server": "\(servers[position].name)"])
            } else {
                logger.error(
                    "does not end; the next start will try again",
                    metadata: ["server": "\(servers[position].name)", "pid": "\(process.pid)"])
            }
        }
        state.withLock { $0.lock = nil }
    }

    private func bringUp(_ position: Int) async throws(PrivateServerError) {
        _ = try await servers[position].bringUp { process in
            state.withLock { $0.processes[position] = process }
        }
    }

    /// Restarts at once, then, while that fails or does not last, after a delay that doubles up to ten seconds.
    private func watch(_ position: Int) async {
        let name = servers[position].name
        var failures = 0
        while !Task.isCancelled {
            let begin = ContinuousClock.now
            while let process = state.withLock({ $0.processes[position] }), process.isAlive {
                do { try await Task.sleep(for: .milliseconds(250)) } catch { return }
            }
            if ContinuousClock.now - begin > .seconds(60) { failures = 0 }
            logger.error("not running; restarting it", metadata: ["server": "\(name)", "attempt": "\(failures + 1)"])
            if failures > 0 {
                let delay = min(100 << min(failures - 1, 7), 10_000)
                do { try await Task.sleep(for: .milliseconds(Int.random(in: delay / 2...delay))) } catch { return }
            }
            failures += 1
            do throws(PrivateServerError) {
                try await bringUp(position)
            } catch {
                logger.error("\(error)", metadata: ["server": "\(name)"])
            }
        }
    }

    /// Tries for a moment: somebody who only looks whether the lock is held holds it for as long.
    private static func takeLock(_ home: ServerHome) async throws(PrivateServerError) -> DirectoryLock {
        for attempt in 0..<10 {
            if attempt > 0 { await pause(.milliseconds(20)) }
            if let lock = try DirectoryLock.acquire(home.lock, .exclusive) { return lock }
        }
        throw .busy(directory: home.dataDirectory, pid: DirectoryLock.holder(home.lock))
    }
}
