import NIOCore

/// The way out to one client: what its socket takes at once goes straight there, past the channel's pipeline, whose cost
/// would be half of a message's; what it does not take, the channel holds, and all that comes meanwhile waits in the queue.
final class Outlet {
    /// Frames written at a time before other clients have their turn.
    private static let turn = 16

    private let context: ChannelHandlerContext
    private let socket: RawSocket?
    private let counters: FeedCounters
    private var queue: ClientQueue
    /// What a batch brought so far, to be written at its end.
    private var batch: [ByteBuffer] = []
    /// Whether the channel holds bytes that the socket has not taken.
    private var isHeld = false
    private var isPumping = false
    private var isOver = false
    /// The answer to the last ping, while it cannot be given.
    private var pong: ByteBuffer?

    /// The way out of `context`'s channel, whose handshake's answer may still be on its way.
    init(_ context: ChannelHandlerContext, limits: FeedLimits, counters: FeedCounters) {
        self.context = context
        self.counters = counters
        queue = ClientQueue(limits: limits)
        socket = RawSocket(of: context.channel)
    }

    // MARK: Messages

    /// Sends the first frame, behind what the channel may still hold.
    func begin(with frame: ByteBuffer) { hold([frame]) }

    /// Sends bytes of one message, when nothing else waits.
    /// - Returns: false when it was not sent, and has to wait.
    func sendNow(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard !isHeld, !isOver, batch.isEmpty, queue.isEmpty, let socket else { return false }
        let taken = socket.write(bytes)
        guard taken < bytes.count else { return true }
        guard taken > 0 else { return false }
        hold([ByteBuffer(bytes: UnsafeRawBufferPointer(rebasing: bytes[taken...]))][...])
        return true
    }

    /// Sends a frame at the next `flush`, or lets it wait while the client does not read.
    /// - Parameter replacing: the channel of which an older frame may be left out.
    /// - Returns: false when too much waits.
    func send(_ frame: ByteBuffer, replacing name: ChannelName? = nil) -> Bool {
        guard !isOver else { return true }
        if !isHeld, queue.isEmpty {
            batch.append(frame)
            return true
        }
        let before = queue.byteCount
        let isTaken = queue.append(frame, replacing: name)
        counters.queued(queue.byteCount - before)
        return isTaken
    }

    /// Sends a message that is made while the client takes it.
    /// - Returns: false when too much waits.
    func send(_ stream: any MessageStream) -> Bool {
        guard !isOver else { return true }
        flush()
        guard queue.append(stream) else { return false }
        pump()
        return true
    }

    /// Answers a ping, between whatever else waits; one that comes before the last one's answer could be sent takes its
    /// place (RFC 6455 §5.5.3).
    func answer(pong frame: ByteBuffer) {
        if isHeld { pong = frame } else if !isOver { batch.append(frame) }
    }

    /// Sends a control frame, unless the client reads nothing.
    func ask(_ frame: ByteBuffer) { if !isHeld, !isOver { batch.append(frame) } }

    /// Hands what a batch brought to the socket.
    func flush() {
        guard !batch.isEmpty else { return }
        let frames = batch
        batch.removeAll(keepingCapacity: frames.count <= Self.turn)
        transmit(frames)
    }

    // MARK: The end

    /// Nothing is sent any more but `frame`, behind what the channel holds.
    func end(with frame: ByteBuffer, promise: EventLoopPromise<Void>?) {
        flush()
        drop()
        context.writeAndFlush(NIOAny(frame), promise: promise)
    }

    /// Forgets what waits, and writes to the socket no more. A channel that closes says so at once, before its socket's
    /// number can be another's.
    func drop() {
        isOver = true
        counters.queued(-queue.byteCount)
        queue.removeAll()
        batch = []
        pong = nil
    }

    // MARK: Bytes

    private func transmit(_ frames: [ByteBuffer]) {
        guard !isHeld, let socket else { return hold(frames[...]) }
        var rest = frames[...]
        while let first = rest.first {
            if rest.count > 1 {
                let taken = socket.write(rest.prefix(RawSocket.mostParts))
                let left = Self.drop(taken, from: &rest)
                if left { return hold(rest) }
            } else {
                let taken = first.withUnsafeReadableBytes(socket.write)
                if Self.drop(taken, from: &rest) { return hold(rest) }
            }
        }
    }

    /// Takes `count` bytes off the front.
    /// - Returns: whether the socket took less than it was given.
    private static func drop(_ count: Int, from frames: inout ArraySlice<ByteBuffer>) -> Bool {
        var left = count
        let given = frames.prefix(RawSocket.mostParts)
        for frame in given {
            guard left >= frame.readableBytes else {
                frames[frames.startIndex].moveReaderIndex(forwardBy: left)
                return true
            }
            left -= frame.readableBytes
            frames.removeFirst()
        }
        return false
    }

    /// Gives the channel what the socket did not take.
    private func hold(_ frames: ArraySlice<ByteBuffer>) {
        guard let last = frames.last else { return }
        isHeld = true
        for frame in frames.dropLast() { context.write(NIOAny(frame), promise: nil) }
        let written = context.eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        written.futureResult.whenSuccess { bound.value.released() }
        context.writeAndFlush(NIOAny(last), promise: written)
    }

    private func released() {
        isHeld = false
        guard !isOver else { return }
        if let frame = pong {
            pong = nil
            batch.append(frame)
            flush()
        }
        pump()
    }

    /// Sends what waits while the client takes it.
    private func pump() {
        guard !isPumping else { return }
        isPumping = true
        defer { isPumping = false }
        var count = 0
        while !isHeld, !isOver {
            guard count < Self.turn else {
                let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
                return context.eventLoop.execute { bound.value.pump() }
            }
            let before = queue.byteCount
            guard let frame = queue.next() else { return }
            counters.queued(queue.byteCount - before)
            count += 1
            transmit([frame])
        }
    }
}
