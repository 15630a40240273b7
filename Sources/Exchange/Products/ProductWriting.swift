import Logging
import Market
import StrictJSON
import Synchronization

// Every process: what is asked for is written. The leader: what the ticks decided is written, too.
extension ProductService {
    func write() async {
        for await _ in writing.calls { await drain() }
        // What is still waiting was accepted before the end.
        await drain()
    }

    func drain() async {
        while true {
            let (requests, decisions, epoch) = next()
            if requests.isEmpty, decisions.isEmpty { return }
            let isDone = await commit(requests, decisions, epoch)
            if !isDone, requests.isEmpty { return }
        }
    }

    private func next() -> ([Request], [LoggedProduct], Int64?) {
        let epoch = leadership.epoch
        return state.withLock { state in
            let requests = Array(state.requests.prefix(Self.largestBatch))
            state.requests.removeFirst(requests.count)
            let decisions = epoch == nil ? [] : state.products.decisions(limit: Self.largestBatch)
            return (requests, decisions, epoch)
        }
    }

    /// One transaction.
    /// - Returns: whether it got on: something was written, or answered by the database.
    private func commit(_ requests: [Request], _ decisions: [LoggedProduct], _ epoch: Int64?) async -> Bool {
        let writes = requests.map(\.write) + decisions.map { .decide($0) }
        do throws(WriteFailure) {
            let results = try await stored(writes, epoch)
            for (request, result) in zip(requests, results) { show(result, for: request) }
            var isDone = !requests.isEmpty
            for result in results.dropFirst(requests.count) {
                guard case .stored(let logged) = result else { continue }
                isDone = true
                change { $0.products.apply(logged, $1) }
            }
            if !isDone { state.withLock { $0.logMayHaveGrown = true } }
            return isDone
        } catch {
            logger.warning(
                "products were not written", metadata: ["writes": "\(writes.count)", "failure": "\(error)"])
            for request in requests { answer(request, .failure(Rejection(error))) }
            return false
        }
    }

    /// A commit whose outcome is unknown is tried once more: submissions that were written are found, and what was
    /// decided is compared with what is there.
    private func stored(_ writes: [ProductWrite], _ epoch: Int64?) async throws(WriteFailure) -> [ProductResult] {
        do throws(WriteFailure) {
            return try await log.commit(writes, leaderEpoch: epoch)
        } catch {
            guard error == .outcomeUnknown else { throw error }
            let repeatable = writes.allSatisfy { write in
                switch write {
                // The same price twice is no movement.
                case .accept, .decide, .observe: true
                case .cancel: false
                }
            }
            guard repeatable else { throw error }
            return try await log.commit(writes, leaderEpoch: epoch)
        }
    }

    private func show(_ result: ProductResult, for request: Request) {
        switch result {
        case .stored(let logged): show(logged, for: request)
        case .rejected(let rejection, let logged):
            if let logged { change { $0.products.apply(logged, $1) } }
            answer(request, .failure(rejection))
        case .superseded: answer(request, .failure(Rejection(WriteFailure.notStored)))
        }
        following.send()
    }

    /// Whoever reads after the answer reads what was written. A submission's author hears of it before the listeners do,
    /// so it is listed while it is on its way to them.
    private func show(_ logged: LoggedProduct, for request: Request) {
        guard case .accept = request.write else {
            change { $0.products.apply(logged, $1) }
            return answer(request, .success(logged))
        }
        let id = logged.product.id
        state.withLock { $0.arriving[id] = logged.product.outcome == nil ? logged.product : nil }
        answer(request, .success(logged))
        change { state, changed in
            state.products.apply(logged, changed)
            state.arriving[id] = nil
        }
    }

    private func answer(_ request: Request, _ result: Result<LoggedProduct, Rejection>) {
        request.answer(result)
        if case .accept(let new) = request.write {
            state.withLock { state in
                state.accepting.remove(new.id)
                // It may have been passed over.
                state.logMayHaveGrown = true
            }
        }
    }

    func lookUp() async {
        for await _ in looking.calls {
            while let lookUp = state.withLock({ $0.lookUps.isEmpty ? nil : $0.lookUps.removeFirst() }) {
                await answer(lookUp)
            }
        }
        let left = state.withLock { state in
            defer { state.lookUps = [] }
            return state.lookUps
        }
        for lookUp in left { lookUp.answer(.failure(Rejection(WriteFailure.stopping))) }
    }

    private func answer(_ lookUp: LookUp) async {
        do {
            guard let logged = try await log.product(lookUp.id) else {
                return lookUp.answer(.failure(.unknownContract))
            }
            lookUp.answer(.success(ContractState(logged)))
        } catch {
            lookUp.answer(
                .failure(
                    Rejection(
                        .unavailable, code: "database_unavailable",
                        detail: "The database does not answer. Try again shortly.")))
        }
    }
}

extension ContractState {
    init(_ change: ActiveProducts.Change) {
        self.init(contractID: change.product.id, revision: change.revision) {
            var json = JSONWriter(capacity: 512)
            ProductJSON.writeState(change.product, isLogged: change.isLogged, to: &json)
            return json.bytes
        }
    }

    init(_ logged: LoggedProduct) {
        let revision: UInt64 = logged.product.outcome == nil ? 0 : .max - 1
        self.init(ActiveProducts.Change(product: logged.product, revision: revision, isLogged: true))
    }
}
