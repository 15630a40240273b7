import Glibc
import Logging

/// The private PostgreSQL of one home.
struct PostgresServer: Server {
    let home: ServerHome
    let settings: PostgresSettings
    let binaries: PostgresBinaries
    let logger: Logger

    let name = "PostgreSQL"

    /// A crash recovery may take this long; the process is watched meanwhile.
    static let longestStart: Duration = .seconds(600)
    /// SIGINT rolls back what is open and writes a checkpoint; SIGQUIT after it does without (recovery follows).
    static let longestStop: Duration = .seconds(60)

    func bringUp(started: (ServerProcess) -> Void) async throws(PrivateServerError) -> ServerProcess {
        // A second try, because a process that was about to start when its program was killed may come first by a hair.
        do { return try await takeOverOrStart(started) } catch {
            guard case .startFailed = error, !Task.isCancelled else { throw error }
            return try await takeOverOrStart(started)
        }
    }

    private func takeOverOrStart(
        _ started: (ServerProcess) -> Void
    ) async throws(PrivateServerError) -> ServerProcess {
        if let running = postmaster() {
            started(running)
            if hasCurrentSettings, try await becomesReady(running) {
                logger.info("took over a running server", metadata: metadata(running))
                return running
            }
            _ = await stop(running)
        }
        try await clearRemains()
        for file in settings.files {
            let path = home.config + "/" + file.name
            if FileSystem.read(path) != file.text { try FileSystem.write(file.text, to: path, mode: 0o644) }
        }
        let launch = Launch(
            program: binaries.postgres, arguments: settings.arguments, user: home.user,
            logFile: home.logs + "/postgres.log")
        let process = ServerProcess(pid: try launch.start())
        if let process {
            started(process)
            if try await becomesReady(process) {
                logger.info("started", metadata: metadata(process))
                return process
            }
            if process.isAlive { _ = await stop(process) }
        }
        throw .startFailed(server: name, detail: launch.logTail() + collectedTail(after: launch))
    }

    /// The end of the log that PostgreSQL keeps in its cluster once it is far enough; empty when it is not.
    private func collectedTail(after launch: Launch, lines: Int = 6) -> String {
        guard FileSystem.read(launch.logFile)?.contains("redirecting log output") == true,
            let words = FileSystem.read(home.cluster + "/current_logfiles")?.split(separator: " "), words.count > 1,
            let file = words[1].split(separator: "\n").first,
            let text = FileSystem.read("\(home.cluster)/\(file)", limit: 1 << 26)
        else { return "" }
        return "\n  \(file):\n  " + text.split(separator: "\n").suffix(lines).joined(separator: "\n  ")
    }

    func stop(_ process: ServerProcess) async -> Bool {
        process.signal(SIGINT)
        if await process.waitForExit(Self.longestStop) { return true }
        logger.warning("still running after a fast shutdown; stopping it at once", metadata: metadata(process))
        process.signal(SIGQUIT)
        return await process.waitForExit(.seconds(15))
    }

    /// The cluster's main process, when it runs: the one in postmaster.pid, if that is really ours.
    func postmaster() -> ServerProcess? {
        guard let file = PostmasterFile.read(cluster: home.cluster), let process = ServerProcess(pid: file.pid),
            isPostmaster(process.arguments)
        else { return nil }
        return process
    }

    /// `…/postgres -D <our cluster>`, and not some other program that names it, as pg_ctl or an editor may.
    private func isPostmaster(_ arguments: [String]) -> Bool {
        guard let option = arguments.firstIndex(of: "-D"), option > 0, option + 1 < arguments.count else {
            return false
        }
        return arguments[option - 1].hasSuffix("/postgres") && arguments[option + 1] == home.cluster
    }

    private var hasCurrentSettings: Bool {
        settings.files.allSatisfy { FileSystem.read(home.config + "/" + $0.name) == $0.text }
    }

    /// Waits until the server is ready (`true`) or has ended or is ending (`false`).
    private func becomesReady(_ process: ServerProcess) async throws(PrivateServerError) -> Bool {
        let begin = ContinuousClock.now
        var nextWord = begin + .seconds(5)
        while process.isAlive {
            if let file = PostmasterFile.read(cluster: home.cluster), file.pid == process.pid {
                if file.status == "stopping" { return false }
                if file.status == "ready" {
                    return SocketDirectory.accepts(settings.sockets + "/" + SocketDirectory.postgresFile)
                }
            }
            if Task.isCancelled {
                _ = await stop(process)
                throw .cancelled
            }
            let now = ContinuousClock.now
            if now - begin > Self.longestStart { return false }
            if now > nextWord {
                logger.info("PostgreSQL is still starting (recovering after a crash, perhaps)")
                nextWord = now + .seconds(5)
            }
            await pause(.milliseconds(10))
        }
        return false
    }

    /// Ends the processes that a killed main process left, which would keep its shared memory, and removes its pid file
    /// and sockets: PostgreSQL itself would refuse to start when those ids have gone to processes of somebody else.
    private func clearRemains() async throws(PrivateServerError) {
        let title = "postgres: \(settings.clusterName): "
        func remains() -> [ServerProcess] {
            ServerProcess.all { isPostmaster($0) || $0.first?.hasPrefix(title) == true }
        }
        let end = ContinuousClock.now + .seconds(10)
        var found = remains()
        while !found.isEmpty {
            // They notice by themselves within moments, except in the middle of a long query.
            if ContinuousClock.now > end - .seconds(9) { for process in found { process.signal(SIGQUIT) } }
            if ContinuousClock.now > end - .seconds(5) { for process in found { process.signal(SIGKILL) } }
            if ContinuousClock.now > end {
                throw .startFailed(server: name, detail: "process \(found[0].pid) of the last one does not end")
            }
            await pause(.milliseconds(20))
            found = remains()
        }
        unlink(home.cluster + "/postmaster.pid")
        unlink(settings.sockets + "/" + SocketDirectory.postgresFile)
        unlink(settings.sockets + "/" + SocketDirectory.postgresFile + ".lock")
    }

    private func metadata(_ process: ServerProcess) -> Logger.Metadata {
        ["server": "\(name)", "version": "\(binaries.major)", "pid": "\(process.pid)"]
    }
}
