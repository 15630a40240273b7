import Redis
import TestServers
import Testing

@Suite("Commands and replies")
struct CommandTests {
    let client: RedisClient

    init() throws { client = try makeClient() }

    @Test func `every kind of reply`() async throws {
        let replies = try await client.pipeline([
            RedisCommand("DEL", "kinds"), RedisCommand("GET", "kinds"), RedisCommand("SET", "kinds", "v"),
            RedisCommand("GET", "kinds"), RedisCommand("STRLEN", "kinds"), RedisCommand("LPUSH", "kinds", "x"),
            RedisCommand("MGET", "kinds", "nothing"),
        ])
        #expect(try replies[0].integer() >= 0)
        #expect(replies[1] == .null)
        #expect(replies[2] == .status("OK"))
        #expect(replies[3] == .string(Array("v".utf8)))
        #expect(replies[4] == .integer(1))
        guard case .error(let message) = replies[5] else { return _ = Issue.record("no error: \(replies[5])") }
        #expect(message.hasPrefix("WRONGTYPE"))
        #expect(replies[6] == .array([.string([118]), .null]))
    }

    @Test func `arguments are bytes: spaces, line ends, zeros, nothing, a megabyte`() async throws {
        let values: [[UInt8]] = [
            Array(" a b ".utf8), [13, 10, 13, 10], [0, 255, 0], [], .init(repeating: 65, count: 1 << 20),
        ]
        for value in values {
            try await client.send(RedisCommand("SET", "bytes", value)).check()
            #expect(try await client.send(RedisCommand("GET", "bytes")).bytes() == value)
            #expect(try await client.send(RedisCommand("STRLEN", "bytes")) == .integer(Int64(value.count)))
        }
        #expect(try await client.send(RedisCommand("ECHO", Array("xyz".utf8)[1...])).text == "yz")
        #expect(try await client.send(RedisCommand("ECHO", Int.min)).integer() == Int64.min)
        #expect(try await client.send(RedisCommand(arguments: ["ECHO", "é"])).text == "é")
    }

    @Test func `a reply of another kind is a typed error`() async throws {
        let status = try await client.send(RedisCommand("SET", "typed", "word"))
        #expect(throws: RedisError.self) { try status.bytes() }
        let word = try await client.send(RedisCommand("GET", "typed"))
        #expect(throws: RedisError.self) { try word.integer() }
        #expect(throws: RedisError.self) { try word.elements() }
        let refusal = try await client.send(RedisCommand("HGET", "typed", "f"))
        let error = #expect(throws: RedisError.self) { try refusal.check() }
        #expect(error?.kind == .unexpectedReply)
        #expect(throws: RedisError.self) { try refusal.bytes() }
        #expect(try RedisValue.null.elements().isEmpty)
        #expect(try await client.send(RedisCommand("PING")) == .status("PONG"))
    }

    @Test func `a thousand callers at once get their own answers`() async throws {
        try await withThrowingTaskGroup(of: (Int, RedisValue, RedisValue).self) { group in
            for number in 0..<1000 {
                group.addTask { [client] in
                    let key = "own:\(number)"
                    let set = try await client.send(RedisCommand("SET", key, number))
                    return (number, set, try await client.send(RedisCommand("GET", key)))
                }
            }
            for try await (number, set, value) in group {
                #expect(set == .status("OK"))
                #expect(try value.integer() == Int64(number))
            }
        }
        #expect(client.statistics.commands == 2000)
        #expect(client.statistics.failedCommands == 0)
    }

    @Test func `an error in the middle of a pipeline is one value among the others`() async throws {
        let replies = try await client.pipeline([
            RedisCommand("SET", "middle", "1"), RedisCommand("NOSUCHCOMMAND"), RedisCommand("INCR", "middle"),
        ])
        #expect(replies[0] == .status("OK"))
        guard case .error = replies[1] else { return _ = Issue.record("no error: \(replies[1])") }
        #expect(replies[2] == .integer(2))
        #expect(try await client.pipeline([]).isEmpty)
    }

    @Test func `a script runs by its hash, and is loaded again when the server forgot it`() async throws {
        let script = RedisScript("return {KEYS[1], ARGV[1], tonumber(ARGV[2]) + 1}")
        for round in 0..<3 {
            let reply = try await client.evaluate(script, keys: ["key"], arguments: ["é", round])
            #expect(
                try reply.elements() == [
                    .string(Array("key".utf8)), .string(Array("é".utf8)), .integer(Int64(round + 1)),
                ])
            try await client.send(RedisCommand("SCRIPT", "FLUSH")).check()
        }
    }

    @Test func `a script that is wrong, or goes wrong, says so`() async throws {
        guard case .error(let syntax) = try await client.evaluate(RedisScript("this is no Lua")) else {
            return _ = Issue.record("accepted")
        }
        #expect(syntax.contains("compiling"))
        guard case .error = try await client.evaluate(RedisScript("return redis.call('NOSUCHCOMMAND')")) else {
            return _ = Issue.record("accepted")
        }
    }

    @Test func `arrays in arrays`() async throws {
        let reply = try await client.evaluate(RedisScript("return {1, {2, {3, {}}}, false}"))
        #expect(
            reply == .array([.integer(1), .array([.integer(2), .array([.integer(3), .array([])])]), .null]))
    }

    @Test func `too many waiting commands are refused`() async throws {
        let server = try TestRedis()
        let client = try makeClient(server) {
            $0.maximumWaiting = 10
            $0.commandTimeout = .milliseconds(500)
        }
        #expect(try await client.send(RedisCommand("PING")) == .status("PONG"))
        server.pause()
        let errors = await withTaskGroup(of: RedisError?.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    await redisError { () throws(RedisError) in _ = try await client.send(RedisCommand("PING")) }
                }
            }
            return await group.reduce(into: [RedisError?]()) { $0.append($1) }
        }
        server.resume()
        #expect(errors.contains { $0?.kind == .overloaded })
        #expect(errors.contains { $0?.kind == .timeout })
        let tooBig = await redisError { () throws(RedisError) in
            _ = try await client.pipeline(Array(repeating: RedisCommand("PING"), count: 11))
        }
        #expect(tooBig?.kind == .overloaded || tooBig?.kind == .notConnected)
    }

    @Test func `a reply beyond the limit closes the connection, not the process`() async throws {
        let client = try makeClient { $0.maximumReplyBytes = 100_000 }
        try await client.send(RedisCommand("SET", "large", [UInt8](repeating: 1, count: 90_000))).check()
        #expect(try await client.send(RedisCommand("GET", "large")).bytes()?.count == 90_000)
        try await client.send(RedisCommand("APPEND", "large", [UInt8](repeating: 1, count: 90_000))).check()
        let error = await redisError { () throws(RedisError) in _ = try await client.send(RedisCommand("GET", "large"))
        }
        #expect(error?.kind == .connectionLost)
        #expect(try await client.send(RedisCommand("PING")) == .status("PONG"))
        #expect(client.statistics.reconnects == 1)
    }
}
