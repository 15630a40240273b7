import Redis
import TestServers
import Testing

@Suite("Publish and subscribe", .serialized)
struct SubscriberTests {
    let server: TestRedis

    init() throws { server = try TestRedis() }

    func subscriber(ping: Duration = .seconds(1), buffer: Int = 1024) throws -> RedisSubscriber {
        RedisSubscriber(
            configuration: try configuration(server.url) { $0.connectTimeout = .milliseconds(300) },
            channels: ["offers", "prices"], logger: quiet, pingInterval: ping, bufferSize: buffer)
    }

    @Test(.timeLimit(.minutes(1))) func `messages of all channels arrive in order, others do not`() async throws {
        let subscriber = try subscriber()
        try subscriber.start()
        var messages = subscriber.messages.makeAsyncIterator()
        #expect(await messages.next() == .reconnected)
        let client = try makeClient(server)
        let replies = try await client.pipeline([
            RedisCommand("PUBLISH", "offers", "1"), RedisCommand("PUBLISH", "others", "2"),
            RedisCommand("PUBLISH", "prices", [UInt8](repeating: 0, count: 100_000)),
            RedisCommand("PUBLISH", "offers", ""),
        ])
        #expect(replies == [.integer(1), .integer(0), .integer(1), .integer(1)])
        #expect(await messages.next() == .message(channel: "offers", payload: [49]))
        #expect(await messages.next() == .message(channel: "prices", payload: .init(repeating: 0, count: 100_000)))
        #expect(await messages.next() == .message(channel: "offers", payload: []))
        await subscriber.shutdown()
        #expect(await messages.next() == nil)
        #expect(throws: RedisError.self) { try subscriber.start() }
    }

    @Test(.timeLimit(.minutes(1))) func `after a restart it listens again and says so`() async throws {
        let subscriber = try subscriber()
        let running = Task { try await subscriber.run() }
        var messages = subscriber.messages.makeAsyncIterator()
        #expect(await messages.next() == .reconnected)
        try server.stop()
        try server.start()
        #expect(await messages.next() == .reconnected)
        #expect(try server.cli("PUBLISH", "offers", "again") == "1")
        #expect(await messages.next() == .message(channel: "offers", payload: Array("again".utf8)))
        running.cancel()
        try await running.value
        #expect(await messages.next() == nil)
    }

    @Test(.timeLimit(.minutes(1))) func `a frozen server is noticed, a quiet one is not taken for frozen`() async throws
    {
        let subscriber = try subscriber(ping: .milliseconds(50))
        try subscriber.start()
        var messages = subscriber.messages.makeAsyncIterator()
        #expect(await messages.next() == .reconnected)
        // Several pings later it still is the same connection.
        #expect(await eventually { try Self.pings(server) >= 5 })
        #expect(try server.cli("PUBLISH", "offers", "x") == "1")
        #expect(await messages.next() == .message(channel: "offers", payload: [120]))
        server.pause()
        let heard = Task {
            var messages = subscriber.messages.makeAsyncIterator()
            return await messages.next()
        }
        #expect(await eventually { subscriber.connectedSinceMicros == nil })
        server.resume()
        #expect(await heard.value == .reconnected)
        await subscriber.shutdown()
    }

    private static func pings(_ server: TestRedis) throws -> Int {
        let line = try server.cli("INFO", "commandstats").split(separator: "\r\n").first {
            $0.hasPrefix("cmdstat_ping:calls=")
        }
        return line.flatMap { Int($0.dropFirst(19).prefix { $0 != "," }) } ?? 0
    }

    @Test(.timeLimit(.minutes(1))) func `a reader that falls behind is told that something is missing`() async throws {
        let subscriber = try subscriber(buffer: 2)
        try subscriber.start()
        var messages = subscriber.messages.makeAsyncIterator()
        #expect(await messages.next() == .reconnected)
        let client = try makeClient(server)
        // A flood the buffer cannot hold; a reader quick enough for one may be too slow for the next.
        for _ in 0..<20 {
            _ = try await client.pipeline((1...1000).map { RedisCommand("PUBLISH", "offers", $0) })
            var count = 0
            var isTold = false
            var heard: RedisMessage?
            while heard != .message(channel: "offers", payload: Array("1000".utf8)) {
                heard = await messages.next()
                if heard == .reconnected { isTold = true } else { count += 1 }
            }
            if count == 1000 { continue }
            if !isTold { isTold = await messages.next() == .reconnected }
            #expect(isTold)
            return await subscriber.shutdown()
        }
        Issue.record("the buffer never overflowed")
    }
}
