public import AsyncHTTPClient
public import Ethereum
public import Logging
import NIOCore
import NIOHTTP1
public import StrictJSON
import Synchronization

/// JSON-RPC over HTTP: several calls in one request, time-outs, tries again with jitter, capped replies, several nodes
/// of which the next is asked when one fails, each only on the right chain.
public final class RPCClient: Sendable {
    /// Bytes of the largest reply.
    public static let largestReply = 32 << 20
    /// Calls of one request.
    static let largestBatch = 100
    /// Values of the largest reply.
    private static let largestValues = 2_000_000
    /// Rounds through all nodes before a call fails.
    private static let rounds = 2
    private static let shortestPause = 0.05
    private static let longestPause = 1.0

    private let http: HTTPClient
    private let chainId: UInt256
    private let timeout: TimeAmount
    private let largestReply: Int
    private let logger: Logger
    private let state: Mutex<RPCEndpoints>
    private let counts = Mutex<(requests: Int, failures: Int)>((0, 0))

    /// A client of the nodes at `urls`, the first of them asked first.
    /// - Parameters:
    ///   - timeout: how long one request may take.
    ///   - largestReply: how many bytes of a reply are read.
    public init(
        urls: [String], chainId: UInt256, http: HTTPClient, timeout: Duration = .seconds(5),
        largestReply: Int = RPCClient.largestReply, logger: Logger
    ) {
        self.http = http
        self.chainId = chainId
        self.timeout = .nanoseconds(
            timeout.components.seconds * 1_000_000_000 + timeout.components.attoseconds / 1_000_000_000)
        self.largestReply = largestReply
        self.logger = logger
        state = Mutex(RPCEndpoints(urls: urls))
    }

    /// Requests sent, requests that failed, and how often another node was turned to.
    public var statistics: (requests: Int, failures: Int, switches: Int) {
        let (requests, failures) = counts.withLock { $0 }
        return (requests, failures, state.withLock { $0.switches })
    }

    /// The result of one call.
    /// - Throws: what the node refuses, or why there is no answer.
    public func call(_ call: RPCCall) async throws(NodeFailure) -> JSONValue {
        try await self.call([call])[0].mapError { NodeFailure.refused($0) }.get()
    }

    /// One result a call, in order, all from one node; each call may be refused by itself.
    public func call(_ calls: [RPCCall]) async throws(NodeFailure) -> [Result<JSONValue, RPCError>] {
        var last = NodeFailure.unreachable("no node is configured")
        let nodes = state.withLock { $0.endpoints.count }
        for attempt in 0..<Self.rounds * nodes {
            if attempt > 0, attempt % nodes == 0 { await Self.pause(round: attempt / nodes) }
            let endpoint = state.withLock { $0.asked }
            do throws(NodeFailure) {
                let results = try await ask(endpoint, calls)
                state.withLock { $0.answered(endpoint.url) }
                return results
            } catch {
                // A larger answer from another node is no better; the caller asks for less.
                if error == .tooLarge { throw error }
                counts.withLock { $0.failures += 1 }
                logger.debug("a node failed", metadata: ["node": "\(Self.shown(endpoint.url))", "error": "\(error)"])
                state.withLock { $0.failed(endpoint.url) }
                last = error
                if Task.isCancelled { break }
            }
        }
        throw last
    }

    /// A URL may hold a key in its path or query: only scheme and host are for logs.
    static func shown(_ url: String) -> String {
        let parts = url.split(separator: "/", omittingEmptySubsequences: true)
        guard parts.count > 1 else { return "node" }
        return "\(parts[0])//\(parts[1].split(separator: "@").last ?? "")"
    }

    private static func pause(round: Int) async {
        let longest = min(longestPause, shortestPause * Double(1 << min(round, 10)))
        try? await Task.sleep(for: .seconds(Double.random(in: longest / 2...longest)))
    }

    private func ask(
        _ endpoint: RPCEndpoints.Endpoint, _ calls: [RPCCall]
    ) async throws(NodeFailure) -> [Result<JSONValue, RPCError>] {
        if !endpoint.isVerified { try await verify(endpoint) }
        var results: [Result<JSONValue, RPCError>] = []
        var start = 0
        while start < calls.count {
            let size = endpoint.takesBatches ? Self.largestBatch : 1
            let part = Array(calls[start..<min(start + size, calls.count)])
            results += try await send(part, to: endpoint)
            start += part.count
        }
        return results
    }

    private func verify(_ endpoint: RPCEndpoints.Endpoint) async throws(NodeFailure) {
        let answer = try await send([RPCCall("eth_chainId")], to: endpoint)[0]
        guard case .success(let value) = answer, let found = value.quantity else {
            throw .garbled("eth_chainId has no quantity")
        }
        guard found == chainId else {
            throw .wrongChain(expected: chainId.decimalString, found: found.decimalString)
        }
    }

    private func send(
        _ calls: [RPCCall], to endpoint: RPCEndpoints.Endpoint
    ) async throws(NodeFailure) -> [Result<JSONValue, RPCError>] {
        counts.withLock { $0.requests += 1 }
        let reply = try await post(RPCMessage.request(calls), to: endpoint.url)
        let json: JSONValue
        do throws(JSONError) {
            json = try JSONValue.parse(reply, maxDepth: 32, maxValues: Self.largestValues)
        } catch {
            throw .garbled(error.detail)
        }
        let results: Result<[Result<JSONValue, RPCError>], NodeFailure>
        do throws(RPCMessage.BatchRefused) {
            results = try RPCMessage.results(json, count: calls.count)
        } catch {
            // Some nodes take one call at a time: they answer a batch with one error.
            state.withLock { $0.refusesBatches(endpoint.url) }
            var single: [Result<JSONValue, RPCError>] = []
            for call in calls { single += try await send([call], to: endpoint) }
            return single
        }
        return try results.get()
    }

    /// The whole answer within the time: the client's own deadline ends with the head, and a body may come drop by drop.
    private func post(_ body: [UInt8], to url: String) async throws(NodeFailure) -> [UInt8] {
        let answer = await withTaskGroup(of: Result<[UInt8], NodeFailure>.self) { group in
            group.addTask {
                do throws(NodeFailure) {
                    return .success(try await self.postWithoutEnd(body, to: url))
                } catch {
                    return .failure(error)
                }
            }
            group.addTask { [timeout] in
                try? await Task.sleep(for: .nanoseconds(timeout.nanoseconds))
                return .failure(.unreachable("no whole answer within \(timeout.nanoseconds / 1_000_000) ms"))
            }
            defer { group.cancelAll() }
            return await group.next() ?? .failure(.unreachable("it was not asked"))
        }
        return try answer.get()
    }

    private func postWithoutEnd(_ body: [UInt8], to url: String) async throws(NodeFailure) -> [UInt8] {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers = ["Content-Type": "application/json", "Accept": "application/json"]
        request.body = .bytes(ByteBuffer(bytes: body))
        do {
            let response = try await http.execute(request, deadline: .now() + timeout, logger: nil)
            // An error of one call may come with a status of its own; what matters is the body.
            guard (200..<300).contains(response.status.code) || response.status == .badRequest else {
                throw NodeFailure.unreachable("HTTP \(response.status.code)")
            }
            let bytes = try await response.body.collect(upTo: largestReply)
            return Array(bytes.readableBytesView)
        } catch let failure as NodeFailure {
            throw failure
        } catch is NIOTooManyBytesError {
            throw .tooLarge
        } catch {
            throw .unreachable("\(error)")
        }
    }
}
