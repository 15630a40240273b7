import Exchange
import Market
import NIOCore

/// One client: frames in, messages out, and how it ends. Everything here happens on its event loop.
final class Connection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case open
        /// Our close frame is out; what still comes is read and passed over.
        case closing
        case closed
    }

    let shard: Shard
    /// Its address, for limits.
    let client: String
    /// Its place in the shard.
    var group = 0
    var index = -1
    var subscriptions: [Shard.Subscription] = []
    private let onLeave: () -> Void
    private var context: ChannelHandlerContext?
    private var phase = Phase.open
    private var reader: FrameReader
    private(set) var outlet: Outlet?
    private var budget: MessageBudget
    private var heardAt: NIODeadline
    private var isPinged = false
    private var isDirty = false

    /// A client of `shard`; `onLeave` is called once when it is gone.
    init(shard: Shard, client: String, onLeave: @escaping () -> Void) {
        self.shard = shard
        self.client = client
        self.onLeave = onLeave
        let limits = shard.state.limits
        reader = FrameReader(largestMessage: limits.messageBytes)
        heardAt = shard.loop.now
        budget = MessageBudget(limits: limits, now: heardAt)
    }

    // MARK: Life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let state = shard.state
        let outlet = Outlet(context, limits: state.limits, counters: shard.counters)
        self.outlet = outlet
        context.read()
        shard.join(self)
        outlet.begin(
            with: Frame.text(
                ServerMessage.welcome(
                    server: state.server, epoch: state.epoch,
                    heartbeatSeconds: state.limits.heartbeat.nanoseconds / 1_000_000_000)))
    }

    func handlerRemoved(context: ChannelHandlerContext) { leave() }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    private func leave() {
        guard phase != .closed else { return }
        phase = .closed
        drop()
        shard.leave(self)
        outlet?.drop()
        outlet = nil
        context = nil
        onLeave()
    }

    /// Forgets what it reads.
    private func drop() {
        for subscription in subscriptions { shard.unsubscribe(subscription) }
        subscriptions = []
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed {
            context.close(promise: nil)
        } else if event is ChannelShouldQuiesceEvent {
            close(.goingAway, "the service is stopping")
        }
    }

    /// Handlers that served HTTP on this connection before have nothing to close any more.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) { promise?.succeed() }

    /// Says goodbye: the client has a while to answer before the connection is cut.
    func close(_ code: CloseCode, _ reason: String) { close(code.rawValue, reason, isAnswered: false) }

    private func close(_ code: UInt16?, _ reason: String, isAnswered: Bool) {
        guard phase == .open, let context, let outlet else { return }
        phase = .closing
        drop()
        let channel = context.channel
        let written = context.eventLoop.makePromise(of: Void.self)
        outlet.end(with: Frame.close(code, reason), promise: written)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        // With its output closed and its input read on, nothing that the client still sends resets what it shall read.
        written.futureResult.whenComplete { _ in bound.value.close(mode: isAnswered ? .all : .output, promise: nil) }
        let limits = shard.state.limits
        let patience = code == CloseCode.tryAgainLater.rawValue ? limits.slowClosing : limits.closing
        context.eventLoop.scheduleTask(in: patience) { [weak channel] in
            if channel?.isActive == true { bound.value.close(promise: nil) }
        }
    }

    /// Ends the connection without another word.
    func cut() { context?.close(promise: nil) }

    // MARK: In

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        heardAt = shard.loop.now
        isPinged = false
        shard.batch {
            do throws(FrameReader.Violation) {
                while phase == .open, let event = try reader.next(&bytes) { take(event) }
            } catch {
                close(error.code, error.reason)
            }
        }
    }

    /// Asks for more itself: what served HTTP on this connection before, and stands behind, may ask no longer.
    func channelReadComplete(context: ChannelHandlerContext) { context.read() }

    private func take(_ event: FrameReader.Event) {
        switch event {
        case .close(let code): return close(code, "", isAnswered: true)
        case .pong: return
        case .text, .ping: break
        }
        switch budget.take(now: heardAt) {
        case .goodbye: return close(.policyViolation, "too many messages")
        case .refused:
            let limit = shard.state.limits.messagesPerSecond
            return refuse(
                "rate_limited", "Send at most \(limit) messages a second; this one was not read.", requestID: nil)
        case .taken: break
        }
        switch event {
        case .text(let text): read(text)
        case .ping(let content): answer(content)
        case .close, .pong: break
        }
    }

    // MARK: Out

    /// Sends a frame, or lets it wait while the client does not read; one that replaces takes the place of an older one.
    func send(_ frame: ByteBuffer, replacing channel: ChannelName? = nil) {
        guard phase == .open, let outlet else { return }
        if outlet.send(frame, replacing: channel) { needsFlush() } else { closeSlow() }
    }

    /// Sends a message that is made while the client takes it.
    func send(_ stream: any MessageStream) {
        guard phase == .open, let outlet else { return }
        if !outlet.send(stream) { closeSlow() }
    }

    private func answer(_ ping: [UInt8]) {
        outlet?.answer(pong: Frame.pong(ping))
        needsFlush()
    }

    /// Refuses a request of the client's.
    func refuse(_ code: String, _ detail: String, field: String? = nil, requestID: String?) {
        send(Frame.text(ServerMessage.error(code: code, detail: detail, field: field, requestID: requestID)))
    }

    private func closeSlow() {
        shard.counters.isSlow()
        close(.tryAgainLater, "you read slower than is sent; come back with fromSeq")
    }

    private func needsFlush() {
        guard !isDirty else { return }
        isDirty = true
        shard.flushLater(self)
    }

    /// Hands what was sent to the socket.
    func flush() {
        isDirty = false
        outlet?.flush()
    }

    // MARK: Time

    /// A sign of life every so often, and a question after a long silence.
    /// - Parameter heartbeats: those already made for clients that read the same channels.
    func lookAfter(now: NIODeadline, heartbeats: inout [[ObjectIdentifier]: ByteBuffer]) {
        guard phase == .open else { return }
        let limits = shard.state.limits
        if now - heardAt > limits.timeout { return close(.policyViolation, "no sign of life") }
        if now - heardAt > limits.silence, !isPinged {
            isPinged = true
            outlet?.ask(Frame.ping)
            needsFlush()
        }
        send(heartbeat(&heartbeats))
    }

    private func heartbeat(_ known: inout [[ObjectIdentifier]: ByteBuffer]) -> ByteBuffer {
        let current = subscriptions.filter { $0.channel.standing.map(\.seq) == $0.position && $0.channel.name.isBook }
        let key = current.map { ObjectIdentifier($0.channel) }
        if let frame = known[key] { return frame }
        let frame = Frame.text(
            ServerMessage.heartbeat(
                current.compactMap { subscription in
                    subscription.channel.standing.map { (subscription.channel.text, $0) }
                }))
        known[key] = frame
        return frame
    }
}
