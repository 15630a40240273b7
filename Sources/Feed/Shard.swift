import Exchange
import NIOCore

/// The clients of one event loop. Everything here happens on that loop, so nothing is locked: a batch of messages costs
/// one hop a loop and one flush a client.
final class Shard {
    /// Clients are looked after in so many groups, one after the other, so that heartbeats never come all at once.
    static let groups = 20

    let loop: any EventLoop
    let state: FeedState
    let counters: FeedCounters
    private var channels: [ChannelName: Channel] = [:]
    private var connections = [[Connection]](repeating: [], count: Shard.groups)
    private var nextGroup = 0
    private var round = 0
    private var timer: RepeatedTask?
    private var dirty: [Connection] = []
    private var isBatching = false
    private(set) var count = 0

    init(loop: any EventLoop, state: FeedState, counters: FeedCounters) {
        self.loop = loop
        self.state = state
        self.counters = counters
    }

    /// A channel as this loop knows it.
    final class Channel {
        let name: ChannelName
        let text: String
        var subscriptions: [Subscription] = []
        /// Where the book stands after what was delivered last; nil while that is not known.
        var standing: BookStanding?

        init(_ name: ChannelName) {
            self.name = name
            text = name.text
        }
    }

    /// One client's reading of one channel.
    final class Subscription {
        /// Outlives it: who leaves takes its subscriptions out first. Counting references would cost as much as all else
        /// that is done here for a message.
        unowned(unsafe) let connection: Connection
        unowned(unsafe) let outlet: Outlet
        let channel: Channel
        /// The position of the last message it got.
        var position: UInt64 = 0
        fileprivate var index = 0

        init(_ connection: Connection, _ outlet: Outlet, _ channel: Channel) {
            self.connection = connection
            self.outlet = outlet
            self.channel = channel
        }
    }

    // MARK: Clients

    func join(_ connection: Connection) {
        connection.group = nextGroup
        connection.index = connections[nextGroup].count
        connections[nextGroup].append(connection)
        nextGroup = (nextGroup + 1) % Self.groups
        count += 1
        guard timer == nil else { return }
        let interval = TimeAmount.nanoseconds(state.limits.heartbeat.nanoseconds / Int64(Self.groups))
        let bound = NIOLoopBound(self, eventLoop: loop)
        timer = loop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in bound.value.lookAfterGroup() }
    }

    func leave(_ connection: Connection) {
        guard connection.index >= 0 else { return }
        let group = connection.group
        let last = connections[group].removeLast()
        if last !== connection {
            connections[group][connection.index] = last
            last.index = connection.index
        }
        connection.index = -1
        count -= 1
        if count == 0 {
            timer?.cancel()
            timer = nil
        }
    }

    /// Ends every connection with a code.
    func closeAll(_ code: CloseCode, _ reason: String) {
        for connection in connections.flatMap({ $0 }) { connection.close(code, reason) }
    }

    /// Cuts what is left of them.
    func cutAll() {
        for connection in connections.flatMap({ $0 }) { connection.cut() }
    }

    // MARK: Channels

    /// Begins a subscription of a connection that writes to `outlet`.
    func subscribe(_ connection: Connection, _ outlet: Outlet, to name: ChannelName) -> Subscription {
        state.join(name)
        let channel = channels[name] ?? Channel(name)
        channels[name] = channel
        let subscription = Subscription(connection, outlet, channel)
        subscription.index = channel.subscriptions.count
        channel.subscriptions.append(subscription)
        return subscription
    }

    func unsubscribe(_ subscription: Subscription) {
        let channel = subscription.channel
        let last = channel.subscriptions.removeLast()
        if last !== subscription {
            channel.subscriptions[subscription.index] = last
            last.index = subscription.index
        }
        if channel.subscriptions.isEmpty { channels[channel.name] = nil }
        state.leave(channel.name)
    }

    // MARK: Messages

    /// Flushes what `body` writes at its end, once a client.
    func batch(_ body: () -> Void) {
        isBatching = true
        body()
        isBatching = false
        flush()
    }

    /// Gives every message to everybody who reads its channel.
    func deliver(_ publications: [Publication]) {
        let known = publications.filter { channels[$0.channel] != nil }
        // A single message goes out client by client; of several, what is one client's goes out together.
        batch { for publication in known { deliver(publication, isOnly: known.count == 1) } }
    }

    private func deliver(_ publication: Publication, isOnly: Bool) {
        guard let channel = channels[publication.channel] else { return }
        if let standing = publication.standing, standing.seq > channel.standing?.seq ?? 0 {
            channel.standing = standing
        }
        var count = 0
        publication.frame.withUnsafeReadableBytes { bytes in
            // A client that is closed for being slow takes its subscriptions out of this list.
            var index = channel.subscriptions.count - 1
            while index >= 0 {
                let subscription = channel.subscriptions[index]
                index -= 1
                guard subscription.position < publication.position else { continue }
                subscription.position = publication.position
                count += 1
                if isOnly, subscription.outlet.sendNow(bytes) { continue }
                subscription.connection.send(
                    publication.frame, replacing: publication.isReplacing ? publication.channel : nil)
                index = min(index, channel.subscriptions.count - 1)
            }
        }
        counters.delivered(count)
    }

    /// Flushes a client at the end of what is being done, once whatever is written to it.
    func flushLater(_ connection: Connection) {
        dirty.append(connection)
        if !isBatching { flush() }
    }

    private func flush() {
        let clients = dirty
        dirty.removeAll(keepingCapacity: true)
        for connection in clients { connection.flush() }
    }

    // MARK: Time

    /// Heartbeats and pings of one group.
    private func lookAfterGroup() {
        let group = connections[round]
        round = (round + 1) % Self.groups
        var frames: [[ObjectIdentifier]: ByteBuffer] = [:]
        let now = loop.now
        batch { for connection in group { connection.lookAfter(now: now, heartbeats: &frames) } }
    }
}
