import Ethereum
import Market
import NIOCore
import NIOHTTP1
import NIOPosix
import StrictJSON
import Synchronization

/// An order book of CoW's on a local port that takes every order at once and has it filled when it is asked for.
final class PromptCow: Sendable {
    /// The requests so far.
    struct Counts: Sendable {
        var posts = 0
        var lookUps = 0
        var orders = 0
    }

    private struct State {
        var counts = Counts()
        var orders: Set<OrderUID> = []
    }

    private let channel: any Channel
    private let state: SharedState

    private final class SharedState: Sendable {
        let mutex = Mutex(State())
        let domain: EIP712Domain

        init(domain: EIP712Domain) { self.domain = domain }
    }

    /// Listens.
    init(chainId: UInt256) async throws {
        let state = SharedState(domain: GPv2Order.domain(chainId: chainId))
        self.state = state
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .childChannelInitializer { child in
                child.pipeline.configureHTTPServerPipeline().flatMapThrowing {
                    try child.pipeline.syncOperations.addHandler(Handler(state))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    var url: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }
    var counts: Counts { state.mutex.withLock { $0.counts } }

    func close() async { try? await channel.close() }

    /// The order's id, computed from what was sent; nil for what is no order.
    private static func uid(of body: [UInt8], domain: EIP712Domain) -> OrderUID? {
        guard let object = (try? JSONValue.parse(body))?.object else { return nil }
        func address(_ key: StaticString) -> Address { object[key]?.string.flatMap { try? Address.parse($0) } ?? .zero }
        func amount(_ key: StaticString) -> UInt256 { object[key]?.string.flatMap { UInt256(decimal: $0) } ?? .zero }
        guard let document = object["appData"]?.string,
            let validTo = object["validTo"]?.number.flatMap({ UInt256(decimal: $0)?.asUInt64 })
        else { return nil }
        let order = GPv2Order(
            sellToken: address("sellToken"), buyToken: address("buyToken"), receiver: address("receiver"),
            sellAmount: amount("sellAmount"), buyAmount: amount("buyAmount"), validTo: UInt32(clamping: validTo),
            appData: Keccak256.hash(Array(document)))
        return OrderUID(orderHash: order.hash(in: domain), owner: address("from"), validTo: order.validTo)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let state: SharedState
        private var head: HTTPRequestHead?
        private var body: [UInt8] = []

        init(_ state: SharedState) { self.state = state }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): (self.head, body) = (head, [])
            case .body(let buffer): body.append(contentsOf: buffer.readableBytesView)
            case .end:
                let (status, text) = head.map(answer) ?? (400, "{}")
                let headers: HTTPHeaders = [
                    "Content-Type": "application/json", "Content-Length": String(text.utf8.count),
                ]
                let response = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)
                context.write(wrapOutboundOut(.head(response)), promise: nil)
                context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }

        private func answer(_ head: HTTPRequestHead) -> (Int, String) {
            let isPost = head.method == .POST
            let uid =
                isPost
                ? PromptCow.uid(of: body, domain: state.domain) : OrderUID(hex: Array(head.uri.utf8.dropFirst(15)))
            return state.mutex.withLock { state in
                if isPost { state.counts.posts += 1 } else { state.counts.lookUps += 1 }
                guard let uid else { return (400, #"{"errorType":"InvalidOrder","description":""}"#) }
                if isPost {
                    guard state.orders.insert(uid).inserted else {
                        return (400, #"{"errorType":"DuplicatedOrder","description":"order already exists"}"#)
                    }
                    state.counts.orders += 1
                    return (201, "\"\(uid.hex)\"")
                }
                guard state.orders.contains(uid) else { return (404, #"{"errorType":"NotFound","description":""}"#) }
                return (200, "{\"uid\":\"\(uid.hex)\",\"status\":\"fulfilled\",\"executedBuyAmount\":\"2400000000\"}")
            }
        }
    }
}
