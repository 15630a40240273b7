import Exchange
import Market
import NIOCore
import NIOHTTP1

/// Answers the two hottest requests on the event loop, without the router: a page of the book from bytes already
/// encoded, and a posted offer that can be decided without waiting. Whatever is not simple passes on to the
/// router, which serves the same routes by the same functions.
final class HotRoutes: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case passing
        case collecting(HTTPRequestHead, ByteBuffer)
        case answered
    }

    private let book: BookRoutes
    private let offers: OfferRoutes
    private let limits: HTTPLimits
    private var state = State.passing

    init(book: BookRoutes, offers: OfferRoutes, limits: HTTPLimits) {
        self.book = book
        self.offers = offers
        self.limits = limits
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), state) {
        case (.head(let head), _): read(head, context: context, data: data)
        case (.body(let part), .collecting(let head, var body)):
            state = .passing
            body.writeImmutableBuffer(part)
            state = .collecting(head, body)
            if body.readableBytes > limits.offerBody { passOn(head, body, context) }
        case (.end, .collecting(let head, let body)): post(head, body, context: context, end: data)
        case (_, .answered): break
        case (_, .passing): context.fireChannelRead(data)
        }
    }

    private func read(_ head: HTTPRequestHead, context: ChannelHandlerContext, data: NIOAny) {
        state = .passing
        if head.method == .GET, head.uri.utf8.starts(with: "/orderbook/".utf8),
            !head.headers.contains(name: "content-length"),
            !head.headers.contains(name: "transfer-encoding")
        {
            state = .answered
            let requestID = RequestID.accept(head.headers.first(name: "x-request-id"))
            write(bookReply(head, requestID: requestID), requestID: requestID, head: head, context: context)
        } else if head.method == .POST, head.uri == "/offers", offers.intake.decidesAtOnce, Self.isJSON(head) {
            state = .collecting(head, context.channel.allocator.buffer(capacity: 1_024))
        } else {
            context.fireChannelRead(data)
        }
    }

    private func bookReply(_ head: HTTPRequestHead, requestID: String) -> Reply {
        let target = head.uri.dropFirst("/orderbook/".count)
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let token = parts.first, !token.utf8.contains(UInt8(ascii: "/")) else {
            return Problem.reply(
                status: 404, code: "not_found", detail: "There is nothing at this path.", requestID: requestID)
        }
        do throws(Rejection) {
            return try book.reply(
                token: token, query: parts.count > 1 ? parts[1] : "",
                ifNoneMatch: head.headers.first(name: "if-none-match"), coding: ContentCoding.chosen(by: head.headers))
        } catch {
            return Problem.reply(error, requestID: requestID)
        }
    }

    /// Decides a post at once, or hands it to the router: a refusal may need the database or a diagnosis.
    private func post(_ head: HTTPRequestHead, _ body: ByteBuffer, context: ChannelHandlerContext, end: NIOAny) {
        let requestID = RequestID.accept(head.headers.first(name: "x-request-id"))
        do throws(Rejection) {
            let draft = try Draft.parse(Array(body.readableBytesView))
            switch try offers.intake.admit(draft, diagnosing: false) {
            case .known(let offer):
                state = .answered
                let reply = offers.receipt(.existed(offer), requestID: requestID)
                write(reply, requestID: requestID, head: head, context: context)
            case .verified(let signed):
                state = .answered
                let loop = context.eventLoop
                let bound = NIOLoopBound((self, context), eventLoop: loop)
                offers.intake.enqueue(signed) { result in
                    loop.execute {
                        let (handler, context) = bound.value
                        let reply = handler.offers.receipt(result, requestID: requestID)
                        handler.write(reply, requestID: requestID, head: head, context: context)
                    }
                }
            }
        } catch {
            passOn(head, body, context)
            context.fireChannelRead(end)
        }
    }

    private func passOn(_ head: HTTPRequestHead, _ body: ByteBuffer, _ context: ChannelHandlerContext) {
        state = .passing
        context.fireChannelRead(wrapInboundOut(.head(head)))
        if body.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(.body(body))) }
    }

    private func write(_ reply: Reply, requestID: String, head: HTTPRequestHead, context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        var answer = HTTPResponseHead(version: .http1_1, status: .init(statusCode: reply.status))
        if reply.status != 304 {
            answer.headers.add(name: "Content-Type", value: reply.contentType)
            answer.headers.add(name: "Content-Length", value: String(reply.body.readableBytes))
        }
        for (name, value) in reply.headers { answer.headers.add(name: name, value: value) }
        answer.headers.add(name: "Vary", value: "Accept-Encoding")
        answer.headers.add(name: "X-Request-Id", value: requestID)
        context.write(wrapOutboundOut(.head(answer)), promise: nil)
        if reply.body.readableBytes > 0 {
            context.write(wrapOutboundOut(.body(.byteBuffer(reply.body))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    private static func isJSON(_ head: HTTPRequestHead) -> Bool {
        MediaType.isJSON(head.headers.first(name: "content-type"))
    }
}
