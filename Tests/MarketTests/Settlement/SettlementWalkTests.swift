import Ethereum
import Market
import Testing

/// A CoW that misbehaves at random, of which only the worker's calls are seen, and a settlement that lives through it.
private struct Walk {
    var generator: SplitMix
    var sample = SettlementSample()
    var settlement: OptionSettlement?
    /// The orders CoW has taken, and those of them that filled.
    var taken: [OrderUID: SettlementProposal] = [:]
    var filled: Set<OrderUID> = []
    /// Sends on their way: CoW takes them later, or never.
    var late: [SettlementProposal] = []

    init(seed: UInt64) { generator = SplitMix(state: seed) }

    mutating func chance(_ one: UInt64) -> Bool { generator.next() % one == 0 }

    var live: [OrderUID] { taken.keys.filter { UInt64($0.validTo) >= (sample.confirmedTime ?? 0) } }

    mutating func act() {
        sample.now += generator.next() % 600
        sample.confirmedTime = chance(3) ? sample.now - 60 : sample.confirmedTime
        if chance(12) {
            sample.owner = (chance(2) ? SettlementSample.holder : SettlementSample.buyer).address
        }
        if !late.isEmpty, chance(4) {
            let order = late.removeFirst()
            if UInt64(order.uid.validTo) >= sample.now { taken[order.uid] = order }
        }
        let step: SettlementStep?
        switch generator.next() % 5 {
        case 0:
            let wish = chance(2) ? SettlementWish() : SettlementWish(minBuyAmount: SettlementSample.saleValue)
            step = try? OptionSettlement.propose(wish, over: settlement, in: sample.scene)
        case 1:
            step = settlement.flatMap {
                try? OptionSettlement.approve(
                    sample.consent(to: $0), sample.approval, over: settlement, in: sample.scene)
            }
        case 2: step = OptionSettlement.requestSubmission(of: settlement, in: sample.scene)
        default: step = work()
        }
        if let step { settlement = step.settlement }
    }

    /// One turn of the worker for one due order.
    private mutating func work() -> SettlementStep? {
        guard let due = settlement?.orders.filter({ $0.dueAtMicros != nil }).randomElement(using: &generator) else {
            return nil
        }
        guard let next = settlement?.next(for: due.attempt, in: sample.scene) else { return nil }
        settlement = next.step.settlement
        switch next.action {
        case .wait: return nil
        case .lookUp(let uid):
            let answer = lookUp(uid)
            let step = settlement?.found(due.attempt, answer, in: sample.scene)
            guard answer == .notFound else { return step }
            settlement = step?.settlement
            guard let again = settlement?.next(for: due.attempt, isAbsent: true, in: sample.scene) else { return nil }
            settlement = again.step.settlement
            if case .send(let order, _) = again.action { return post(order, due.attempt) }
            return nil
        case .send(let order, _): return post(order, due.attempt)
        }
    }

    private mutating func post(_ order: SettlementProposal, _ attempt: Int32) -> SettlementStep? {
        let now = sample.scene.clock.nowMicros
        #expect(settlement?.status == .approved && settlement?.approval?.holder == sample.owner)
        #expect(UInt64(order.uid.validTo) >= sample.now)
        if taken[order.uid] != nil { return settlement?.sent(attempt, .duplicated, nowMicros: now) }
        switch generator.next() % 8 {
        case 0: return settlement?.sent(attempt, .refused(kind: "TooManyLimitOrders", words: ""), nowMicros: now)
        case 1: return settlement?.sent(attempt, .notYetValid(""), nowMicros: now)
        case 2: return settlement?.sent(attempt, .unclear("500"), nowMicros: now)
        case 3:  // Taken, but the answer is lost, or wrong.
            taken[order.uid] = order
            return settlement?.sent(attempt, .unclear("time-out"), nowMicros: now)
        case 4:
            taken[order.uid] = order
            return settlement?.sent(attempt, .accepted([1, 2, 3]), nowMicros: now)
        case 5:  // Taken only later; and the process dies before it hears.
            late.append(order)
            return chance(2) ? nil : settlement?.sent(attempt, .unclear("time-out"), nowMicros: now)
        default:
            taken[order.uid] = order
            return chance(4) ? nil : settlement?.sent(attempt, .accepted(order.uid.bytes), nowMicros: now)
        }
    }

    private mutating func lookUp(_ uid: OrderUID) -> LookUpAnswer {
        if chance(5) { return .unclear("500") }
        guard taken[uid] != nil else { return .notFound }
        if filled.contains(uid) { return .fulfilled(executedBuyAmount: 2_400_000_000) }
        if UInt64(uid.validTo) < sample.now { return .expired }
        if chance(4) {
            filled.insert(uid)
            return .fulfilled(executedBuyAmount: 2_400_000_000)
        }
        return .open
    }
}

@Suite struct SettlementWalkTests {
    @Test func `Whatever CoW does, two orders of an option can never fill, and what is final stays`() throws {
        var ends: [SettlementStatus: Int] = [:]
        for seed in 0..<120 {
            var walk = Walk(seed: UInt64(seed))
            var final: OptionSettlement?
            for _ in 0..<120 {
                walk.act()
                #expect(walk.live.count <= 1, "seed \(seed)")
                guard let settlement = walk.settlement else { continue }
                let validTos = settlement.orders.map(\.proposal.order.validTo)
                #expect(validTos == validTos.sorted() && Set(validTos).count == validTos.count, "seed \(seed)")
                #expect(settlement.orders.map(\.attempt) == (1...Int32(validTos.count)).map { $0 }, "seed \(seed)")
                if let final { #expect(settlement == final, "seed \(seed)") }
                if settlement.status == .completed { final = settlement }
                #expect((settlement.status == .failed) == (settlement.failure != nil), "seed \(seed)")
                #expect((settlement.status == .completed) == (settlement.completion != nil), "seed \(seed)")
            }
            if let status = walk.settlement?.status { ends[status, default: 0] += 1 }
        }
        // The walk goes everywhere.
        #expect(ends[.completed, default: 0] > 20 && ends[.failed, default: 0] > 0)
    }
}
