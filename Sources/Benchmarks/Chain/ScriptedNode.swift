import NIOCore
import NIOHTTP1
import NIOPosix
import StrictJSON

/// JSON-RPC over HTTP in front of a scripted chain, on a thread of its own.
enum ScriptedNode {
    /// Runs `body` with the node's URL.
    static func with<Value: Sendable>(
        _ chain: ScriptedChain, _ body: (_ url: String) async throws -> Value
    ) async throws -> Value {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(chain: chain))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let result: Result<Value, any Error>
        do {
            result = .success(try await body("http://127.0.0.1:\(channel.localAddress?.port ?? 0)"))
        } catch {
            result = .failure(error)
        }
        try? await channel.close()
        try? await group.shutdownGracefully()
        return try result.get()
    }

    /// Answers each request when it is whole.
    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let chain: ScriptedChain
        private var request: [UInt8] = []

        init(chain: ScriptedChain) { self.chain = chain }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head: request.removeAll(keepingCapacity: true)
            case .body(let buffer): request += buffer.readableBytesView
            case .end: answer(context)
            }
        }

        private func answer(_ context: ChannelHandlerContext) {
            guard let json = try? JSONValue.parse(request, maxValues: 100_000) else {
                return context.close(promise: nil)
            }
            var bytes: [UInt8] = []
            if let calls = json.array {
                bytes.append(UInt8(ascii: "["))
                for (place, call) in calls.enumerated() {
                    if place > 0 { bytes.append(UInt8(ascii: ",")) }
                    bytes += reply(call)
                }
                bytes.append(UInt8(ascii: "]"))
            } else {
                bytes = reply(json)
            }
            let headers: HTTPHeaders = ["Content-Type": "application/json", "Content-Length": "\(bytes.count)"]
            context.write(
                wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .ok, headers: headers))), promise: nil
            )
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }

        private func reply(_ call: JSONValue) -> [UInt8] {
            let id = call.object?["id"]?.number.map { String(decoding: $0, as: UTF8.self) } ?? "null"
            let method = call.object?["method"]?.string.map { String(decoding: $0, as: UTF8.self) } ?? ""
            let head = Array("{\"jsonrpc\":\"2.0\",\"id\":\(id),".utf8)
            if let result = chain.result(of: method, call.object?["params"]) {
                return head + Array("\"result\":".utf8) + result + [UInt8(ascii: "}")]
            }
            return head
                + Array("\"error\":{\"code\":-32005,\"message\":\"query returned more than 10000 results\"}}".utf8)
        }
    }
}
