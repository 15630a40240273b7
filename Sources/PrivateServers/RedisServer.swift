import Glibc
import Logging

/// The private Redis of one home: a cache that keeps nothing, so one left by an earlier process is simply replaced.
struct RedisServer: Server {
    let home: ServerHome
    let sockets: String
    let program: String
    let logger: Logger

    let name = "Redis"

    init(home: ServerHome, sockets: String, logger: Logger) throws(PrivateServerError) {
        guard let program = Launch.find("redis-server") else {
            throw .missingProgram(
                name: "redis-server", searched: "PATH",
                hint: "install the package redis-server, or give --redis-url (none runs without)")
        }
        self.home = home
        self.sockets = sockets
        self.program = program
        self.logger = logger
    }

    var socket: String { sockets + "/" + SocketDirectory.redisFile }
    private var configuration: String { Self.configuration(home) }
    private static func configuration(_ home: ServerHome) -> String { home.config + "/redis.conf" }

    /// A URL of the socket; its path needs no escaping (see `SocketDirectory`).
    static func url(sockets: String) -> String { "unix://\(sockets)/\(SocketDirectory.redisFile)" }

    func bringUp(started: (ServerProcess) -> Void) async throws(PrivateServerError) -> ServerProcess {
        try await Self.clearRemains(home)
        try FileSystem.makePrivateDirectory(home.redis, for: home.user)
        try FileSystem.write(text, to: configuration, mode: 0o644)
        unlink(socket)
        let launch = Launch(
            program: program, arguments: [configuration], user: home.user, logFile: home.logs + "/redis.log")
        let pid = try launch.start()
        guard let process = ServerProcess(pid: pid) else {
            throw .startFailed(server: name, detail: launch.logTail())
        }
        started(process)
        let end = ContinuousClock.now + .seconds(10)
        while !SocketDirectory.accepts(socket) {
            if !process.isAlive || ContinuousClock.now > end || Task.isCancelled {
                _ = await stop(process)
                throw Task.isCancelled ? .cancelled : .startFailed(server: name, detail: launch.logTail())
            }
            await pause(.milliseconds(5))
        }
        logger.info("started", metadata: ["server": "\(name)", "pid": "\(process.pid)"])
        return process
    }

    func stop(_ process: ServerProcess) async -> Bool { await Self.end(process) }

    /// Ends a Redis of this home that a killed process left behind.
    static func clearRemains(_ home: ServerHome) async throws(PrivateServerError) {
        // With set-proc-title off the arguments stay as they were given, and name this home's file.
        let remains = ServerProcess.all { words in
            words.count > 1 && words[words.count - 2].hasSuffix("/redis-server") && words.last == configuration(home)
        }
        for process in remains {
            guard await end(process) else {
                throw .startFailed(server: "Redis", detail: "process \(process.pid) of the last one does not end")
            }
        }
    }

    private static func end(_ process: ServerProcess) async -> Bool {
        process.signal(SIGTERM)
        if await process.waitForExit(.seconds(5)) { return true }
        process.signal(SIGKILL)
        return await process.waitForExit(.seconds(5))
    }

    private var text: String {
        """
        # Written by strikebook at every start.
        port 0
        unixsocket \(socket)
        unixsocketperm 700
        daemonize no
        set-proc-title no
        dir "\(Self.quoted(home.redis))"
        logfile ""
        loglevel notice
        always-show-logo no
        # A cache: nothing is kept, and when it is full what was used longest ago goes.
        save ""
        appendonly no
        maxmemory 256mb
        maxmemory-policy allkeys-lru
        maxclients 1000
        timeout 0

        """
    }

    /// Inside double quotes in redis.conf.
    private static func quoted(_ path: String) -> String {
        path.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\")
            .split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"")
    }
}
