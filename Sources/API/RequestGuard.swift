import NIOCore
import NIOHTTP1

/// The first handler behind the HTTP decoder: what may come in, for how long, and how a connection ends.
///
/// Everything a request must satisfy whatever its route is checked here, before a route sees it: body bounds,
/// time-outs, `Expect`, upgrades nobody takes, cross-origin rules. It stands behind NIO's pipelining handler, so
/// one request is in flight at a time.
final class RequestGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let limits: HTTPLimits
    private let metrics: RequestMetrics
    private var origin: String?
    private var bodyBytes = 0
    private var isRefused = false
    private var isReading = false
    private var startedAt = NIODeadline.now()
    private var deadline = NIODeadline.distantFuture
    private var timer: Scheduled<Void>?

    init(limits: HTTPLimits, metrics: RequestMetrics) {
        self.limits = limits
        self.metrics = metrics
    }

    func handlerAdded(context: ChannelHandlerContext) {
        deadline = .now() + limits.idle
        watch(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): read(head, context: context)
        case .body(let bytes):
            guard !isRefused else { return }
            bodyBytes += bytes.readableBytes
            if bodyBytes > limits.largestBody {
                refuse(413, "body_too_large", "The body may have \(limits.largestBody) bytes here.", context)
            } else {
                context.fireChannelRead(data)
            }
        case .end:
            isReading = false
            deadline = .distantFuture
            if !isRefused { context.fireChannelRead(data) }
        }
    }

    private func read(_ original: HTTPRequestHead, context: ChannelHandlerContext) {
        var head = original
        startedAt = .now()
        bodyBytes = 0
        isRefused = false
        isReading = true
        deadline = startedAt + limits.request
        origin = head.headers.first(name: "origin")
        // No upgrade is offered; a head that carries one must not look different to the routes.
        head.headers.remove(name: "upgrade")
        head.headers.remove(name: "http2-settings")
        if let text = head.headers.first(name: "content-length"), let length = Int(text), length > limits.largestBody {
            return refuse(413, "body_too_large", "The body may have \(limits.largestBody) bytes here.", context)
        }
        if head.headers[canonicalForm: "expect"].contains(where: { $0.lowercased() == "100-continue" }) {
            let interim = HTTPResponseHead(version: head.version, status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(interim)), promise: nil)
            head.headers.remove(name: "expect")
        }
        if head.method == .OPTIONS, origin != nil, head.headers.contains(name: "access-control-request-method") {
            isRefused = true
            return answerPreflight(context)
        }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head):
            if let origin, limits.allowsOrigin(origin) {
                head.headers.replaceOrAdd(name: "Access-Control-Allow-Origin", value: origin)
                head.headers.add(
                    name: "Access-Control-Expose-Headers",
                    value: "ETag, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, X-Request-Id")
                head.headers.add(name: "Vary", value: "Origin")
            }
            head.headers.replaceOrAdd(name: "X-Content-Type-Options", value: "nosniff")
            metrics.answered(status: Int(head.status.code), after: .now() - startedAt)
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body: context.write(data, promise: promise)
        case .end:
            context.write(data, promise: promise)
            if !isReading { deadline = .now() + limits.idle }
        }
    }

    private func answerPreflight(_ context: ChannelHandlerContext) {
        let allowed = origin.map(limits.allowsOrigin) ?? false
        var headers = HTTPHeaders([("Content-Length", "0")])
        if allowed {
            headers.add(name: "Access-Control-Allow-Methods", value: "GET, HEAD, POST, PUT, DELETE")
            headers.add(
                name: "Access-Control-Allow-Headers", value: "Content-Type, Authorization, If-None-Match, X-Request-Id")
            headers.add(name: "Access-Control-Max-Age", value: "600")
        }
        let head = HTTPResponseHead(version: .http1_1, status: allowed ? .noContent : .forbidden, headers: headers)
        write(context: context, data: wrapInboundResponse(.head(head)), promise: nil)
        write(context: context, data: wrapInboundResponse(.end(nil)), promise: nil)
        context.flush()
    }

    /// Answers before the request has ended and closes: what is still to come is not worth reading.
    private func refuse(_ status: Int, _ code: String, _ detail: String, _ context: ChannelHandlerContext) {
        isRefused = true
        let reply = Problem.reply(status: status, code: code, detail: detail, requestID: RequestID.next())
        var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: reply.status))
        head.headers.add(name: "Content-Type", value: reply.contentType)
        head.headers.add(name: "Content-Length", value: String(reply.body.readableBytes))
        head.headers.add(name: "Connection", value: "close")
        write(context: context, data: wrapInboundResponse(.head(head)), promise: nil)
        write(context: context, data: wrapInboundResponse(.body(.byteBuffer(reply.body))), promise: nil)
        let closing = context.eventLoop.makePromise(of: Void.self)
        let channel = context.channel
        closing.futureResult.whenComplete { _ in channel.close(mode: .output, promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: closing)
        // The client gets a moment to read the answer before what it still sends resets the connection.
        context.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
    }

    private func wrapInboundResponse(_ part: HTTPServerResponsePart) -> NIOAny { NIOAny(part) }

    /// Looks at the deadline now and then instead of moving a timer twice a request.
    private func watch(_ context: ChannelHandlerContext) {
        let interval = min(limits.idle, limits.request)
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: interval) {
            if self.deadline <= .now() { context.close(promise: nil) } else { self.watch(context) }
        }
    }
}
