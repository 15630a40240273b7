import Ethereum
import Market
import Testing

@Suite struct SettlementTransitionTests {
    typealias Status = SettlementStatus

    /// What somebody, time, CoW or the chain may do to a settlement.
    enum Deed: String, CaseIterable, Sendable {
        case proposeSame, proposeOther, approveStanding, approveOther, approveOwn, submit, time, transfer, send
        case accepted, duplicated, foreign, notYet, refused, unclear
        case open, fulfilled, cancelled, expired, notFound, foreignLookUp, unclearLookUp, executed
    }

    /// Where each deed leads from each state, as "status" or "status!code" where it is refused.
    private static let table: [Deed: [Status: String]] = [
        .proposeSame: [
            .initiated: "initiated", .approved: "approved", .submitted: "submitted",
            .completed: "completed!already_settled", .failed: "initiated",
        ],
        .proposeOther: [
            .initiated: "initiated", .approved: "approved!already_approved",
            .submitted: "submitted!already_submitted", .completed: "completed!already_settled", .failed: "initiated",
        ],
        .approveStanding: [
            .initiated: "approved", .approved: "approved", .submitted: "submitted",
            .completed: "completed!already_settled", .failed: "failed!proposal_expired",
        ],
        .approveOther: [
            .initiated: "initiated!terms_changed", .approved: "approved!already_approved",
            .submitted: "submitted!already_submitted", .completed: "completed!already_settled",
            .failed: "failed!proposal_expired",
        ],
        .approveOwn: [
            .initiated: "approved", .approved: "approved!already_approved",
            .submitted: "submitted!already_submitted", .completed: "completed!already_settled", .failed: "approved",
        ],
        .submit: [
            .initiated: "initiated!not_approved", .approved: "approved", .submitted: "submitted",
            .completed: "completed", .failed: "failed!settlement_failed",
        ],
        .time: [.initiated: "failed"],
        .transfer: [.approved: "failed"],
        .send: [:], .accepted: [.approved: "submitted"], .duplicated: [.approved: "submitted"],
        .foreign: [.approved: "failed"], .notYet: [:], .refused: [.approved: "failed"], .unclear: [:],
        .open: [.approved: "submitted"],
        .fulfilled: [
            .initiated: "completed", .approved: "completed", .submitted: "completed", .failed: "completed",
        ],
        .cancelled: [.approved: "failed", .submitted: "failed"],
        .expired: [.approved: "failed", .submitted: "failed"], .notFound: [:],
        .foreignLookUp: [.approved: "failed", .submitted: "failed"], .unclearLookUp: [:],
        .executed: [
            .initiated: "completed", .approved: "completed", .submitted: "completed", .failed: "completed",
        ],
    ]

    @Test(arguments: Deed.allCases, Status.allCases)
    func `Every deed in every state leads where it should`(deed: Deed, status: Status) throws {
        var sample = SettlementSample()
        if status == .failed { sample.now += 4_000 }
        sample.confirmedTime = sample.now
        var start = try SettlementSample().settlement(status)
        if status == .approved, ![.submit, .proposeSame, .proposeOther].contains(deed) {
            start = try sample.sending(start)
        }
        let expected = Self.table[deed]?[status] ?? status.rawValue
        #expect(try Self.outcome(of: deed, on: start, sample) == expected)
    }

    private static func outcome(
        of deed: Deed, on settlement: OptionSettlement, _ sample: SettlementSample
    ) throws -> String {
        do {
            let step = try perform(deed, on: settlement, sample)
            let status = step.settlement?.status ?? .failed
            // Every change of state is logged, and nothing else is.
            let isChanged = step.settlement?.status != settlement.status
            #expect(isChanged ? step.events.last?.rawValue == status.rawValue : true)
            return status.rawValue + (step.refusal.map { "!\($0.code)" } ?? "")
        } catch let error as Rejection {
            return settlement.status.rawValue + "!\(error.code)"
        }
    }

    private static func perform(
        _ deed: Deed, on settlement: OptionSettlement, _ sample: SettlementSample
    ) throws -> SettlementStep {
        let (scene, now) = (sample.scene, sample.scene.clock.nowMicros)
        let standing = sample.consent(to: settlement)
        switch deed {
        case .proposeSame: return try OptionSettlement.propose(.init(), over: settlement, in: scene)
        case .proposeOther:
            return try OptionSettlement.propose(
                .init(minBuyAmount: SettlementSample.saleValue), over: settlement, in: scene)
        case .approveStanding:
            return try OptionSettlement.approve(standing, sample.approval, over: settlement, in: scene)
        case .approveOther:
            let other = SettlementConsent(conditionsHash: .zero, own: nil)
            _ = try OptionSettlement.named(by: other, over: settlement, in: scene)
            return SettlementStep.none(settlement)
        case .approveOwn:
            let wish = SettlementWish(minBuyAmount: SettlementSample.saleValue, validTo: sample.now + 5_000)
            let proposal = try SettlementSample.rules.proposal(
                scene.option, try #require(scene.option.contract), price: try scene.price.get(), wish: wish,
                now: sample.now, after: nil)
            let consent = SettlementConsent(conditionsHash: proposal.terms.conditionsHash, own: wish)
            return try OptionSettlement.approve(consent, sample.approval, over: settlement, in: scene)
        case .submit: return OptionSettlement.requestSubmission(of: settlement, in: scene)
        case .time:
            var later = sample
            later.now += 3_601
            return settlement.tidied(in: later.scene)
        case .transfer:
            var sold = sample
            sold.owner = SettlementSample.buyer.address
            return settlement.tidied(in: sold.scene)
        case .send: return settlement.next(for: 1, in: scene).step
        case .accepted: return settlement.sent(1, .accepted(settlement.present.proposal.uid.bytes), nowMicros: now)
        case .duplicated: return settlement.sent(1, .duplicated, nowMicros: now)
        case .foreign: return settlement.sent(1, .accepted(Array(repeating: 1, count: 56)), nowMicros: now)
        case .notYet: return settlement.sent(1, .notYetValid("not mined"), nowMicros: now)
        case .refused:
            return settlement.sent(1, .refused(kind: "TooManyLimitOrders", words: "Too many"), nowMicros: now)
        case .unclear: return settlement.sent(1, .unclear("HTML"), nowMicros: now)
        case .open: return settlement.found(1, .open, in: scene)
        case .fulfilled: return settlement.found(1, .fulfilled(executedBuyAmount: 2_400_000_000), in: scene)
        case .cancelled: return settlement.found(1, .cancelled, in: scene)
        case .expired: return settlement.found(1, .expired, in: scene)
        case .notFound: return settlement.found(1, .notFound, in: scene)
        case .foreignLookUp: return settlement.found(1, .foreign("another"), in: scene)
        case .unclearLookUp: return settlement.found(1, .unclear("HTML"), in: scene)
        case .executed: return settlement.executedOnChain(proceeds: 2_400_000_000, in: scene)
        }
    }
}

extension SettlementStep {
    /// A step that did nothing.
    static func none(_ settlement: OptionSettlement) -> SettlementStep {
        settlement.sent(-1, .duplicated, nowMicros: 0)
    }
}
