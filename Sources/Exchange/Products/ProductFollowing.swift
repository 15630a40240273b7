import Ethereum
import Logging
import Market
import ServiceLifecycle
import Synchronization

// Every process: folding ticks, and following the log.
extension ProductService {
    /// Queues a tick to be folded; ticks that are not stored do not count.
    public func published(_ ticks: [PriceTick]) {
        guard let first = ticks.first else { return }
        state.withLock { state in
            state.isRecorded = first.isRecorded
            guard first.isRecorded, !state.isSubscribing else { return }
            // The store has them all: what waits too long is read again.
            if state.ticks.count >= Self.mostTicks { state.ticks = [] }
            state.ticks.append(
                RecordedTick(
                    number: first.tick, stampMillis: first.asOfMillis,
                    pricesE8: Dictionary(ticks.map { ($0.token, $0.priceE8) }, uniquingKeysWith: { first, _ in first }))
            )
        }
        following.send()
    }

    /// Loads the active products and brings them to the newest stored tick.
    public func load() async throws {
        let newestTick = try await log.newestTick()
        let (products, headSeq) = try await log.activeProducts()
        change { state, changed in
            state.products = ActiveProducts(newestTick: newestTick)
            state.followedSeq = headSeq
            for product in products { state.products.apply(product, changed) }
        }
        try await catchUp()
        logger.info("the products are loaded", metadata: ["active": "\(products.count)", "seq": "\(headSeq)"])
    }

    /// Folds, follows, writes and answers until shutdown.
    public func run() async throws {
        state.withLock { $0.isSubscribing = true }
        let subscription = board.subscribe(self)
        state.withLock { $0.isSubscribing = false }
        defer { board.unsubscribe(subscription) }
        await withTaskCancellationOrGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.follow() }
                group.addTask { await self.write() }
                group.addTask { await self.lookUp() }
                group.addTask { await cancelWhenGracefulShutdown { await self.hearOfTheLog() } }
                group.addTask { await cancelWhenGracefulShutdown { await self.lookAtTheLogNowAndThen() } }
            }
        } onCancelOrGracefulShutdown: {
            self.state.withLock { $0.isStopping = true }
            self.following.finish()
            self.writing.finish()
            self.looking.finish()
        }
    }

    /// One round of what `run` does all the time: folds the ticks that wait, follows the log, and writes what waits and
    /// what is to be decided.
    public func turn() async throws {
        try await foldTicks()
        try await followLog()
        try await catchUp()
        await drain()
    }

    private func hearOfTheLog() async {
        for await head in wake {
            if let head, head <= state.withLock({ $0.followedSeq }) { continue }
            try? await Task.sleep(for: Self.breath)
            state.withLock { $0.logMayHaveGrown = true }
            following.send()
        }
    }

    private func lookAtTheLogNowAndThen() async {
        while !Task.isCancelled {
            state.withLock { $0.logMayHaveGrown = true }
            following.send()
            try? await Task.sleep(for: Self.interval)
        }
    }

    private func follow() async {
        for await _ in following.calls {
            do {
                try await foldTicks()
                if state.withLock({ $0.logMayHaveGrown }) { try await followLog() }
                try await catchUp()
            } catch {
                logger.debug("the products cannot be followed", metadata: ["error": "\(error)"])
            }
            if leadership.epoch != nil, state.withLock({ $0.products.hasDecisions }) { writing.send() }
        }
    }

    /// Folds what was published. Where ticks are missing in between they are read: none is ever left out.
    func foldTicks() async throws {
        while let tick = state.withLock({ $0.ticks.first }) {
            let newest = state.withLock { $0.products.newestTick }
            if let newest, tick.number > newest + 1 { try await fold(after: newest, before: tick.number) }
            change { state, changed in
                state.products.fold(tick, changed)
                if state.ticks.first?.number == tick.number { state.ticks.removeFirst() }
            }
        }
    }

    private func fold(after newest: UInt64, before number: UInt64) async throws {
        var last = newest
        while last + 1 < number {
            let ticks = try await log.ticks(after: last, limit: Self.tickBatch)
            change { state, changed in
                for tick in ticks where tick.number < number { state.products.fold(tick, changed) }
            }
            guard let end = ticks.last, end.number < number else { return }
            last = end.number
        }
    }

    /// Reads and applies the rows after what was followed.
    func followLog() async throws {
        state.withLock { $0.logMayHaveGrown = false }
        do {
            var isMore = true
            while isMore {
                let after = state.withLock { $0.followedSeq }
                let changes = try await log.changes(after: after)
                change { state, changed in
                    var through = changes.throughSeq
                    if let seq = changes.cleanedSeq {
                        state.products.delete(before: seq, atMillis: nowMillis(), changed)
                    }
                    for logged in changes.products {
                        if state.accepting.contains(logged.product.id) {
                            // Its author hears of it first; the row is looked at again if that does not come about.
                            through = min(through, logged.seq - 1)
                        } else {
                            state.products.apply(logged, changed)
                        }
                    }
                    for id in changes.deleted { state.products.delete(id, atMillis: nowMillis(), changed) }
                    isMore = through > state.followedSeq && !changes.isComplete
                    state.followedSeq = max(state.followedSeq, through)
                }
            }
        } catch {
            state.withLock { $0.logMayHaveGrown = true }
            throw error
        }
    }

    /// Reads the ticks that some products have not seen and that are no longer at hand.
    func catchUp() async throws {
        while var last = state.withLock({ $0.products.oldestSeenOfThoseBehind }) {
            var isAll = false
            while !isAll {
                let ticks = try await log.ticks(after: last, limit: Self.tickBatch)
                change { state, changed in
                    isAll = ticks.count < Self.tickBatch || ticks.last?.number ?? 0 >= state.products.newestTick ?? 0
                    state.products.catchUp(ticks, isAll: isAll, changed)
                }
                last = ticks.last?.number ?? last
            }
        }
    }
}
