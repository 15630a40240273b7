import Testing

@testable import Redis

@Suite("Redis URLs")
struct ConfigurationTests {
    static let secret = "hunter2secret"

    @Test(arguments: [
        ("redis://localhost", "localhost:6379/0"), ("redis://cache.example:7000", "cache.example:7000/0"),
        ("redis://:\(secret)@10.0.0.1:6380/5", "10.0.0.1:6380/5"), ("redis://me:a%40b@h/1", "h:6379/1"),
        ("redis://[::1]:6379/0", "::1:6379/0"), ("redis://[::1]", "::1:6379/0"), ("redis://h/", "h:6379/0"),
        ("unix:///run/redis.sock", "/run/redis.sock db=0"), ("unix:///run/a@b.sock?db=2", "/run/a@b.sock db=2"),
        ("redis+unix://:\(secret)@/run/redis.sock", "/run/redis.sock db=0"),
    ])
    func `a URL is understood and described without its password`(url: String, description: String) throws {
        let configuration = try RedisConfiguration(url: url)
        var dumped = ""
        dump(configuration, to: &dumped)
        #expect("\(configuration)" == description)
        #expect(!dumped.contains(Self.secret))
    }

    @Test(arguments: [
        "http://h", "redis://", "redis://h:0", "redis://h:65536", "redis://h:+1", "redis://h:x", "redis://h/x",
        "redis://h/-1", "redis://:\(secret)/more@h", "redis://\(secret)@h", "redis://:\(secret)%4@h",
        "unix://relative", "unix:///run/x?password=\(secret)", "unix:///run/x?db=", "",
        "unix:///\(String(repeating: "x", count: 103))",
    ])
    func `a URL that cannot be used is refused without being quoted`(url: String) {
        let error = #expect(throws: RedisError.self) { try RedisConfiguration(url: url) }
        #expect(error?.kind == .configuration)
        #expect(error.map { "\($0)".contains(Self.secret) } == false)
    }

    @Test func `the greeting has what the URL names`() throws {
        let plain = try RedisConfiguration(url: "unix:///s").greeting
        #expect(plain.map(\.bytes) == [RedisCommand("PING").bytes])
        let full = try RedisConfiguration(url: "redis://me:a%25b@h/4").greeting
        let expected = [RedisCommand("AUTH", "me", "a%b"), RedisCommand("SELECT", "4"), RedisCommand("PING")]
        #expect(full.map(\.bytes) == expected.map(\.bytes))
    }

    @Test func `a command is an array of bulk strings`() {
        let bytes = RedisCommand("SET", "é", -12, [UInt8]()).bytes
        #expect(bytes == Array("*4\r\n$3\r\nSET\r\n$2\r\né\r\n$3\r\n-12\r\n$0\r\n\r\n".utf8))
    }
}

@Suite("What waits to be sent")
struct CommandQueueTests {
    var queue = CommandQueue<Int>(maximumWaiting: 3, maximumWaitingBytes: 100)

    func entry(_ number: Int, _ count: Int = 1, _ command: RedisCommand = RedisCommand("PING"))
        -> CommandQueue<Int>.Entry
    {
        .init(commands: Array(repeating: command, count: count), waiter: number)
    }

    @Test mutating func `the first after a sleep asks for a wake-up`() {
        #expect(queue.submit(entry(1)) == .queued(wake: false))
        #expect(queue.takeBatch().map(\.waiter) == [1])
        #expect(queue.submit(entry(2)) == .queued(wake: false))
        #expect(queue.takeBatch().map(\.waiter) == [2])
        #expect(queue.takeBatch().isEmpty)
        #expect(queue.submit(entry(3)) == .queued(wake: true))
        #expect(queue.submit(entry(4)) == .queued(wake: false))
        #expect(queue.waiting == 2)
    }

    @Test mutating func `commands and bytes are bounded`() {
        #expect(queue.submit(entry(1, 3)) == .queued(wake: false))
        guard case .refused(let error) = queue.submit(entry(2)) else { return _ = Issue.record("accepted") }
        #expect(error.kind == .overloaded)
        _ = queue.takeBatch()
        let large = RedisCommand("SET", "k", [UInt8](repeating: 0, count: 60))
        #expect(queue.submit(entry(3, 1, large)) == .queued(wake: false))
        guard case .refused = queue.submit(entry(4, 1, large)) else { return _ = Issue.record("accepted") }
    }

    @Test mutating func `a batch has about as many bytes as asked for, and at least one entry`() {
        for number in 1...3 { _ = queue.submit(entry(number)) }  // 14 bytes each
        #expect(queue.takeBatch(bytes: 15).map(\.waiter) == [1, 2])
        #expect(queue.waiting == 1)
        #expect(queue.submit(entry(4)) == .queued(wake: false))
        #expect(queue.takeBatch(bytes: 1).map(\.waiter) == [3])
        #expect(queue.takeBatch(bytes: 1).map(\.waiter) == [4])
        #expect(queue.waiting == 0)
    }

    @Test mutating func `callers wait for one attempt and are refused after it failed`() {
        let down = RedisError(.notConnected, "down")
        #expect(queue.submit(entry(1)) == .queued(wake: false))
        #expect(queue.didFailToConnect(down, at: 5).map(\.waiter) == [1])
        #expect(queue.submit(entry(2)) == .refused(down))
        #expect(queue.downSince == 5)
        queue.didConnect(at: 6)
        #expect(queue.downSince == nil)
        #expect(queue.reconnects == 0)
        queue.didLoseConnection(at: 7)
        #expect(queue.submit(entry(3)) == .queued(wake: false))
        #expect(queue.downSince == 7)
        queue.didConnect(at: 8)
        #expect(queue.reconnects == 1)
        #expect(queue.stop().map(\.waiter) == [3])
        #expect(queue.submit(entry(4)) == .refused(.closed))
    }
}
