import Hummingbird
import HummingbirdCore
public import NIOCore
public import NIOHTTP1
import NIOHTTPTypes

/// Whoever takes over connections that ask for a WebSocket, in terms of NIO alone.
public struct WebSocketEntrance: Sendable {
    /// What becomes of a handshake.
    public enum Answer: Sendable {
        /// These bytes are written, and the channel belongs to the handler that `serve` adds to it as the first.
        case accepted(response: ByteBuffer, serve: @Sendable (any Channel) throws -> Void)
        /// An HTTP status, a code in snake_case, a sentence.
        case refused(status: Int, code: String, detail: String)
    }

    /// The one path with WebSockets.
    static let path = "/ws"

    /// Asked on the channel's event loop, with the client's address.
    public let answer: @Sendable (HTTPRequestHead, _ client: String, any Channel) -> Answer

    /// An entrance that `answer` decides on.
    public init(answer: @escaping @Sendable (HTTPRequestHead, _ client: String, any Channel) -> Answer) {
        self.answer = answer
    }

    /// Whether a request asks for a WebSocket where there are any.
    static func isAskedFor(by head: HTTPRequestHead) -> Bool {
        head.method == .GET && (head.uri == path || head.uri.hasPrefix(path + "?"))
            && head.headers[canonicalForm: "upgrade"].contains { $0.lowercased() == "websocket" }
    }
}

/// Decides what a connection speaks. What serves HTTP is added with the first request, so that a WebSocket client, for
/// whom it is never needed, costs neither its handlers nor its task.
final class WebSocketGate: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// What a connection turned out to be.
    enum Spoken: Sendable {
        case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
        case webSocket
    }

    /// The client gets so long to read a refusal before what it still sends resets the connection.
    private static let farewell = TimeAmount.seconds(2)

    private let entrance: WebSocketEntrance
    private let clients: ClientAddress
    private let guarding: RequestGuard
    private let addHTTP: (any Channel) throws -> NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
    private var spoken: EventLoopPromise<Spoken>?
    private var handshake: HTTPRequestHead?
    private var isOver = false

    init(
        entrance: WebSocketEntrance, clients: ClientAddress, guarding: RequestGuard,
        spoken: EventLoopPromise<Spoken>,
        addHTTP: @escaping (any Channel) throws -> NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
    ) {
        self.entrance = entrance
        self.clients = clients
        self.guarding = guarding
        self.spoken = spoken
        self.addHTTP = addHTTP
    }

    func handlerRemoved(context: ChannelHandlerContext) { spoken?.fail(ChannelError.ioOnClosedChannel) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        switch unwrapInboundIn(data) {
        case .head(let head) where WebSocketEntrance.isAskedFor(by: head): handshake = head
        case .head: serveHTTP(context, data)
        case .body: if handshake == nil { context.fireChannelRead(data) }
        case .end:
            guard let head = handshake else { return context.fireChannelRead(data) }
            isOver = true
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            // Not now: the decoder that is being removed is still at work.
            context.eventLoop.execute {
                let (gate, context) = bound.value
                if context.channel.isActive { gate.shakeHands(head, context) }
            }
        }
    }

    private func serveHTTP(_ context: ChannelHandlerContext, _ data: NIOAny) {
        if let spoken {
            self.spoken = nil
            do {
                spoken.succeed(.http(try addHTTP(context.channel)))
            } catch {
                spoken.fail(error)
                return context.close(promise: nil)
            }
        }
        context.fireChannelRead(data)
    }

    private func shakeHands(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let forwarded = head.headers["x-forwarded-for"].joined(separator: ",")
        let client = clients.client(
            peer: context.remoteAddress?.ipAddress ?? "unix", forwardedFor: forwarded.isEmpty ? nil : forwarded)
        switch entrance.answer(head, client, context.channel) {
        case .refused(let status, let code, let detail): refuse(head, status, code, detail, context)
        case .accepted(let response, let serve):
            removeHTTP(context)
            context.writeAndFlush(NIOAny(response), promise: nil)
            do {
                try serve(context.channel)
            } catch {
                context.close(promise: nil)
            }
            if let spoken {
                self.spoken = nil
                spoken.succeed(.webSocket)
            } else {
                // What served requests on this connection before has no more of them coming.
                context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
            }
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        }
    }
}

extension WebSocketGate {
    /// Takes out of the pipeline what reads, answers and limits requests. The decoder leaves a moment later; it stands
    /// behind the handler that is added first, and gets nothing more.
    private func removeHTTP(_ context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        if let decoder = try? pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self) {
            pipeline.removeHandler(decoder, promise: nil)
        }
        if let pipelining = try? pipeline.handler(type: HTTPServerPipelineHandler.self) {
            pipeline.removeHandler(pipelining, promise: nil)
        }
        if let validator = try? pipeline.handler(type: NIOHTTPResponseHeadersValidator.self) {
            pipeline.removeHandler(validator, promise: nil)
        }
        if let encoder = try? pipeline.handler(type: HTTPResponseEncoder.self) {
            pipeline.removeHandler(encoder, promise: nil)
        }
        pipeline.removeHandler(guarding, promise: nil)
    }

    /// Answers a handshake that comes to nothing, and closes.
    private func refuse(
        _ request: HTTPRequestHead, _ status: Int, _ code: String, _ detail: String, _ context: ChannelHandlerContext
    ) {
        let requestID = RequestID.accept(request.headers.first(name: "x-request-id"))
        let reply = Problem.reply(status: status, code: code, detail: detail, requestID: requestID)
        var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: reply.status))
        head.headers.add(name: "Content-Type", value: reply.contentType)
        head.headers.add(name: "Content-Length", value: String(reply.body.readableBytes))
        head.headers.add(name: "Connection", value: "close")
        head.headers.add(name: "X-Request-Id", value: requestID)
        if status == 426 { head.headers.add(name: "Sec-WebSocket-Version", value: "13") }
        if status == 429 || status == 503 { head.headers.add(name: "Retry-After", value: "1") }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(reply.body))), promise: nil)
        let written = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
        let channel = context.channel
        written.futureResult.whenComplete { _ in
            channel.close(mode: .output, promise: nil)
            channel.eventLoop.scheduleTask(in: Self.farewell) { channel.close(promise: nil) }
        }
    }
}
