import Ethereum
import Market
import Testing

@Suite struct SettlementOrderTests {
    private let sample = SettlementSample()

    @Test func `The same request has the same answer, other terms replace what was proposed`() throws {
        let first = try sample.settlement(.initiated)
        var moved = sample
        moved.priceE8 = 260_000_000_000
        moved.now += 30
        let again = try OptionSettlement.propose(.init(), over: first, in: moved.scene)
        #expect(again.settlement == first && again.events.isEmpty)
        let named = try OptionSettlement.propose(
            .init(minBuyAmount: SettlementSample.floor), over: first, in: moved.scene)
        #expect(named.settlement == first && named.events.isEmpty)
        // A default of a price too old to settle by is made anew.
        moved.now += 60
        let fresh = try OptionSettlement.propose(.init(), over: first, in: moved.scene)
        #expect(fresh.events == [.initiated])
        #expect(try fresh.unwrapped.present.proposal.order.buyAmount == 2_470_000_000)
        #expect(try fresh.unwrapped.present.attempt == 1)
        // A stranger's minimum is not what a request without one means.
        let stranger = try OptionSettlement.propose(
            .init(minBuyAmount: SettlementSample.saleValue), over: first, in: sample.scene)
        #expect(stranger.events == [.initiated])
        let back = try OptionSettlement.propose(.init(), over: stranger.unwrapped, in: sample.scene)
        #expect(try back.unwrapped.present.proposal == first.present.proposal)
        // Nor is a stranger's year.
        let year = try OptionSettlement.propose(
            .init(validTo: sample.now + 86_400 * 365), over: first, in: sample.scene)
        let hour = try OptionSettlement.propose(.init(), over: year.unwrapped, in: sample.scene)
        #expect(try hour.unwrapped.present.proposal == first.present.proposal)
    }

    @Test func `A proposal whose validTo passed has failed, and the next one is later`() throws {
        let first = try sample.settlement(.initiated)
        var later = sample
        later.now += 3_601
        let lapsed = first.tidied(in: later.scene)
        #expect(lapsed.events == [.failed])
        #expect(try lapsed.unwrapped.failure?.reason == .proposalExpired)
        let next = try OptionSettlement.propose(.init(), over: first, in: later.scene)
        #expect(next.events == [.failed, .initiated])
        let settlement = try next.unwrapped
        #expect(settlement.present.attempt == 2)
        #expect(settlement.present.proposal.order.validTo > first.present.proposal.order.validTo)
        #expect(settlement.failure == nil)
    }

    @Test func `Of a new order's validTo every earlier one is before`() throws {
        let wish = SettlementWish(validTo: sample.now + 10_000)
        var settlement = try OptionSettlement.propose(wish, over: nil, in: sample.scene).unwrapped
        settlement = try OptionSettlement.approve(
            sample.consent(to: settlement), sample.approval, over: settlement, in: sample.scene
        ).unwrapped
        settlement = try sample.sending(settlement)
        settlement = try settlement.sent(1, .refused(kind: "InsufficientBalance", words: "no"), nowMicros: 0).unwrapped
        #expect(settlement.status == .failed)
        let next = try OptionSettlement.propose(.init(), over: settlement, in: sample.scene).unwrapped
        #expect(UInt64(next.present.proposal.order.validTo) == sample.now + 10_001)
        #expect(throws: Rejection.self) {
            try OptionSettlement.propose(
                .init(validTo: sample.now + 10_000), over: settlement, in: sample.scene)
        }
    }

    /// What happened to the order, and whether another may follow at once.
    @Test(
        arguments: [
            (["refused"], true), (["notYet", "refused"], true), (["unclear", "refused"], false),
            (["foreign"], false), (["accepted", "cancelled"], true), (["accepted", "expired"], false),
            (["unclear", "expiredThere"], false),
        ] as [([String], Bool)])
    func `Another order waits until the last can no longer fill`(happenings: [String], atOnce: Bool) throws {
        var settlement = try sample.settlement(.approved)
        settlement = try OptionSettlement.requestSubmission(of: settlement, in: sample.scene).unwrapped
        for happening in happenings {
            settlement = try settlement.next(for: 1, isAbsent: true, in: sample.scene).step.unwrapped
            let step =
                switch happening {
                case "refused": settlement.sent(1, .refused(kind: "Forbidden", words: "no"), nowMicros: 0)
                case "notYet": settlement.sent(1, .notYetValid("not mined"), nowMicros: 0)
                case "unclear": settlement.sent(1, .unclear("no answer"), nowMicros: 0)
                case "foreign": settlement.sent(1, .accepted([1]), nowMicros: 0)
                case "accepted": settlement.sent(1, .duplicated, nowMicros: 0)
                case "cancelled": settlement.found(1, .cancelled, in: sample.scene)
                default: settlement.found(1, .expired, in: sample.scene)
                }
            settlement = try step.unwrapped
        }
        #expect(settlement.status == .failed)
        #expect(settlement.mayTryAgain(confirmedTime: sample.confirmedTime) == atOnce)
        #expect(settlement.mayTryAgain(confirmedTime: nil) == atOnce)
        let validTo = UInt64(settlement.present.proposal.order.validTo)
        #expect(settlement.mayTryAgain(confirmedTime: validTo) == atOnce)
        #expect(settlement.mayTryAgain(confirmedTime: validTo + 1))
        let again = try? OptionSettlement.propose(.init(), over: settlement, in: sample.scene)
        #expect(again?.settlement?.status == (atOnce ? .initiated : .failed))
        #expect(again?.refusal?.code == (atOnce ? nil : "order_may_fill"))
    }

    @Test func `After a send without an answer CoW is asked first`() throws {
        var settlement = try sample.sending(try sample.settlement(.approved))
        #expect(settlement.present.sends == 1)
        settlement = try settlement.sent(1, .unclear("time-out"), nowMicros: sample.scene.clock.nowMicros).unwrapped
        let next = settlement.next(for: 1, in: sample.scene)
        #expect(next.action == .lookUp(settlement.present.proposal.uid))
        #expect(try next.step.unwrapped.present.sends == 1)
        let known = settlement.next(for: 1, isAbsent: true, in: sample.scene)
        #expect(try known.step.unwrapped.present.sends == 2)
        // What CoW refused it has not got: no need to ask.
        let early = try sample.sending(try sample.settlement(.approved)).sent(1, .notYetValid("no"), nowMicros: 0)
        guard case .send = try early.unwrapped.next(for: 1, in: sample.scene).action else {
            Issue.record("asked first")
            return
        }
    }

    @Test func `A late fill of an earlier order completes the settlement`() throws {
        var settlement = try sample.sending(try sample.settlement(.approved))
        settlement = try settlement.sent(1, .unclear("time-out"), nowMicros: 0).unwrapped
        var later = sample
        later.now += 3_700
        later.confirmedTime = later.now
        settlement = try settlement.found(1, .notFound, in: later.scene).unwrapped
        #expect(settlement.failure?.reason == .orderExpired)
        settlement = try OptionSettlement.propose(.init(), over: settlement, in: later.scene).unwrapped
        settlement = try OptionSettlement.approve(
            later.consent(to: settlement), later.approval, over: settlement, in: later.scene
        ).unwrapped
        #expect(settlement.present.attempt == 2)
        #expect(settlement.next(for: 1, in: later.scene).action == .lookUp(settlement.orders[0].proposal.uid))
        let done = settlement.found(1, .fulfilled(executedBuyAmount: 2_400_000_000), in: later.scene)
        #expect(done.events == [.completed])
        let completion = try #require(try done.unwrapped.completion)
        #expect(completion.attempt == 1)
        #expect(completion.payout.total == 2_400_000_000)
        #expect(completion.payout.payoff == 499_000_000)
        #expect(try done.unwrapped.orders.allSatisfy { $0.dueAtMicros == nil })
    }

    @Test func `The position moved: nothing goes out, and the new holder starts anew`() throws {
        let approved = try sample.settlement(.approved)
        let asked = try OptionSettlement.requestSubmission(of: approved, in: sample.scene).unwrapped
        var sold = sample
        sold.owner = SettlementSample.buyer.address
        let next = asked.next(for: 1, in: sold.scene)
        #expect(next.action == .wait)
        #expect(try next.step.unwrapped.failure?.reason == .holderChanged)
        #expect(next.step.events == [.failed])
        #expect(OptionSettlement.requestSubmission(of: approved, in: sold.scene).refusal?.code == "holder_changed")
        let anew = try OptionSettlement.propose(.init(), over: approved, in: sold.scene)
        #expect(anew.events == [.failed, .initiated])
        let stale = try OptionSettlement.approve(
            sample.consent(to: approved), sample.approval, over: try sample.settlement(.initiated), in: sold.scene)
        #expect(stale.refusal?.code == "holder_changed")
    }

    @Test func `Sending ends at validTo, and pauses grow to half a minute`() throws {
        var sample = sample
        var settlement = try OptionSettlement.requestSubmission(
            of: try sample.settlement(.approved), in: sample.scene
        ).unwrapped
        var pauses: [Int64] = []
        for _ in 0..<8 {
            settlement = try settlement.next(for: 1, in: sample.scene).step.unwrapped
            settlement = try settlement.sent(1, .notYetValid("not mined"), nowMicros: 0).unwrapped
            pauses.append(try #require(settlement.present.dueAtMicros) / 1_000)
        }
        #expect(pauses == [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
        sample.now += 3_601
        let late = settlement.next(for: 1, in: sample.scene)
        #expect(late.action == .wait)
        #expect(try late.step.unwrapped.failure?.reason == .orderExpired)
        #expect(try late.step.unwrapped.mayTryAgain(confirmedTime: nil))
    }

    @Test func `An order at CoW is looked at every five seconds, then every minute`() throws {
        var settlement = try sample.settlement(.submitted)
        var pauses: [Int64] = []
        for _ in 0..<18 {
            settlement = try settlement.found(1, .open, in: sample.scene).unwrapped
            let due = try #require(settlement.present.dueAtMicros)
            pauses.append((due - sample.scene.clock.nowMicros) / 1_000_000)
        }
        #expect(Array(pauses[..<12]) == Array(repeating: 5, count: 12))
        #expect(Array(pauses[12...]) == [10, 20, 40, 60, 60, 60])
        // CoW away changes nothing, also after validTo: only it or the chain knows.
        var later = sample
        later.now += 4_000
        settlement = try settlement.found(1, .unclear("503"), in: later.scene).unwrapped
        #expect(settlement.status == .submitted)
    }

    @Test func `What a fulfilled order brought is at least what it asked for`() throws {
        let submitted = try sample.settlement(.submitted)
        for (said, proceeds) in [
            (nil, SettlementSample.floor), (0, SettlementSample.floor), (2_500_000_000, 2_500_000_000),
        ]
            as [(UInt256?, UInt256)]
        {
            let done = try submitted.found(1, .fulfilled(executedBuyAmount: said), in: sample.scene).unwrapped
            #expect(done.completion?.proceeds == proceeds)
            #expect(done.completion?.payout.total == proceeds)
        }
    }
}
