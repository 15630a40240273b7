public import Logging
public import ServiceLifecycle
import Synchronization

/// Runs the market on the leader and follows it everywhere else: every process publishes the same ticks.
public final class MarketService: Service {
    /// What a notification of the store says.
    public enum Wake: Sendable, Hashable {
        /// This tick was stored.
        case tick(UInt64)
        /// A feed or the operator said something.
        case observation
        /// Some may not have been heard.
        case unknown
    }

    private enum Role: Hashable {
        /// Another process makes the ticks.
        case following
        /// This one does, under an epoch.
        case leading(Int64)
        /// This one did, and goes on for itself: the database is away.
        case unrecorded
    }

    private struct State {
        var simulation: MarketSimulation
        var role = Role.following
        /// The last stored tick that this process knows of.
        var stored: UInt64 = 0
        var statistics = Statistics()
    }

    /// Figures of the ticks since the start.
    public struct Statistics: Sendable, Hashable {
        /// Ticks made by this process and stored.
        public var recorded = 0
        /// Ticks made while the database was away.
        public var unrecorded = 0
        /// Ticks followed from another process.
        public var followed = 0
        /// Ticks that came later than the next one was due.
        public var late = 0
        /// Steps that late ticks made up for.
        public var missed = 0
    }

    /// Ticks read at a time when following.
    private static let batch = 1_000
    private static let interval = Duration.milliseconds(MarketSimulation.intervalMillis)
    /// Without any notification the store is looked at this often, so a lost one costs no more.
    private static let poll = Duration.seconds(1)
    /// Candles are at most this much behind.
    private static let foldInterval = Duration.seconds(1)
    /// Rounds of candles from one pruning to the next.
    private static let pruneRounds = 60

    private let tokens: [Token]
    private let store: any MarketStore
    private let board: PriceBoard
    private let leadership: any Leadership
    private let wakes: any AsyncSequence<Wake, Never> & Sendable
    private let nowMillis: @Sendable () -> Int64
    private let logger: Logger
    private let state: Mutex<State>

    /// The market of `tokens`, made while `leadership` is held and shown on `board`.
    public init(
        tokens: [Token], simulation: MarketSimulation, store: any MarketStore, board: PriceBoard,
        leadership: any Leadership, wakes: any AsyncSequence<Wake, Never> & Sendable,
        nowMillis: @escaping @Sendable () -> Int64, logger: Logger
    ) {
        self.tokens = tokens
        self.store = store
        self.board = board
        self.leadership = leadership
        self.wakes = wakes
        self.nowMillis = nowMillis
        self.logger = logger
        state = Mutex(State(simulation: simulation))
    }

    /// How the ticks went so far.
    public var statistics: Statistics { state.withLock { $0.statistics } }

    /// Shows the last stored prices; the very first process of a deployment stores the start prices.
    public func open() async throws {
        let tick = try await store.open(MarketSimulation.opening(tokens, atMillis: nowMillis()))
        state.withLock { state in
            state.stored = tick.number
            state.simulation.resume(from: tick)
        }
        try await readFeeds()
        board.publish(tick.published())
    }

    /// Ticks and follows until shutdown.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.makeTicks() }
                group.addTask { await self.follow() }
                group.addTask { await self.keepCandles() }
            }
        }
    }

    // MARK: Making ticks

    private func makeTicks() async {
        var due = ContinuousClock.now + Self.interval
        while !Task.isCancelled {
            try? await Task.sleep(until: due, tolerance: .zero, clock: .continuous)
            if Task.isCancelled { return }
            let behind = due.duration(to: .now) / Self.interval
            let missed = max(0, Int(behind.rounded(.down)))
            due += Self.interval * (1 + missed)
            await turn(missed: missed)
        }
    }

    /// One tick, when it is this process's to make. `missed` ticks were due before it and not made.
    public func turn(missed: Int) async {
        guard let epoch = leadership.epoch else {
            let isAlone = state.withLock { state in
                if state.role != .following, store.isReachable { state.role = .following }
                return state.role != .following
            }
            if isAlone { goOnUnrecorded(make(missed: missed, isRecorded: false)) }
            return
        }
        let role = state.withLock { state in
            defer { if case .leading(let old) = state.role, old != epoch { state.role = .following } }
            return state.role
        }
        if role != .leading(epoch), await !takeOver(epoch) {
            if role != .following { goOnUnrecorded(make(missed: missed, isRecorded: false)) }
            return
        }
        // What was missed before the lead was taken was not this process's to make.
        let tick = make(missed: role == .leading(epoch) ? missed : 0, isRecorded: true)
        do {
            guard try await store.store(tick, leaderEpoch: epoch) else {
                logger.notice("another process leads the market", metadata: ["epoch": "\(epoch)"])
                return state.withLock { $0.role = .following }
            }
            board.publish(tick.published())
            state.withLock { state in
                state.stored = tick.number
                state.statistics.recorded += 1
            }
        } catch {
            logger.warning(
                "a tick was not stored", metadata: ["tick": "\(tick.number)", "error": "\(error)"])
            goOnUnrecorded(tick)
        }
    }

    private func make(missed: Int, isRecorded: Bool) -> MarketTick {
        state.withLock { state in
            if missed > 0 {
                state.statistics.late += 1
                state.statistics.missed += missed
            }
            return state.simulation.tick(atMillis: nowMillis(), missed: missed, isRecorded: isRecorded)
        }
    }

    private func goOnUnrecorded(_ tick: MarketTick) {
        state.withLock { state in
            state.role = .unrecorded
            state.statistics.unrecorded += 1
        }
        board.publish(tick.published(isRecorded: false))
    }

    /// Goes on from what is stored: the path of whoever led before, without anything that only this process saw.
    private func takeOver(_ epoch: Int64) async -> Bool {
        do {
            try await catchUp()
            guard let newest = try await store.newestTick() else { return false }
            try await readFeeds()
            state.withLock { state in
                state.simulation.resume(from: newest)
                state.role = .leading(epoch)
            }
            return true
        } catch {
            logger.debug("the market cannot be taken over", metadata: ["error": "\(error)"])
            return false
        }
    }

    // MARK: Following

    private func follow() async {
        await withDiscardingTaskGroup { group in
            let (signals, signaller) = AsyncStream.makeStream(of: Wake.self, bufferingPolicy: .bufferingNewest(64))
            group.addTask {
                for await wake in self.wakes { signaller.yield(wake) }
            }
            group.addTask {
                while !Task.isCancelled {
                    signaller.yield(.unknown)
                    try? await Task.sleep(for: Self.poll)
                }
                signaller.finish()
            }
            for await signal in signals { await self.heard(signal) }
        }
    }

    /// Catches up with what a notification announces.
    public func heard(_ wake: Wake) async {
        do {
            switch wake {
            case .tick(let number):
                if number > state.withLock({ $0.stored }) { try await catchUp() }
            case .observation: try await readFeeds()
            case .unknown:
                try await readFeeds()
                try await catchUp()
            }
        } catch {
            logger.debug("the market cannot be followed", metadata: ["error": "\(error)"])
        }
    }

    /// Publishes what another process stored. A tick of this one is published by whoever made it.
    private func catchUp() async throws {
        var count = Self.batch
        while count == Self.batch {
            let (after, isMaking) = state.withLock { state in
                if case .leading(let epoch) = state.role { return (state.stored, epoch == leadership.epoch) }
                return (state.stored, false)
            }
            if isMaking { return }
            let ticks = try await store.ticks(after: after, limit: Self.batch)
            count = ticks.count
            for tick in ticks {
                // Shown first: whoever reads on from `stored` must not overtake this tick.
                board.publish(tick.published())
                state.withLock { state in
                    state.stored = max(state.stored, tick.number)
                    state.statistics.followed += 1
                }
            }
        }
    }

    private func readFeeds() async throws {
        let feeds = try await store.feeds()
        state.withLock { state in
            for feed in feeds { state.simulation.observe(feed.observation) }
        }
        board.show(feeds)
    }

    // MARK: Candles

    private func keepCandles() async {
        var round = 0
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.foldInterval)
            guard !Task.isCancelled, leadership.epoch != nil else { continue }
            do {
                try await store.foldCandles()
                if round % Self.pruneRounds == 0 { try await store.prune(nowMillis: nowMillis()) }
                round += 1
            } catch {
                logger.debug("candles are not kept", metadata: ["error": "\(error)"])
            }
        }
    }
}
