import NIOCore
import NIOHTTP1
import NIOPosix
import StrictJSON
import Synchronization

/// An HTTP server of one test that answers as it is told, request by request.
final class MisbehavingServer: Sendable {
    /// What becomes of a request.
    enum Answer: Sendable {
        case reply(status: Int, body: String, headers: [(String, String)] = [])
        /// A reply of this many bytes.
        case large(Int)
        /// Nothing ever comes.
        case silence
        /// A reply that begins and then comes byte by byte, so many ms apart.
        case drip(everyMillis: Int64)
        /// The connection ends.
        case hangUp
        /// Each call of the request answered as a node of this chain does, `eth_blockNumber` by 0x10.
        case node(chain: String)

        /// A reply with a status of 200.
        static func ok(_ body: String) -> Answer { .reply(status: 200, body: body) }
    }

    let url: String
    private let channel: any Channel
    private let requests = Mutex<[JSONValue]>([])
    private let script: @Sendable (_ number: Int, _ request: JSONValue) -> Answer

    /// Runs `body` with servers that answer by these scripts.
    static func with<Value: Sendable>(
        _ scripts: [@Sendable (Int, JSONValue) -> Answer], _ body: ([MisbehavingServer]) async throws -> Value
    ) async throws -> Value {
        var servers: [MisbehavingServer] = []
        for script in scripts { servers.append(try await MisbehavingServer(script)) }
        let result: Result<Value, any Error>
        do { result = .success(try await body(servers)) } catch { result = .failure(error) }
        for server in servers { try? await server.channel.close() }
        return try result.get()
    }

    private init(_ script: @escaping @Sendable (Int, JSONValue) -> Answer) async throws {
        self.script = script
        let box = Mutex<MisbehavingServer?>(nil)
        let shared = Box(box)
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler { shared.value.withLock { $0 } })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        url = "http://127.0.0.1:\(channel.localAddress?.port ?? 0)"
        shared.value.withLock { $0 = self }
    }

    private final class Box: Sendable {
        let value: Mutex<MisbehavingServer?>
        init(_ value: consuming Mutex<MisbehavingServer?>) { self.value = value }
    }

    /// The methods asked for, in order.
    var methods: [String] {
        requests.withLock { $0 }.flatMap { ($0.array ?? [$0]) }.map {
            String(decoding: $0.object?["method"]?.string ?? [], as: UTF8.self)
        }
    }

    /// Requests that came.
    var count: Int { requests.withLock { $0.count } }

    fileprivate func answer(_ request: JSONValue) -> Answer {
        let number = requests.withLock { requests in
            requests.append(request)
            return requests.count - 1
        }
        return script(number, request)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let server: () -> MisbehavingServer?
        private var body: [UInt8] = []

        init(server: @escaping () -> MisbehavingServer?) { self.server = server }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head: body = []
            case .body(let buffer): body += buffer.readableBytesView
            case .end:
                let request = (try? JSONValue.parse(body)) ?? .null
                guard let answer = server()?.answer(request) else { return context.close(promise: nil) }
                perform(answer, request, context)
            }
        }

        private func perform(_ answer: Answer, _ request: JSONValue, _ context: ChannelHandlerContext) {
            switch answer {
            case .reply(let status, let body, let headers):
                send(status, Array(body.utf8), headers, context)
            case .large(let size): send(200, [UInt8](repeating: 0x20, count: size), [], context)
            case .silence: break
            case .hangUp: context.close(promise: nil)
            case .node(let chain): send(200, Self.honest(request, chain), [], context)
            case .drip(let millis):
                let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: ["Content-Length": "1000000"])
                context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
                drip(NIOLoopBound(context, eventLoop: context.eventLoop), .milliseconds(millis))
            }
        }

        private func drip(_ context: NIOLoopBound<ChannelHandlerContext>, _ pause: TimeAmount) {
            guard context.value.channel.isActive else { return }
            context.value.writeAndFlush(
                wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: [0x20])))), promise: nil)
            let me = NIOLoopBound(self, eventLoop: context.value.eventLoop)
            context.value.eventLoop.scheduleTask(in: pause) { me.value.drip(context, pause) }
        }

        private func send(
            _ status: Int, _ body: [UInt8], _ headers: [(String, String)], _ context: ChannelHandlerContext
        ) {
            var fields = HTTPHeaders(headers)
            fields.add(name: "Content-Length", value: "\(body.count)")
            let head = HTTPResponseHead(
                version: .http1_1, status: HTTPResponseStatus(statusCode: status), headers: fields)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }

        private static func honest(_ request: JSONValue, _ chain: String) -> [UInt8] {
            let replies = (request.array ?? [request]).map { call in
                let id = String(decoding: call.object?["id"]?.number ?? [], as: UTF8.self)
                let isChain = call.object?["method"]?.string.map { $0.elementsEqual("eth_chainId".utf8) } ?? false
                return #"{"jsonrpc":"2.0","id":\#(id),"result":"\#(isChain ? chain : "0x10")"}"#
            }
            let text = request.array == nil ? replies[0] : "[\(replies.joined(separator: ","))]"
            return Array(text.utf8)
        }
    }
}
