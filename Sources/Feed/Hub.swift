public import Exchange
public import Logging
public import Market
public import NIOCore
public import NIOHTTP1
public import ServiceLifecycle
import Synchronization

/// The WebSocket hub: clients of every event loop, and what is told to them.
public final class Hub: Service, PriceListener, ContractListener {
    private struct Shards {
        var byLoop: [ObjectIdentifier: NIOLoopBound<Shard>] = [:]
        var all: [(loop: any EventLoop, shard: NIOLoopBound<Shard>)] = []
        var counters: [FeedCounters] = []
    }

    private struct Clients {
        var count = 0
        var byAddress: [String: Int] = [:]
        var isDraining = false
    }

    /// Rows of the log read at a time.
    private static let readBatch = 1_000
    /// Bytes read from a client at a time.
    private static let receiveBytes = 1_024

    let state: FeedState
    private let allowedOrigins: Set<String>
    private let home: any EventLoop
    private let logger: Logger
    private let shards = Mutex(Shards())
    private let clients = Mutex(Clients())
    /// Whether `drain` is on its way to the home loop.
    private let isDrainDue = Atomic(false)

    /// A hub over `books` (and prices and products, where there are any), whose changes are put in order on `home`.
    /// - Parameters:
    ///   - server: what `welcome` calls the service.
    ///   - allowedOrigins: other sites whose pages may connect; `*` for all.
    public init(
        limits: FeedLimits = FeedLimits(), books: Books, tokens: TokenList, prices: PriceBoard? = nil,
        products: (any ProductDesk)? = nil, allowedOrigins: Set<String>, server: String, home: any EventLoop,
        logger: Logger
    ) {
        state = FeedState(
            limits: limits, books: books, tokens: tokens, prices: prices, products: products, server: server)
        self.allowedOrigins = allowedOrigins
        self.home = home
        self.logger = logger
    }

    // MARK: Following

    /// Follows books, prices and products from now on, and reads the last rows of the log for clients that were here
    /// before this process was. Called once, when the books are loaded and before the first client.
    /// - Throws: what reading the log throws.
    public func follow(_ log: any OfferLog) async throws {
        state.books.gatherChanges { [weak self] in self?.booksChanged() }
        let head = state.books.appliedSeq
        let start = head - min(head, UInt64(state.limits.recentRows))
        var past: [BookEvent] = []
        while start + UInt64(past.count) < head {
            let seq = start + UInt64(past.count)
            let events = try await log.events(after: seq, limit: min(Self.readBatch, Int(head - seq)))
            guard !events.isEmpty else { break }
            past += events
        }
        let pieces = BookChanges.past(past).map(ChangePiece.init)
        state.recent.withLock { recent in
            recent = RecentChanges(start: start, rows: state.limits.recentRows)
            for piece in pieces { recent.append(piece) }
        }
        _ = state.prices?.subscribe(self)
        state.products?.subscribe(self)
    }

    /// Tells options and settlements from `store` as well. Called once, before the first client.
    /// - Parameter mark: what an option is worth now.
    /// - Returns: what follows them while it runs.
    public func tellPositions(
        from store: any PositionStore, mark: @escaping @Sendable (OptionState) -> OptionMark?
    ) -> PositionFollower {
        let follower = PositionFollower(
            store: store, feed: state, mark: mark, publish: { [weak self] in self?.publish($0) }, logger: logger)
        state.follow(follower)
        return follower
    }

    /// Something changed in the books: it is told from the home loop, in order.
    private func booksChanged() {
        guard !isDrainDue.exchange(true, ordering: .acquiringAndReleasing) else { return }
        home.execute { self.drain() }
    }

    private func drain() {
        isDrainDue.store(false, ordering: .releasing)
        let options = state.books.takeOptions()
        if !options.isEmpty { state.positions?.changed(options) }
        let pieces = state.books.takeChanges().map(ChangePiece.init)
        guard !pieces.isEmpty else { return }
        state.recent.withLock { recent in for piece in pieces { recent.append(piece) } }
        var publications: [Publication] = []
        for piece in pieces {
            for channel in state.wanted(piece.channels) {
                guard let move = piece.move(of: channel) else { continue }
                publications.append(
                    Publication(
                        channel: channel, position: move.after.seq, frame: piece.frame(for: channel, move),
                        standing: move.after))
            }
        }
        publish(publications)
    }

    /// Tells the prices of a tick to who reads them.
    public func published(_ ticks: [PriceTick]) {
        let wanted = Set(state.wanted(ticks.map { .prices($0.token) }))
        publish(
            ticks.filter { wanted.contains(.prices($0.token)) }.map { tick in
                let channel = ChannelName.prices(tick.token)
                return Publication(
                    channel: channel, position: UInt64(clamping: tick.asOfMillis),
                    frame: Frame.text(ServerMessage.price(channel.text, tick)), isReplacing: true)
            })
    }

    /// Tells new states of products to who reads them.
    public func contractsChanged(_ states: [ContractState]) {
        let wanted = Set(state.wanted(states.map { .contract($0.contractID) }))
        publish(states.filter { wanted.contains(.contract($0.contractID)) }.compactMap(Publication.init))
    }

    private func publish(_ publications: [Publication]) {
        guard !publications.isEmpty else { return }
        for (loop, shard) in shards.withLock({ $0.all }) {
            loop.execute { shard.value.deliver(publications) }
        }
    }

    // MARK: Clients

    /// Open connections at this moment.
    public var connectionCount: Int { clients.withLock { $0.count } }

    /// What the hub does at this moment, and has done.
    public var statistics: HubStatistics {
        var statistics = HubStatistics()
        statistics.connections = connectionCount
        statistics.subscriptions = state.subscriptions
        for counters in shards.withLock({ $0.counters }) {
            statistics.queuedBytes += counters.waitingBytes
            statistics.deliveries += counters.deliveries
            statistics.closedSlow += counters.closedSlow
        }
        return statistics
    }

    /// Lets a client in, or says why not. Called on the channel's event loop, when nothing of HTTP is left to be done.
    /// - Parameter client: its address, to count for limits.
    /// - Returns: what answers the handshake and then serves the client.
    public func admit(
        _ head: HTTPRequestHead, client: String, channel: any Channel
    ) throws(Handshake.Refusal) -> Admission {
        try Handshake.check(head, allowedOrigins: allowedOrigins)
        let response = try Handshake.response(to: head, on: channel)
        try enter(client)
        return Admission(response: response) { channel in
            let connection = Connection(shard: self.shard(on: channel.eventLoop), client: client) {
                self.leave(client)
            }
            try channel.pipeline.syncOperations.addHandler(connection, position: .first)
            // Clients say little: what is kept to read it into stays small.
            let options = channel.syncOptions
            try options?.setOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.receiveBytes))
            try options?.setOption(.maxMessagesPerRead, value: 4)
        }
    }

    /// What answers a handshake and then serves the client.
    public struct Admission: Sendable {
        /// The bytes of the HTTP response, to be written first.
        public let response: ByteBuffer
        /// Adds the client's handler as the first of the channel's, on its event loop; must be called.
        public let serve: @Sendable (any Channel) throws -> Void
    }

    private func enter(_ client: String) throws(Handshake.Refusal) {
        let limits = state.limits
        let refusal: Handshake.Refusal? = clients.withLock { clients in
            if clients.isDraining {
                return .init(503, "stopping", "This process is stopping. Connect again, to another one.")
            }
            if clients.count >= limits.connections {
                return .init(503, "overloaded", "\(limits.connections) clients are connected. Try again later.")
            }
            if clients.byAddress[client, default: 0] >= limits.connectionsPerClient {
                return .init(
                    429, "too_many_connections",
                    "One address may have \(limits.connectionsPerClient) connections; use one for all its channels.")
            }
            clients.count += 1
            clients.byAddress[client, default: 0] += 1
            return nil
        }
        if let refusal { throw refusal }
    }

    private func leave(_ client: String) {
        clients.withLock { clients in
            clients.count -= 1
            let count = (clients.byAddress[client] ?? 1) - 1
            clients.byAddress[client] = count > 0 ? count : nil
        }
    }

    private func shard(on loop: any EventLoop) -> Shard {
        let bound = shards.withLock { shards in
            if let shard = shards.byLoop[ObjectIdentifier(loop)] { return shard }
            let counters = FeedCounters()
            let shard = NIOLoopBound(Shard(loop: loop, state: state, counters: counters), eventLoop: loop)
            shards.counters.append(counters)
            shards.byLoop[ObjectIdentifier(loop)] = shard
            shards.all.append((loop, shard))
            return shard
        }
        return bound.value
    }

    // MARK: The end

    /// Waits for shutdown, then lets nobody in, says goodbye to everybody and waits until they are gone.
    public func run() async throws {
        try? await gracefulShutdown()
        clients.withLock { $0.isDraining = true }
        for (loop, shard) in shards.withLock({ $0.all }) {
            loop.execute { shard.value.closeAll(.goingAway, "the service is stopping") }
        }
        let limit = ContinuousClock.now + state.limits.drain
        while connectionCount > 0, ContinuousClock.now < limit {
            try? await Task.sleep(for: .milliseconds(10))
        }
        let left = connectionCount
        if left > 0 { logger.debug("clients did not answer the goodbye", metadata: ["connections": "\(left)"]) }
        for (loop, shard) in shards.withLock({ $0.all }) {
            try? await loop.submit { shard.value.cutAll() }.get()
        }
    }
}
