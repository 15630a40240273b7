import Ethereum
public import Exchange
public import Logging
public import Market
public import ServiceLifecycle
import Synchronization

/// Sends approved orders to CoW and follows them to their end: what the database says is due, the leader does, one thing at
/// a time for each order. Everything it knows is stored before it acts, so another process, or this one after a kill, goes
/// on where it stopped.
public final class SettlementWorker: Service {
    /// Orders taken up at once.
    public static let mostAtOnce = 32
    /// How often the database is asked when nobody wakes the worker.
    private static let interval = Duration.milliseconds(250)
    /// How often settlements that the chain or time changed are looked for, µs.
    private static let sweep: Int64 = 1_000_000
    private static let largestSweep = 200

    private struct State {
        var inFlight: Set<DueOrder> = []
        /// Whether more was due than could be taken up.
        var mayBeMore = false
        /// What the chain said up to this row of the log was looked at.
        var sweptThrough: UInt64 = 0
    }

    private let store: any SettlementStore
    private let cow: CowClient?
    private let rules: SettlementRules
    private let leadership: any Leadership
    private let nowMicros: @Sendable () -> Int64
    private let listeners: [any SettlementListener]
    private let logger: Logger
    private let state = Mutex(State())
    private let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    /// A worker by the clock `nowMicros` (µs since 1970); without CoW it only keeps the books.
    public init(
        store: any SettlementStore, cow: CowClient?, rules: SettlementRules, leadership: any Leadership,
        nowMicros: @escaping @Sendable () -> Int64, listeners: [any SettlementListener], logger: Logger
    ) {
        self.store = store
        self.cow = cow
        self.rules = rules
        self.leadership = leadership
        self.nowMicros = nowMicros
        self.listeners = listeners
        self.logger = logger
        (wakes, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Has the worker look at once.
    public func wake() { waker.yield() }

    /// Works until shutdown.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.tick() }
                var sweptAtMicros: Int64?
                for await _ in self.wakes {
                    guard let epoch = self.leadership.epoch else { continue }
                    let now = self.nowMicros()
                    if sweptAtMicros.map({ now - $0 >= Self.sweep || now < $0 }) ?? true {
                        sweptAtMicros = now
                        await self.sweepOvertaken(epoch)
                    }
                    for order in await self.takeDue() {
                        group.addTask {
                            // Whoever cannot store what it does need not hurry.
                            if await !self.work(order, epoch) { try? await Task.sleep(for: Self.interval) }
                            if self.isDone(order) { self.wake() }
                        }
                    }
                }
            }
        }
    }

    private func tick() async {
        while !Task.isCancelled {
            wake()
            try? await Task.sleep(for: Self.interval)
        }
        waker.finish()
    }

    /// One round for tests and benchmarks: everything that is due now, one after the other.
    /// - Returns: how many orders were taken up.
    @discardableResult
    public func workThroughDue() async -> Int {
        guard let epoch = leadership.epoch else { return 0 }
        await sweepOvertaken(epoch)
        let due = await takeDue()
        for order in due {
            _ = await work(order, epoch)
            state.withLock { _ = $0.inFlight.remove(order) }
        }
        return due.count
    }

    /// Whether there is room again for more that is due.
    private func isDone(_ order: DueOrder) -> Bool {
        state.withLock { state in
            state.inFlight.remove(order)
            return state.mayBeMore && state.inFlight.count <= Self.mostAtOnce / 2
        }
    }

    /// Orders that are due and that nobody here works on, now in flight.
    private func takeDue() async -> [DueOrder] {
        let room = state.withLock { Self.mostAtOnce - $0.inFlight.count }
        guard cow != nil, room > 0 else { return [] }
        do {
            // Those in flight are still due: ask for as many more.
            let due = try await store.due(atMicros: nowMicros(), limit: 2 * Self.mostAtOnce)
            return state.withLock { state in
                state.mayBeMore = due.count > room
                let fresh = due.filter { !state.inFlight.contains($0) }.prefix(room)
                state.inFlight.formUnion(fresh)
                return Array(fresh)
            }
        } catch {
            logger.debug("due settlements cannot be read", metadata: ["error": "\(error)"])
            return []
        }
    }
}

// One order.
extension SettlementWorker {
    /// Does what is due for an order; false when a step could not be stored.
    private func work(_ order: DueOrder, _ epoch: Int64) async -> Bool {
        do {
            var action = try await next(order, epoch, isAbsent: false)
            if case .lookUp(let uid) = action, let cow {
                let answer = await cow.lookUp(uid)
                try await learn(order, epoch) { $0.found(order.attempt, answer, in: $1) }
                guard answer == .notFound else { return true }
                action = try await next(order, epoch, isAbsent: true)
            }
            if case .send(let proposal, let signature) = action, let cow {
                let answer = await cow.send(proposal, signature: signature)
                try await learn(order, epoch) { $0.sent(order.attempt, answer, nowMicros: $1.clock.nowMicros) }
            }
            return true
        } catch is NotLeading {
            logger.info("another process leads; its worker goes on", metadata: ["tokenId": "\(order.tokenId)"])
        } catch {
            logger.warning(
                "a settlement's step was not stored; it is taken again",
                metadata: ["tokenId": "\(order.tokenId)", "error": "\(error)"])
        }
        return false
    }

    /// What is to be done; a send is stored as begun.
    private func next(_ order: DueOrder, _ epoch: Int64, isAbsent: Bool) async throws -> SettlementAction {
        let (rules, now) = (rules, nowMicros())
        let change = try await store.change(order.tokenId, by: .worker(leaderEpoch: epoch)) {
            facts -> (SettlementStep, SettlementAction) in
            guard let settlement = facts.settlement,
                let scene = try? SettlementDesk.scene(facts, order.tokenId, rules, now, SettlementWorker.noPrice)
            else { return (.deferring(order, facts.settlement, nowMicros: now), .wait) }
            return settlement.next(for: order.attempt, isAbsent: isAbsent, in: scene)
        }
        tell(change.stored, change.events)
        // A second look-up in one go could only say the same.
        if isAbsent, case .lookUp = change.value { return .wait }
        return change.value
    }

    /// Stores what CoW's answer means.
    private func learn(
        _ order: DueOrder, _ epoch: Int64,
        _ step: @escaping @Sendable (OptionSettlement, SettlementScene) -> SettlementStep
    ) async throws {
        let (rules, now) = (rules, nowMicros())
        let change = try await store.change(order.tokenId, by: .worker(leaderEpoch: epoch)) {
            facts -> (SettlementStep, Void) in
            guard let settlement = facts.settlement,
                let scene = try? SettlementDesk.scene(facts, order.tokenId, rules, now, SettlementWorker.noPrice)
            else { return (.deferring(order, facts.settlement, nowMicros: now), ()) }
            return (step(settlement, scene), ())
        }
        tell(change.stored, change.events)
    }

    /// What time or the chain did meanwhile.
    private func sweepOvertaken(_ epoch: Int64) async {
        do {
            let swept = state.withLock { $0.sweptThrough }
            let overtaken = try await store.overtaken(atMicros: nowMicros(), after: swept, limit: Self.largestSweep)
            var isStored = true
            for tokenId in overtaken.tokenIds { isStored = await catchUp(tokenId, epoch) && isStored }
            if isStored { state.withLock { $0.sweptThrough = overtaken.throughSeq } }
        } catch {
            logger.debug("settlements cannot be swept", metadata: ["error": "\(error)"])
        }
    }

    /// False when the step could not be stored.
    private func catchUp(_ tokenId: UInt256, _ epoch: Int64) async -> Bool {
        let (rules, asksCow, now) = (rules, cow != nil, nowMicros())
        do {
            let change = try await store.change(tokenId, by: .worker(leaderEpoch: epoch)) {
                facts -> (SettlementStep, Void) in
                (Self.caughtUp(facts, tokenId, rules, asksCow: asksCow, nowMicros: now), ())
            }
            tell(change.stored, change.events)
            return true
        } catch {
            logger.debug("a settlement did not catch up", metadata: ["tokenId": "\(tokenId)", "error": "\(error)"])
            return false
        }
    }

    private static func caughtUp(
        _ facts: SettlementFacts, _ tokenId: UInt256, _ rules: SettlementRules, asksCow: Bool, nowMicros: Int64
    ) -> SettlementStep {
        guard let settlement = facts.settlement else { return .unchanged(nil) }
        if facts.sold == nil, let origin = facts.origin {
            return settlement.reopened(to: origin, nowMicros: nowMicros)
        }
        guard let scene = try? SettlementDesk.scene(facts, tokenId, rules, nowMicros, noPrice) else {
            return .unchanged(settlement)
        }
        return switch facts.sold {
        case .some(let sold) where sold.proceeds != nil:
            settlement.executedOnChain(proceeds: sold.proceeds, in: scene)
        case .some: settlement.paidOutOnChain(asksCow: asksCow, in: scene)
        case nil: settlement.tidied(in: scene)
        }
    }

    /// The worker sends what was agreed; no price is asked for any more.
    private static var noPrice: Result<SettlementPrice, Rejection> {
        .failure(Rejection(.unavailable, code: "price_unavailable", detail: "The worker needs none."))
    }

    private func tell(_ stored: StoredSettlement?, _ events: [SettlementEvent]) {
        guard let stored else { return }
        for event in events {
            for listener in listeners { listener.changed(stored, event) }
            var metadata: Logger.Metadata = ["tokenId": "\(stored.settlement.tokenId)", "status": "\(event.rawValue)"]
            if let failure = stored.settlement.failure {
                metadata["reason"] = "\(failure.reason.rawValue): \(failure.words)"
            }
            logger.info("a settlement moved on", metadata: metadata)
        }
    }
}

extension SettlementStep {
    /// The option is not there at the moment: a reorg undid it. It may come back.
    fileprivate static func deferring(
        _ order: DueOrder, _ settlement: OptionSettlement?, nowMicros: Int64
    ) -> SettlementStep {
        settlement?.deferred(order.attempt, nowMicros: nowMicros) ?? .unchanged(nil)
    }
}
