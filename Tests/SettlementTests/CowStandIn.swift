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
        case serverError, duplicated, notYetValid, html, huge, wrongUID, redirect, tooManyOrders, rateLimited, notHex
        /// Takes the order only when it is asked for another one.
        case takeLater
    }

    private struct State {
        var orders: [OrderUID: Order] = [:]
        var late: [Order] = []
        var misdeeds: [Misdeed] = []
        var lookUpMisdeeds: [Misdeed] = []
        var posts = 0
        var lookUps = 0
        var complaints: [String] = []
    }

    /// An order that was taken.
    struct Order: Sendable {
        let uid: OrderUID
        var status = "open"
        var executed: UInt256 = .zero
    }

    private let state = Mutex(State())
    private let channel: any Channel
    private let domain: EIP712Domain

    init(chainId: UInt256) async throws {
        domain = GPv2Order.domain(chainId: chainId)
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

    /// Every order meets this end.
    func end(_ status: String, executed: UInt256 = .zero) {
        state.withLock { state in
            for uid in state.orders.keys {
                state.orders[uid]?.status = status
                state.orders[uid]?.executed = executed
            }
        }
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
        for order in state.late { state.orders[order.uid] = order }
        state.late = []
        let misdeed = state.misdeeds.isEmpty ? nil : state.misdeeds.removeFirst()
        guard let uid = check(body, &state) else { return Self.error(400, "InvalidOrder", "see complaints") }
        let isKnown = state.orders[uid] != nil
        let order = Order(uid: uid)
        switch misdeed {
        case .timeOutAfterTaking?:
            state.orders[uid] = state.orders[uid] ?? order
            return Answer(silent: true)
        case .cutAfterTaking?:
            state.orders[uid] = state.orders[uid] ?? order
            return Answer(close: true)
        case .takeLater?:
            if !isKnown { state.late.append(order) }
            return Answer(silent: true)
        case .wrongUID?:
            state.orders[uid] = state.orders[uid] ?? order
            return Answer(status: 201, body: Array("\"\(Hex.encode([UInt8](repeating: 9, count: 56)))\"".utf8))
        case .duplicated?:
            state.orders[uid] = state.orders[uid] ?? order
            return Self.error(400, "DuplicatedOrder", "order already exists")
        case let other?: return Self.misdeed(other)
        case nil:
            if isKnown { return Self.error(400, "DuplicatedOrder", "order already exists") }
            state.orders[uid] = order
            return Answer(status: 201, body: Array("\"\(uid.hex)\"".utf8))
        }
    }

    private func lookUp(_ path: String, _ state: inout State) -> Answer {
        state.lookUps += 1
        if !state.lookUpMisdeeds.isEmpty { return Self.misdeed(state.lookUpMisdeeds.removeFirst()) }
        guard let uid = OrderUID(hex: Array(path.utf8.dropFirst(15))) else {
            state.complaints.append("look-up of \(path)")
            return Self.error(400, "InvalidUid", "")
        }
        guard let order = state.orders[uid] else { return Self.error(404, "NotFound", "Order was not found") }
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
        case .wrongUID: Answer(body: Array("{\"uid\": \"0x00\", \"status\": \"open\"}".utf8))
        }
    }

    static func error(_ status: Int, _ kind: String, _ words: String) -> Answer {
        Answer(status: status, body: Array("{\"errorType\":\"\(kind)\",\"description\":\"\(words)\"}".utf8))
    }
}

extension CowStandIn {
    /// The id of a posted order, when everything about it is right.
    private func check(_ body: [UInt8], _ state: inout State) -> OrderUID? {
        guard let json = try? JSONValue.parse(body), let object = json.object else {
            state.complaints.append("no JSON")
            return nil
        }
        func text(_ key: StaticString) -> ArraySlice<UInt8> { object[key]?.string ?? [] }
        func address(_ key: StaticString) -> Address { (try? Address.parse(text(key))) ?? .zero }
        func number(_ key: StaticString) -> UInt256 { UInt256(decimal: text(key)) ?? .zero }
        let document = Array(text("appData"))
        let validTo = object["validTo"]?.number.flatMap { UInt256(decimal: $0)?.asUInt64 } ?? 0
        let order = GPv2Order(
            sellToken: address("sellToken"), buyToken: address("buyToken"), receiver: address("receiver"),
            sellAmount: number("sellAmount"), buyAmount: number("buyAmount"), validTo: UInt32(clamping: validTo),
            appData: Keccak256.hash(document), feeAmount: number("feeAmount"),
            partiallyFillable: object["partiallyFillable"]?.bool ?? true)
        var wrong: [String] = []
        if !text("signingScheme").isEqual(to: "eip1271") { wrong.append("signingScheme") }
        if !text("kind").isEqual(to: "sell") { wrong.append("kind") }
        if !text("sellTokenBalance").isEqual(to: "erc20") { wrong.append("sellTokenBalance") }
        if !text("buyTokenBalance").isEqual(to: "erc20") { wrong.append("buyTokenBalance") }
        if Bytes32(hexBytes: text("appDataHash")) != order.appData { wrong.append("appDataHash") }
        if !order.feeAmount.isZero { wrong.append("feeAmount") }
        if order.partiallyFillable { wrong.append("partiallyFillable") }
        if order.sellAmount.isZero || order.buyAmount.isZero { wrong.append("amounts") }
        if Hex.decode(Array(text("signature"))).map({ $0.count % 32 != 0 || $0.count < 96 }) ?? true {
            wrong.append("signature")
        }
        if address("from") != address("receiver") { wrong.append("from") }
        guard wrong.isEmpty else {
            state.complaints.append(contentsOf: wrong)
            return nil
        }
        return OrderUID(
            orderHash: order.hash(in: domain), owner: address("from"), validTo: UInt32(clamping: validTo))
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
