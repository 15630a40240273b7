import NIOCore
import NIOHTTP1

/// The first handler behind the HTTP decoder: what may come in, for how long, and how a connection ends.
///
/// Everything a request must satisfy whatever its route is checked here, before a route sees it: that it is HTTP,
/// body bounds, time-outs, `Expect`, upgrades nobody takes, cross-origin rules. It stands behind NIO's pipelining
/// handler, so one request is in flight at a time. Each is answered once, whoever answers it: this handler knows how
/// far the answer is, and what comes too late is dropped.
final class RequestGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Answer { case awaited, begun, done }

    /// The client gets so long to read a last answer before what it still sends resets the connection.
    private static let farewell = TimeAmount.seconds(2)

    private let limits: HTTPLimits
    private let metrics: RequestMetrics
    /// What is kept of the request in flight.
    private var request = RequestTraits()
    private var answer = Answer.done
    private var bodyBytes = 0
    /// The rest of the request is passed over.
    private var isRefused = false
    private var isReading = false
    private var isClosing = false
    private var isInputClosed = false
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

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
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
            deadline = answer == .done ? .now() + limits.idle : .distantFuture
            if !isRefused { context.fireChannelRead(data) }
        }
    }

    private func read(_ original: HTTPRequestHead, context: ChannelHandlerContext) {
        var head = original
        request = RequestTraits(&head)
        answer = .awaited
        startedAt = .now()
        bodyBytes = 0
        isRefused = false
        isReading = true
        deadline = startedAt + limits.request
        if let text = head.headers.first(name: "content-length"), let length = Int(text), length > limits.largestBody {
            return refuse(413, "body_too_large", "The body may have \(limits.largestBody) bytes here.", context)
        }
        if request.expectsContinue {
            let interim = HTTPResponseHead(version: head.version, status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(interim)), promise: nil)
        }
        if request.isPreflight { return answerPreflight(context) }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError || error is NIOHTTPDecoderError else { return context.close(promise: nil) }
        // Half a request is reported as garbage when its connection ends; there is nobody to tell.
        guard !isClosing, context.channel.isActive else { return }
        // Garbage in the place of a request is one that is awaiting its answer.
        if answer == .done, !isReading {
            request = RequestTraits()
            startedAt = .now()
            answer = .awaited
        }
        refuse(
            400, "malformed_request", "This is not an HTTP/1.1 request within the limits of this service.", context)
    }

    /// A client that sends no more may still read: the end of its input waits until it has its answer.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed, answer != .done, !isReading {
            isInputClosed = true
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    // MARK: Answers

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isClosing, answer != .done else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(let head): context.write(wrapOutboundOut(.head(begin(head))), promise: promise)
        case .body:
            if request.wantsBody { context.write(data, promise: promise) } else { promise?.succeed() }
        case .end: end(data, context, promise)
        }
    }

    private func begin(_ original: HTTPResponseHead) -> HTTPResponseHead {
        var head = original
        answer = .begun
        request.decorate(&head, limits)
        if request.isLast { head.headers.replaceOrAdd(name: "Connection", value: "close") }
        metrics.answered(status: Int(head.status.code), after: .now() - startedAt)
        return head
    }

    private func end(_ data: NIOAny, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        answer = .done
        if !isReading { deadline = .now() + limits.idle }
        guard request.isLast else {
            context.write(data, promise: promise)
            if isInputClosed { context.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
            return
        }
        isClosing = true
        let written = promise ?? context.eventLoop.makePromise()
        closeAfter(written.futureResult, context)
        context.write(data, promise: written)
    }

    /// Closes the output once the last answer is out, and everything a little later.
    private func closeAfter(_ written: EventLoopFuture<Void>, _ context: ChannelHandlerContext) {
        let channel = context.channel
        written.whenComplete { _ in
            channel.close(mode: .output, promise: nil)
            channel.eventLoop.scheduleTask(in: Self.farewell) { channel.close(promise: nil) }
        }
    }

    private func answerPreflight(_ context: ChannelHandlerContext) {
        isRefused = true
        let isAllowed = request.origin.map(limits.allowsOrigin) ?? false
        var headers = HTTPHeaders()
        if isAllowed {
            headers.add(name: "Access-Control-Allow-Methods", value: "GET, HEAD, POST, PUT, DELETE")
            headers.add(
                name: "Access-Control-Allow-Headers", value: "Content-Type, Authorization, If-None-Match, X-Request-Id")
            headers.add(name: "Access-Control-Max-Age", value: "600")
        } else {
            headers.add(name: "Content-Length", value: "0")
        }
        let head = HTTPResponseHead(version: .http1_1, status: isAllowed ? .noContent : .forbidden, headers: headers)
        write(context: context, data: NIOAny(HTTPServerResponsePart.head(head)), promise: nil)
        write(context: context, data: NIOAny(HTTPServerResponsePart.end(nil)), promise: nil)
        context.flush()
    }

    /// Answers before the request has ended, unless a route did, and closes: what is to come is not worth reading.
    private func refuse(_ status: Int, _ code: String, _ detail: String, _ context: ChannelHandlerContext) {
        isRefused = true
        request.isLast = true
        switch answer {
        case .begun: return
        case .done:
            isClosing = true
            return closeAfter(context.eventLoop.makeSucceededVoidFuture(), context)
        case .awaited: break
        }
        let reply = Problem.reply(status: status, code: code, detail: detail, requestID: request.requestID)
        var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: reply.status))
        head.headers.add(name: "Content-Type", value: reply.contentType)
        head.headers.add(name: "Content-Length", value: String(reply.body.readableBytes))
        head.headers.add(name: "X-Request-Id", value: request.requestID)
        write(context: context, data: NIOAny(HTTPServerResponsePart.head(head)), promise: nil)
        write(context: context, data: NIOAny(HTTPServerResponsePart.body(.byteBuffer(reply.body))), promise: nil)
        write(context: context, data: NIOAny(HTTPServerResponsePart.end(nil)), promise: nil)
        context.flush()
    }

    /// Looks at the deadline now and then instead of moving a timer twice a request.
    private func watch(_ context: ChannelHandlerContext) {
        let interval = min(limits.idle, limits.request)
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: interval) {
            if self.deadline <= .now() { context.close(promise: nil) } else { self.watch(context) }
        }
    }
}
