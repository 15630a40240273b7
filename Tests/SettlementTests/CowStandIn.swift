import Ethereum
import Market
import NIOCore
import NIOHTTP1
import NIOPosix
import StrictJSON
import Synchronization

/// CoW's order book as far as the worker meets it, on a real socket: strict about what it takes, and as unreliable as it
/// is told to be. It counts what it took, which is what the tests are about.
final class CowStandIn: Sendable {
    /// How the next request is treated; without one it is treated well.
    enum Misdeed: String, CaseIterable, Sendable {
        /// Takes the order and gives no answer.
        case timeOutAfterTaking
        /// Gives no answer and takes nothing.
        case timeOut
        /// Takes the order, and closes the connection.
        case cutAfterTaking
        case serverError, duplicated, notYetValid, html, huge, redirect, tooManyOrders, rateLimited, notHex
        /// Takes the order and answers with another one's id; or takes none and answers so.
        case wrongUID, strangeUID
        /// Gives no answer, and takes the order some time later.
        case takeLater
    }

    private struct State {
        var orders: [OrderUID: Order] = [:]
        var late: [Order] = []
        var misdeeds: [Misdeed] = []
        var lookUpMisdeeds: [Misdeed] = []
        var posts = 0
        var complaints: [String] = []
    }

    /// An order that was taken.
    struct Order: Sendable {
        let uid: OrderUID
        /// Hash of the document that says which option it settles.
        let appData: Bytes32
        var status = "open"
        var executed: UInt256 = .zero
    }

    private let state = Mutex(State())
    private let channel: any Channel
    private let domain: EIP712Domain
    private let now: @Sendable () -> UInt64

    /// A book by the clock `now`, unix seconds.
    init(chainId: UInt256, now: @escaping @Sendable () -> UInt64) async throws {
        domain = GPv2Order.domain(chainId: chainId)
        self.now = now
        let handlers = HandlerSource()
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { child in
                child.pipeline.configureHTTPServerPipeline().flatMapThrowing {
                    try child.pipeline.syncOperations.addHandler(StandInHandler(handlers))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        handlers.standIn.withLock { $0 = self }
    }

    var url: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }

    func close() async { try? await channel.close() }

    /// Orders that were ever taken.
    var taken: [Order] { state.withLock { Array($0.orders.values) } }
    /// What clients did wrong.
    var complaints: [String] { state.withLock { $0.complaints } }
    var posts: Int { state.withLock { $0.posts } }

    /// How the next requests are treated, in order.
    func misbehave(_ misdeeds: [Misdeed], lookUps: [Misdeed] = []) {
        state.withLock {
            $0.misdeeds = misdeeds
            $0.lookUpMisdeeds = lookUps
        }
    }

    /// The order meets this end.
    func end(_ uid: OrderUID, _ status: String, executed: UInt256 = .zero) {
        state.withLock { state in
            state.orders[uid]?.status = status
            state.orders[uid]?.executed = executed
        }
    }

    /// What was sent and is on its way arrives.
    func arrive() { state.withLock { arrive(&$0) } }

    private func arrive(_ state: inout State) {
        let late = state.late
        state.late = []
        for order in late where UInt64(order.uid.validTo) >= now() { take(order, &state) }
    }

    /// An option's collateral may be sold once: two orders that can fill at the same time could sell it twice.
    private func take(_ order: Order, _ state: inout State) {
        guard state.orders[order.uid] == nil else { return }
        let isLive = { (other: Order) in
            other.appData == order.appData && UInt64(other.uid.validTo) >= self.now()
                && ["open", "fulfilled"].contains(other.status)
        }
        if state.orders.values.contains(where: isLive) { state.complaints.append("two orders of one option") }
        state.orders[order.uid] = order
    }

    /// What a request is answered: nil is no answer at all, `close` ends the connection.
    struct Answer {
        var status = 200
        var body: [UInt8] = []
        var headers: [(String, String)] = [("Content-Type", "application/json")]
        var silent = false
        var close = false
    }

    func answer(method: HTTPMethod, path: String, body: [UInt8]) -> Answer {
        state.withLock { state in
            if method == .POST, path == "/api/v1/orders" { return post(body, &state) }
            if method == .GET, path.hasPrefix("/api/v1/orders/") { return lookUp(path, &state) }
            state.complaints.append("\(method) \(path)")
            return Self.error(404, "NoRoute", "no such route")
        }
    }

    private func post(_ body: [UInt8], _ state: inout State) -> Answer {
        state.posts += 1
        arrive(&state)
        let misdeed = state.misdeeds.isEmpty ? nil : state.misdeeds.removeFirst()
        guard let order = check(body, &state) else { return Self.error(400, "InvalidOrder", "see complaints") }
        let uid = order.uid
        let isKnown = state.orders[uid] != nil
        guard UInt64(uid.validTo) > now() else { return Self.error(400, "InsufficientValidTo", "validTo is past") }
        switch misdeed {
        case .timeOutAfterTaking?, .cutAfterTaking?, .wrongUID?, .duplicated?:
            take(order, &state)
            return Self.misdeed(misdeed ?? .timeOut)
        case .takeLater?:
            if !isKnown { state.late.append(order) }
            return Answer(silent: true)
        case let other?: return Self.misdeed(other)
        case nil:
            if isKnown { return Self.error(400, "DuplicatedOrder", "order already exists") }
            take(order, &state)
            return Answer(status: 201, body: Array("\"\(uid.hex)\"".utf8))
        }
    }

    private func check(_ body: [UInt8], _ state: inout State) -> Order? {
        let (order, wrong) = Self.read(body, domain: domain)
        state.complaints += wrong
        return order
    }

    private func lookUp(_ path: String, _ state: inout State) -> Answer {
        if !state.lookUpMisdeeds.isEmpty { return Self.misdeed(state.lookUpMisdeeds.removeFirst()) }
        guard let uid = OrderUID(hex: Array(path.utf8.dropFirst(15))) else {
            state.complaints.append("look-up of \(path)")
            return Self.error(400, "InvalidUid", "")
        }
        guard var order = state.orders[uid] else { return Self.error(404, "NotFound", "Order was not found") }
        if order.status == "open", UInt64(uid.validTo) < now() { order.status = "expired" }
        var json = JSONWriter()
        json.beginObject()
        json.key("uid")
        json.string(uid.hex)
        json.key("status")
        json.string(order.status)
        json.key("executedBuyAmount")
        json.string(order.executed.decimalString)
        json.endObject()
        return Answer(body: json.bytes)
    }

    private static func misdeed(_ misdeed: Misdeed) -> Answer {
        switch misdeed {
        case .serverError: error(500, "InternalServerError", "")
        case .notYetValid: error(400, "InvalidEip1271Signature", "signature for computed order hash is not valid")
        case .html:
            Answer(status: 200, body: Array("<html>hello</html>".utf8), headers: [("Content-Type", "text/html")])
        case .huge: Answer(status: 201, body: [UInt8](repeating: UInt8(ascii: " "), count: 1 << 20))
        case .redirect: Answer(status: 307, headers: [("Location", "/elsewhere")])
        case .tooManyOrders: error(400, "TooManyLimitOrders", "Too many limit orders")
        case .rateLimited: error(429, "TooManyRequests", "slow down")
        case .notHex: Answer(status: 201, body: Array("{\"uid\": 7}".utf8))
        case .timeOut, .timeOutAfterTaking, .takeLater: Answer(silent: true)
        case .cutAfterTaking: Answer(close: true)
        case .duplicated: error(400, "DuplicatedOrder", "order already exists")
        case .wrongUID, .strangeUID:
            Answer(status: 201, body: Array("\"\(Hex.encode([UInt8](repeating: 9, count: 56)))\"".utf8))
        }
    }

    static func error(_ status: Int, _ kind: String, _ words: String) -> Answer {
        Answer(status: status, body: Array("{\"errorType\":\"\(kind)\",\"description\":\"\(words)\"}".utf8))
    }
}

/// Lends connections the stand-in, which is there only after the listener.
private final class HandlerSource: Sendable {
    let standIn = Mutex<CowStandIn?>(nil)
}

private final class StandInHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let source: HandlerSource
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(_ source: HandlerSource) { self.source = source }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): (self.head, body) = (head, [])
        case .body(let buffer): body.append(contentsOf: buffer.readableBytesView)
        case .end:
            guard let head, let standIn = source.standIn.withLock({ $0 }) else { return }
            let answer = standIn.answer(method: head.method, path: head.uri, body: body)
            if answer.close { return context.close(promise: nil) }
            if answer.silent { return }
            var headers = HTTPHeaders(answer.headers)
            headers.add(name: "Content-Length", value: String(answer.body.count))
            let response = HTTPResponseHead(
                version: .http1_1, status: .init(statusCode: answer.status), headers: headers)
            context.write(wrapOutboundOut(.head(response)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: answer.body)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
