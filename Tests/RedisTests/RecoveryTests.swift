import Redis
import ServiceLifecycle
import TestServers
import Testing

@Suite("What happens when Redis goes away", .serialized)
struct RecoveryTests {
    let server: TestRedis

    init() throws { server = try TestRedis() }

    func ping(_ client: RedisClient) async -> RedisError? {
        await redisError { () throws(RedisError) in try await client.send(RedisCommand("PING")).check() }
    }

    @Test func `a server killed and started again`() async throws {
        let client = try makeClient(server)
        #expect(await ping(client) == nil)
        #expect(client.isConnected)
        try server.stop()
        #expect(await eventually { !client.isConnected })
        #expect(await ping(client)?.kind == .notConnected)
        let began = ContinuousClock.now
        for _ in 0..<100 { #expect(await ping(client)?.kind == .notConnected) }
        #expect(ContinuousClock.now - began < .seconds(1))
        #expect(client.statistics.downSinceMicros != nil)
        try server.start()
        #expect(await eventually { await ping(client) == nil })
        #expect(client.statistics.reconnects == 1)
        #expect(client.statistics.downSinceMicros == nil)
    }

    @Test(.timeLimit(.minutes(1))) func `killed under a thousand callers, every call ends`() async throws {
        let client = try makeClient(server)
        for _ in 0..<3 {
            #expect(await eventually { await ping(client) == nil })
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<1000 {
                    group.addTask {
                        for _ in 0..<20 {
                            let error = await redisError { () throws(RedisError) in
                                try await client.send(RedisCommand("SET", "k\(number)", number)).check()
                            }
                            if error != nil { break }
                        }
                    }
                }
                try? server.stop()
            }
            #expect(client.statistics.waiting == 0)
            try server.start()
        }
        #expect(await eventually { await ping(client) == nil })
    }

    @Test func `a script is loaded again after a restart`() async throws {
        let client = try makeClient(server)
        let script = RedisScript("return 7")
        #expect(try await client.evaluate(script) == .integer(7))
        try server.stop()
        try server.start()
        #expect(await eventually { try await client.evaluate(script) == .integer(7) })
    }

    @Test func `a frozen server costs its callers their deadline and no more`() async throws {
        let client = try makeClient(server) {
            $0.commandTimeout = .milliseconds(200)
            $0.connectTimeout = .milliseconds(200)
        }
        #expect(await ping(client) == nil)
        server.pause()
        let began = ContinuousClock.now
        #expect(await ping(client)?.kind == .timeout)
        #expect(await ping(client)?.kind == .notConnected)
        #expect(ContinuousClock.now - began < .seconds(3))
        server.resume()
        #expect(await eventually { await ping(client) == nil })
    }

    @Test func `a connection the server closed while idle is replaced before anybody notices`() async throws {
        let client = try makeClient(server)
        for round in 1...5 {
            #expect(await ping(client) == nil)
            try server.cli("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            #expect(await eventually { client.statistics.reconnects == round })
        }
        #expect(await ping(client) == nil)
        #expect(client.statistics.failedCommands == 0)
    }

    @Test func `a connection the server closed under its callers`() async throws {
        let client = try makeClient(server)
        let error = await redisError { () throws(RedisError) in
            try await client.send(RedisCommand("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no")).check()
        }
        // The server may answer before it closes.
        #expect(error == nil || error?.kind == .connectionLost)
        #expect(await eventually { await ping(client) == nil })
        let shutdown = await redisError { () throws(RedisError) in
            _ = try await client.send(RedisCommand("SHUTDOWN", "NOSAVE"))
        }
        #expect(shutdown?.kind == .connectionLost)
    }

    @Test func `a password and a database, and a wrong password that stays secret`() async throws {
        let guarded = try TestRedis(settings: ["requirepass": "s3cr+t@/x"])
        let url = "redis+unix://:s3cr+t%40%2Fx@\(guarded.socketPath)?db=3"
        let client = RedisClient(configuration: try configuration(url), logger: quiet)
        try await client.send(RedisCommand("SET", "k", "v")).check()
        let keyspace = try await client.send(RedisCommand("INFO", "keyspace")).text
        #expect(keyspace?.contains("db3:keys=1") == true)
        let wrong = RedisClient(
            configuration: try configuration("redis+unix://me:hunter2secret@\(guarded.socketPath)"), logger: quiet)
        let error = await ping(wrong)
        #expect(error?.kind == .notConnected)
        #expect(error?.message.contains("WRONGPASS") == true)
        #expect(error.map { "\($0)".contains("hunter2secret") } == false)
    }

    @Test func `over TCP too`() async throws {
        // Port 0 would be no port: take one from the ephemeral range until a server starts on it.
        var server: TestRedis?
        var port = 0
        for _ in 0..<20 where server == nil {
            port = Int.random(in: 40_000...60_000)
            server = try? TestRedis(settings: ["port": "\(port)"])
        }
        #expect(server != nil)
        let client = RedisClient(configuration: try configuration("redis://localhost:\(port)/2"), logger: quiet)
        #expect(await ping(client) == nil)
        await client.shutdown()
        let nobody = RedisClient(configuration: try configuration("redis://127.0.0.1:1"), logger: quiet)
        #expect(await ping(nobody)?.kind == .notConnected)
    }

    @Test func `calls after shutdown are refused`() async throws {
        let client = try makeClient(server)
        let group = ServiceGroup(services: [client], logger: quiet)
        async let running: Void = group.run()
        #expect(await eventually { client.isConnected })
        await group.triggerGracefulShutdown()
        try await running
        #expect(await ping(client)?.kind == .shutdown)
        #expect(!client.isConnected)
        let unused = try makeClient(server)
        await unused.shutdown()
        #expect(await ping(unused)?.kind == .shutdown)
    }
}
