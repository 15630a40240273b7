public import Logging

extension PrivateServerGroup {
    /// How to reach the servers that another process runs for this data directory; `nil` when none does, or when they
    /// are not ready.
    public static func running(dataDirectory: String) -> ServerURLs? {
        guard let home = ServerHome.find(dataDirectory), DirectoryLock.isHeld(home.lock),
            let file = PostmasterFile.read(cluster: home.cluster), file.status == "ready",
            SocketDirectory.accepts(file.socketDirectory + "/" + SocketDirectory.postgresFile)
        else { return nil }
        let hasRedis = SocketDirectory.accepts(file.socketDirectory + "/" + SocketDirectory.redisFile)
        return ServerURLs(
            database: PostgresSettings.url(sockets: file.socketDirectory),
            redis: hasRedis ? RedisServer.url(sockets: file.socketDirectory) : "none")
    }

    /// Does some work with the servers of a data directory: those that run, or ones started for the work and stopped
    /// after it (which waits for other commands that use them meanwhile).
    public static func withServers<Result: Sendable>(
        dataDirectory: String, redis: Bool = false, logger: Logger,
        _ body: @Sendable (ServerURLs) async throws -> Result
    ) async throws -> Result {
        let home = try ServerHome.prepare(dataDirectory)
        let end = ContinuousClock.now + .seconds(60)
        while true {
            // Held while the servers are used, so that a command which started them for itself does not stop them yet.
            if let use = try DirectoryLock.acquire(home.usersLock, .shared) {
                defer { withExtendedLifetime(use) {} }
                if let urls = running(dataDirectory: dataDirectory) { return try await body(urls) }
            }
            let group: PrivateServerGroup
            do throws(PrivateServerError) {
                group = try await start(dataDirectory: dataDirectory, redis: redis, logger: logger)
            } catch {
                guard case .busy = error, ContinuousClock.now < end else { throw error }
                await pause(.milliseconds(50))
                continue
            }
            let result = await outcome { try await body(group.urls) }
            await group.stopWhenUnused(home)
            return try result.get()
        }
    }

    /// Takes the lock that users share and keeps it while stopping, so that nobody begins to use what is ending.
    private func stopWhenUnused(_ home: ServerHome) async {
        var alone: DirectoryLock?
        while alone == nil {
            do { alone = try DirectoryLock.acquire(home.usersLock, .exclusive) } catch { break }
            if alone == nil { await pause(.milliseconds(50)) }
        }
        await stop()
        withExtendedLifetime(alone) {}
    }

    private static func outcome<Result: Sendable>(
        _ body: () async throws -> Result
    ) async -> Swift.Result<Result, any Error> {
        do { return .success(try await body()) } catch { return .failure(error) }
    }
}
