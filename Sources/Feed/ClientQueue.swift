import DequeModule
import NIOCore

/// What waits for one client: bounded, in order, with the newest price instead of every price.
struct ClientQueue {
    /// Something to be sent.
    enum Item {
        /// A whole frame.
        case frame(ByteBuffer)
        /// A message that is made while it is sent.
        case stream(any MessageStream)
    }

    private let limits: FeedLimits
    private var items = Deque<Item>()
    /// Items taken out so far; an item's number is this plus its place.
    private var taken = 0
    private var bytes = 0
    /// The numbers of the waiting items that a newer one replaces.
    private var replaceable: [ChannelName: Int] = [:]
    private var numbers: [Int: ChannelName] = [:]

    /// An empty queue.
    init(limits: FeedLimits) {
        self.limits = limits
    }

    /// Whether nothing waits.
    var isEmpty: Bool { items.isEmpty }
    /// Bytes of the waiting frames.
    var byteCount: Int { bytes }

    /// Adds a frame; one that replaces takes the place of the one of the same channel that still waits.
    /// - Returns: false when the bound is passed, and nothing was added.
    mutating func append(_ frame: ByteBuffer, replacing channel: ChannelName? = nil) -> Bool {
        if let channel, let number = replaceable[channel] {
            if case .frame(let old) = items[number - taken] { bytes -= old.readableBytes }
            items[number - taken] = .frame(frame)
            bytes += frame.readableBytes
            return true
        }
        guard items.count < limits.queuedMessages, bytes + frame.readableBytes <= limits.queuedBytes else {
            return false
        }
        if let channel {
            replaceable[channel] = taken + items.count
            numbers[taken + items.count] = channel
        }
        items.append(.frame(frame))
        bytes += frame.readableBytes
        return true
    }

    /// Adds a message that is made while it is sent, which takes no room.
    /// - Returns: false when too many messages wait.
    mutating func append(_ stream: any MessageStream) -> Bool {
        guard items.count < limits.queuedMessages else { return false }
        items.append(.stream(stream))
        return true
    }

    /// The next frame to send; nil when nothing waits.
    mutating func next() -> ByteBuffer? {
        while let first = items.first {
            switch first {
            case .frame(let frame):
                removeFirst()
                bytes -= frame.readableBytes
                return frame
            case .stream(var stream):
                guard let frame = stream.next() else {
                    removeFirst()
                    continue
                }
                items[0] = .stream(stream)
                return frame
            }
        }
        return nil
    }

    /// Forgets everything.
    mutating func removeAll() { self = ClientQueue(limits: limits) }

    private mutating func removeFirst() {
        items.removeFirst()
        if !numbers.isEmpty, let channel = numbers.removeValue(forKey: taken) { replaceable[channel] = nil }
        taken += 1
        if items.isEmpty { items = [] }
    }
}

/// A message, or several, made piece by piece while the client takes them: however large, it never waits in memory.
protocol MessageStream {
    /// The next whole frame; nil at the end. Frames of another message must not come between two of them.
    mutating func next() -> ByteBuffer?
}
