import Postgres
import ServiceLifecycle
import TestServers
import Testing

@Suite("LISTEN and NOTIFY", .serialized)
struct ListenerTests {
    let server: TestPostgres

    init() throws { server = try TestPostgres() }

    func listener(ping: Duration = .seconds(2), buffer: Int = 1024) throws -> PostgresListener {
        var configuration = try PostgresConfiguration(url: server.url())
        configuration.reconnectDelays = (.milliseconds(10), .milliseconds(100))
        configuration.connectTimeout = .seconds(1)
        return PostgresListener(
            configuration: configuration, channels: ["log", "Odd \"name\""], logger: quiet, pingInterval: ping,
            bufferSize: buffer)
    }

    @Test(.timeLimit(.minutes(1))) func `notifications of all channels arrive, others do not`() async throws {
        let listener = try listener()
        try listener.start()
        var notifications = listener.notifications.makeAsyncIterator()
        #expect(await notifications.next() == .reconnected)
        #expect(listener.connectedSinceMicros != nil)
        let client = try makeClient(url: server.url())
        _ = try await client.query("SELECT pg_notify(\("log"), \("42"))")
        #expect(await notifications.next() == .notify(channel: "log", payload: "42"))
        try server.psql("NOTIFY other; NOTIFY \"Odd \"\"name\"\"\", 'ü'")
        #expect(await notifications.next() == .notify(channel: "Odd \"name\"", payload: "ü"))
        await listener.shutdown()
        #expect(await notifications.next() == nil)
        #expect(throws: PostgresError.self) { try listener.start() }
    }

    @Test(.timeLimit(.minutes(1))) func `after a restart it listens again and says so`() async throws {
        let listener = try listener()
        let group = ServiceGroup(services: [listener], logger: quiet)
        async let running: Void = group.run()
        var notifications = listener.notifications.makeAsyncIterator()
        #expect(await notifications.next() == .reconnected)
        try server.stop()
        #expect(await eventually { listener.connectedSinceMicros == nil })
        try server.start()
        #expect(await notifications.next() == .reconnected)
        try server.psql("NOTIFY log, 'again'")
        #expect(await notifications.next() == .notify(channel: "log", payload: "again"))
        await group.triggerGracefulShutdown()
        try await running
    }

    @Test(.timeLimit(.minutes(1))) func `a frozen server is noticed`() async throws {
        let listener = try listener(ping: .milliseconds(100))
        try listener.start()
        var notifications = listener.notifications.makeAsyncIterator()
        #expect(await notifications.next() == .reconnected)
        server.pause()
        #expect(await eventually { listener.connectedSinceMicros == nil })
        server.resume()
        #expect(await notifications.next() == .reconnected)
        await listener.shutdown()
    }

    @Test(.timeLimit(.minutes(1))) func `a reader that falls behind is told to read the gap`() async throws {
        let listener = try listener(buffer: 2)
        try listener.start()
        var notifications = listener.notifications.makeAsyncIterator()
        #expect(await notifications.next() == .reconnected)
        // A flood the buffer cannot hold; a reader quick enough for one may be too slow for the next.
        for _ in 0..<20 {
            try server.psql("SELECT pg_notify('log', i::text) FROM generate_series(1, 1000) AS i")
            var count = 0
            var isTold = false
            var heard: PostgresListener.Notification?
            while heard != .notify(channel: "log", payload: "1000") {
                heard = await notifications.next()
                if heard == .reconnected { isTold = true } else { count += 1 }
            }
            if count == 1000 { continue }
            if !isTold { isTold = await notifications.next() == .reconnected }
            #expect(isTold)
            return await listener.shutdown()
        }
        Issue.record("the buffer never overflowed")
    }
}

@Suite("Advisory locks", .serialized)
struct AdvisoryLockTests {
    let server: TestPostgres

    init() throws { server = try TestPostgres() }

    func lock(_ lost: @escaping @Sendable () -> Void = {}) throws -> AdvisoryLock {
        var configuration = try PostgresConfiguration(url: server.url())
        configuration.connectTimeout = .seconds(1)
        return AdvisoryLock(
            configuration: configuration, key: 7_777, logger: quiet, checkInterval: .milliseconds(100), lost: lost)
    }

    @Test(.timeLimit(.minutes(1))) func `one has it until it lets go`() async throws {
        let (one, other) = (try lock(), try lock())
        #expect(try await one.tryAcquire())
        #expect(try await one.tryAcquire())
        #expect(one.held)
        #expect(try await !other.tryAcquire())
        #expect(!other.held)
        await one.release()
        #expect(!one.held)
        #expect(await eventually { try await other.tryAcquire() })
        #expect(try await !one.tryAcquire())
        await other.shutdown()
        #expect(await eventually { try await one.tryAcquire() })
        await one.shutdown()
        await #expect(throws: PostgresError.self) { try await one.tryAcquire() }
    }

    @Test(.timeLimit(.minutes(1))) func `when its session ends the holder is told and another can have it`()
        async throws
    {
        let (losses, loss) = AsyncStream.makeStream(of: Void.self)
        let (one, other) = (try lock { loss.yield() }, try lock())
        #expect(try await one.tryAcquire())
        try server.psql(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7777")
        var iterator = losses.makeAsyncIterator()
        #expect(await iterator.next() != nil)
        #expect(!one.held)
        #expect(try await other.tryAcquire())
        #expect(try await !one.tryAcquire())
        await other.shutdown()
        await one.shutdown()
    }

    @Test(.timeLimit(.minutes(1))) func `a frozen server takes the lock away; without a server it cannot be had`()
        async throws
    {
        let (losses, loss) = AsyncStream.makeStream(of: Void.self)
        let one = try lock { loss.yield() }
        #expect(try await one.tryAcquire())
        server.pause()
        var iterator = losses.makeAsyncIterator()
        #expect(await iterator.next() != nil)
        #expect(!one.held)
        server.resume()
        #expect(await eventually { try await one.tryAcquire() })
        try server.stop()
        #expect(await iterator.next() != nil)
        await #expect(throws: PostgresError.self) { try await one.tryAcquire() }
        try server.start()
        #expect(await eventually { try await one.tryAcquire() })
        await one.shutdown()
    }
}
