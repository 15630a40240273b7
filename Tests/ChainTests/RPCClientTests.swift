import AsyncHTTPClient
import Chain
import Ethereum
import NIOCore
import StrictJSON
import Testing

/// A node that misbehaves costs a bounded time and never an answer that is not one.
@Suite struct RPCClientTests {
    private static let chain = "0x7a69"
    private static let calls = (0..<3).map { _ in RPCCall("eth_blockNumber") }

    /// Runs `body` with a client of servers that answer by `scripts`.
    private static func with<Value: Sendable>(
        _ scripts: [@Sendable (Int, JSONValue) -> MisbehavingServer.Answer], largestReply: Int = 1 << 20,
        _ body: @Sendable (RPCClient, [MisbehavingServer]) async throws -> Value
    ) async throws -> Value {
        try await MisbehavingServer.with(scripts) { servers in
            let configuration = HTTPClient.Configuration(
                redirectConfiguration: .disallow, timeout: .init(connect: .seconds(3), read: .seconds(10)))
            let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            let client = RPCClient(
                urls: servers.map(\.url), chainId: UInt256(31_337), http: http, timeout: .milliseconds(300),
                largestReply: largestReply, logger: quiet)
            let result: Result<Value, any Error>
            do { result = .success(try await body(client, servers)) } catch { result = .failure(error) }
            try await http.shutdown()
            return try result.get()
        }
    }

    /// A server that says its chain and then `answer`.
    private static func afterChain(
        _ answer: MisbehavingServer.Answer
    ) -> @Sendable (Int, JSONValue) -> MisbehavingServer.Answer {
        { _, request in isChainId(request) ? .node(chain: chain) : answer }
    }

    private static func isChainId(_ request: JSONValue) -> Bool {
        request.object?["method"]?.string.map { $0.elementsEqual("eth_chainId".utf8) } ?? false
    }

    @Test(
        arguments: [
            ("silence", .silence, "no node answers"), ("500", .reply(status: 500, body: "oops"), "HTTP 500"),
            ("HTML", .ok("<html>busy</html>"), "cannot be read"), ("nothing", .ok(""), "cannot be read"),
            ("10 MB", .large(10 << 20), "larger than"), ("a hang-up", .hangUp, "no node answers"),
            ("a slow drip", .drip(everyMillis: 20), "no node answers"),
            ("a redirect", .reply(status: 302, body: "", headers: [("Location", "http://127.0.0.1:1/")]), "HTTP 302"),
            ("a wrong id", .ok(#"[{"id":0,"result":1},{"id":1,"result":1},{"id":9,"result":1}]"#), "no known id"),
            ("an id twice", .ok(#"[{"id":0,"result":1},{"id":0,"result":1},{"id":1,"result":1}]"#), "have one id"),
            ("half a batch", .ok(#"[{"id":0,"result":1}]"#), "2 answers are missing"),
            ("no result", .ok(#"[{"id":0},{"id":1},{"id":2}]"#), "neither result nor error"),
            ("numbers", .ok("[1,2,3]"), "no object"),
            ("deep nesting", .ok(String(repeating: "[", count: 100_000)), "cannot be read"),
        ] as [(String, MisbehavingServer.Answer, String)])
    func `What is no answer fails in time, and another node is asked`(
        name: String, answer: MisbehavingServer.Answer, words: String
    ) async throws {
        let begin = ContinuousClock.now
        try await Self.with([Self.afterChain(answer)]) { client, _ in
            let failure = await #expect(throws: NodeFailure.self, "\(name)") { () async throws in
                try await client.call(Self.calls)
            }
            #expect(failure.map { "\($0)".contains(words) } == true, "\(name): \(failure.map { "\($0)" } ?? "")")
        }
        #expect(ContinuousClock.now - begin < .seconds(8), "\(name)")
        try await Self.with([Self.afterChain(answer), { _, _ in .node(chain: Self.chain) }]) { client, servers in
            guard case .large = answer else {
                let results = try await client.call(Self.calls)
                #expect(results.count == 3, "\(name)")
                #expect(servers[1].methods.first == "eth_chainId", "\(name)")
                #expect(client.statistics.switches == 1, "\(name)")
                return
            }
            // Less is to be asked for, of whomever.
            await #expect(throws: NodeFailure.tooLarge) { () async throws in try await client.call(Self.calls) }
            #expect(servers[1].count == 0)
        }
    }

    @Test func `Every node is asked for its chain when it is turned to, and one of another chain tells nothing`()
        async throws
    {
        let scripts: [@Sendable (Int, JSONValue) -> MisbehavingServer.Answer] = [
            { number, _ in number < 3 ? .node(chain: Self.chain) : .hangUp }, { _, _ in .node(chain: "0x5") },
            { _, _ in .node(chain: Self.chain) },
        ]
        try await Self.with(scripts) { client, servers in
            for _ in 0..<4 { _ = try await client.call(Self.calls) }
            #expect(servers[0].methods.prefix(2) == ["eth_chainId", "eth_blockNumber"])
            #expect(servers[1].methods == ["eth_chainId"])
            #expect(servers[2].methods.first == "eth_chainId")
            #expect(servers[2].methods.filter { $0 == "eth_chainId" }.count == 1, "once while it is asked")
        }
        try await Self.with([{ _, _ in .node(chain: "0x5") }]) { client, servers in
            await #expect(throws: NodeFailure.wrongChain(expected: "31337", found: "5")) {
                () async throws in try await client.call(Self.calls)
            }
            #expect(Set(servers[0].methods) == ["eth_chainId"])
        }
    }

    @Test func `A node that takes one call at a time is asked so`() async throws {
        let scripts: [@Sendable (Int, JSONValue) -> MisbehavingServer.Answer] = [
            { _, request in
                request.array == nil
                    ? .node(chain: Self.chain)
                    : .ok(#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no batches"}}"#)
            }
        ]
        try await Self.with(scripts) { client, servers in
            _ = try await client.call(Self.calls)
            let before = servers[0].count
            _ = try await client.call(Self.calls)
            #expect(servers[0].count == before + 3, "it is not tried again")
        }
    }

    @Test func `What a node refuses is told as it says, shortened`() async throws {
        let long = String(repeating: "x", count: 10_000)
        let answer = #"{"id":0,"error":{"code":-32005,"message":"\#(long)"}}"#
        try await Self.with([Self.afterChain(.ok(answer))]) { client, _ in
            let failure = await #expect(throws: NodeFailure.self) { () async throws in
                try await client.call(RPCCall("eth_getLogs"))
            }
            guard case .refused(let error) = failure else {
                Issue.record("\(failure.map { "\($0)" } ?? "nothing")")
                return
            }
            #expect(error.code == -32_005)
            #expect(error.message.count == 300)
        }
    }
}
