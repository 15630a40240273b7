public import Logging
public import Market
public import ServiceLifecycle
import Synchronization

/// Hides offers that their writers could not deliver, and shows them again when they can: the leader asks the tokens at
/// each block that is followed, and what it finds is logged, so that every process shows the same books.
///
/// Without a node nothing is looked at, and what was hidden before is shown again.
public final class FundsWatch: Service {
    /// How often it looks whether there is something to do.
    private static let interval = Duration.milliseconds(100)
    /// After a failure.
    private static let pause = Duration.seconds(1)
    /// How long an answer to `explain` counts.
    private static let lifetime = Duration.seconds(1)
    /// How long `explain` waits for one.
    private static let patience = Duration.seconds(3)
    /// Answers that are kept for `explain`.
    private static let capacity = 10_000
    /// Questions of `explain` that are on their way: who reads costs the node no more than that at a time.
    private static let mostExplaining = 16

    private let books: Books
    private let queue: CommitQueue
    private let leadership: any Leadership
    private let node: (any FundsNode)?
    private let block: @Sendable () -> (FundsBlock, appliedThroughMicros: Int64)?
    private let nowMicros: @Sendable () -> Int64
    private let logger: Logger
    private let count = Mutex(0)
    private let recent = Mutex<[FundingPair: (answer: FundsAnswer, at: ContinuousClock.Instant)]>([:])
    private let explaining = Mutex(0)

    /// Watches the writers of `books`.
    /// - Parameters:
    ///   - node: asks the tokens; nil: nothing is looked at.
    ///   - block: the block whose effects the books show, and the moment (µs since 1970) up to which those are all; nil
    ///     while the chain is not followed at its head.
    public init(
        books: Books, queue: CommitQueue, leadership: any Leadership, node: (any FundsNode)?,
        block: @escaping @Sendable () -> (FundsBlock, appliedThroughMicros: Int64)?,
        nowMicros: @escaping @Sendable () -> Int64, logger: Logger
    ) {
        self.books = books
        self.queue = queue
        self.leadership = leadership
        self.node = node
        self.block = block
        self.nowMicros = nowMicros
        self.logger = logger
        if node != nil { books.gatherFundingChanges() }
    }

    /// Open offers that are not wholly funded.
    public var short: Int { books.partlyFundedCount }
    /// Writers' tokens that were asked about.
    public var asked: Int { count.withLock { $0 } }

    /// Watches until shutdown, while this process leads.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var (rounds, epoch): (FundsRounds, Int64?) = (FundsRounds(), nil)
            while !Task.isCancelled {
                if self.leadership.epoch != epoch { (rounds, epoch) = (FundsRounds(), self.leadership.epoch) }
                var pause = Self.interval
                if let epoch {
                    do {
                        if try await self.step(&rounds, epoch: epoch) { pause = .zero }
                    } catch {
                        self.logger.debug("funds were not looked at", metadata: ["error": "\(error)"])
                        pause = Self.pause
                    }
                }
                if pause > .zero { try? await Task.sleep(for: pause) }
            }
        }
    }

    /// Asks about one round of pairs; true when there are more.
    private func step(_ rounds: inout FundsRounds, epoch: Int64) async throws -> Bool {
        guard let node else { return await release(epoch: epoch) }
        guard let (newest, appliedThrough) = block() else { return false }
        rounds.notice(books.takeFundingChanges(FundsRounds.noticedAtOnce), at: nowMicros())
        rounds.look(at: newest, pairs: books.fundingPairCount)
        var pairs = rounds.due(at: appliedThrough)
        let turn = rounds.takeTurn()
        if turn > 0 {
            let (next, place) = books.fundingPairs(from: rounds.place, limit: turn)
            rounds.place = place
            let changed = Set(pairs)
            pairs += next.filter { !changed.contains($0) && !rounds.isWaiting($0) }
        }
        guard !pairs.isEmpty else { return false }
        let versions = pairs.map(books.fundingVersion)
        count.withLock { $0 += pairs.count }
        var decisions: [FundingUpdate.Decision] = []
        do {
            for (index, answer) in try await node.funds(of: pairs, at: newest).enumerated() {
                // A writer may have thousands of offers: let others at the core between them.
                if index % 16 == 15 { await Task.yield() }
                if rounds.knows(pairs[index], answer, version: versions[index]) { continue }
                let (offers, version) = books.offers(of: pairs[index])
                // An offer that came meanwhile may rest on what came to its writer meanwhile: it has its own turn.
                guard version == versions[index] else { continue }
                decisions += rounds.decide(pairs[index], answer, offers, version: version, now: .now)
            }
            try await write(decisions, newest, epoch: epoch)
            return true
        } catch {
            for pair in pairs { rounds.forget(pair) }
            rounds.putBack(pairs)
            throw error
        }
    }

    private func write(
        _ decisions: [FundingUpdate.Decision], _ block: FundsBlock?, epoch: Int64
    ) async throws(WriteFailure) {
        for start in stride(from: 0, to: decisions.count, by: FundingUpdate.largest) {
            let part = Array(decisions[start..<min(start + FundingUpdate.largest, decisions.count)])
            let update = FundingUpdate(decisions: part, block: block, leaderEpoch: epoch)
            if case .failed(let failure) = await queue.write(.fund(update)) { throw failure }
        }
    }

    /// Shows what was hidden while funds were looked at; true when there is more.
    private func release(epoch: Int64) async -> Bool {
        let offers = books.partlyFunded(FundingUpdate.largest)
        guard !offers.isEmpty else { return false }
        let decisions = offers.map {
            FundingUpdate.Decision(offerHash: $0.offerHash, funding: nil, finding: .off)
        }
        do throws(WriteFailure) {
            try await write(decisions, nil, epoch: epoch)
            return offers.count == FundingUpdate.largest
        } catch {
            return false
        }
    }

    // MARK: Explaining

    /// What an offer's writer has of the collateral at the chain's newest block, in a sentence; nil where funds are not
    /// looked at.
    public func found(of offer: OfferState) async -> String? {
        guard let node else { return nil }
        let pair = FundingPair(offer)
        switch await answer(pair, node) {
        case .funds(let funds):
            return
                "Now its balance is \(funds.balance) and its allowance to the protocol's contract \(funds.allowance)."
        case .unknown(let reason): return "Unknown: \(reason)"
        case .unanswered: return "The chain could not be asked."
        }
    }

    private func answer(_ pair: FundingPair, _ node: any FundsNode) async -> FundsAnswer {
        if let (answer, at) = recent.withLock({ $0[pair] }), .now - at < Self.lifetime { return answer }
        let isAdmitted = explaining.withLock { count in
            guard count < Self.mostExplaining else { return false }
            count += 1
            return true
        }
        guard isAdmitted else { return .unanswered }
        defer { explaining.withLock { $0 -= 1 } }
        let answer = await withTaskGroup(of: FundsAnswer.self) { group in
            group.addTask { (try? await node.funds(of: [pair], at: nil))?.first ?? .unanswered }
            group.addTask {
                try? await Task.sleep(for: Self.patience)
                return .unanswered
            }
            defer { group.cancelAll() }
            return await group.next() ?? .unanswered
        }
        recent.withLock { recent in
            if recent.count >= Self.capacity { recent.removeAll() }
            recent[pair] = (answer, .now)
        }
        return answer
    }
}
