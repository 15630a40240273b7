import Ethereum
import Market
import Testing

/// The rules on an offer's terms: each with its code, in the protocol's order.
@Suite struct OfferRulesTests {
    static let now: UInt64 = 1_890_000_000

    struct Case: Sendable, CustomTestStringConvertible {
        let code: String
        let field: String
        let offer: Offer
        var testDescription: String { "\(field): \(code)" }
    }

    /// In the order of the checks.
    static let broken = [
        Case(code: "zero_address", field: "writer", offer: Samples.offer(writer: .zero)),
        Case(code: "zero_address", field: "underlying", offer: Samples.offer(underlying: zero)),
        Case(code: "zero_address", field: "stablecoin", offer: Samples.offer(stablecoin: zero)),
        Case(
            code: "same_token", field: "stablecoin",
            offer: Samples.offer(stablecoin: "0x4200000000000000000000000000000000000006")),
        Case(code: "zero_collateral", field: "collateralAmount", offer: Samples.offer(collateralAmount: 0)),
        Case(code: "zero_premium", field: "premiumPerDay", offer: Samples.offer(premiumPerDay: 0)),
        Case(code: "invalid_duration", field: "minDuration", offer: Samples.offer(minDuration: 0)),
        Case(code: "invalid_duration", field: "maxDuration", offer: Samples.offer(maxDuration: 6)),
        Case(code: "invalid_duration", field: "maxDuration", offer: Samples.offer(maxDuration: 366)),
        Case(code: "invalid_min_fill", field: "minFillAmount", offer: Samples.offer(minFillAmount: 0)),
        Case(
            code: "invalid_min_fill", field: "minFillAmount",
            offer: Samples.offer(minFillAmount: 1_000_000_000_000_000_001)),
        Case(code: "deadline_passed", field: "deadline", offer: Samples.offer(deadline: now - 1)),
        Case(code: "deadline_passed", field: "deadline", offer: Samples.offer(deadline: 0)),
        Case(code: "deadline_too_far", field: "deadline", offer: Samples.offer(deadline: now + 400 * 86_400 + 1)),
        Case(code: "deadline_too_far", field: "deadline", offer: Samples.offer(deadline: now * 1000)),
        Case(code: "deadline_too_far", field: "deadline", offer: Samples.offer(deadline: .max)),
    ]
    private static let zero = "0x0000000000000000000000000000000000000000"

    static func check(_ offer: Offer, _ rules: OfferRules = OfferRules()) -> Rejection? {
        refusal { () throws(Rejection) in try rules.check(offer, now: now) }
    }

    @Test(arguments: broken)
    func `a broken rule is refused by code and field`(broken: Case) {
        let refused = Self.check(broken.offer)
        #expect(refused?.kind == .malformed)
        #expect(refused?.code == broken.code)
        #expect(refused?.field == broken.field)
    }

    @Test(arguments: [
        Samples.offer(), Samples.offer(deadline: now), Samples.offer(deadline: now + 400 * 86_400),
        Samples.offer(minDuration: 1, maxDuration: 1), Samples.offer(minDuration: 365),
        Samples.offer(collateralAmount: 1, minFillAmount: 1), Samples.offer(collateralAmount: .max),
        Samples.offer(minFillAmount: 1_000_000_000_000_000_000), Samples.offer(premiumPerDay: .max),
    ])
    func `the edges of the rules are allowed`(offer: Offer) {
        #expect(Self.check(offer) == nil)
    }

    @Test func `of two broken rules the earlier is named`() {
        let worst = Offer(
            writer: .zero, underlying: .zero, collateralAmount: 0, stablecoin: .zero, isCall: true, premiumPerDay: 0,
            minDuration: 0, maxDuration: 0, minFillAmount: 0, deadline: 0, configHash: .zero)
        #expect(Self.check(worst)?.field == "writer")
        let (one, two) = (Samples.repeated(1), Samples.repeated(2))
        let repairs: [(Offer, String)] = [
            (Self.with(worst, writer: one), "underlying"),
            (Self.with(worst, writer: one, underlying: one), "stablecoin"),
            (Self.with(worst, writer: one, underlying: one, stablecoin: one), "same_token"),
            (Self.with(worst, writer: one, underlying: one, stablecoin: two), "zero_collateral"),
            (Self.with(worst, writer: one, underlying: one, stablecoin: two, collateral: 1), "zero_premium"),
            (Self.with(worst, writer: one, underlying: one, stablecoin: two, collateral: 1, premium: 1), "minDuration"),
            (
                Self.with(worst, writer: one, underlying: one, stablecoin: two, collateral: 1, premium: 1, days: 1),
                "minFillAmount"
            ),
            (
                Self.with(
                    worst, writer: one, underlying: one, stablecoin: two, collateral: 1, premium: 1, days: 1, minimum: 1
                ),
                "deadline"
            ),
        ]
        for (offer, expected) in repairs {
            let refused = Self.check(offer)
            #expect(refused?.field == expected || refused?.code == expected)
        }
    }

    @Test func `only listed tokens are taken where there is a list`() {
        let (underlying, stablecoin) = (Samples.offer.underlying, Samples.offer.stablecoin)
        #expect(Self.check(Samples.offer, OfferRules(tokens: .listed([underlying, stablecoin]))) == nil)
        #expect(Self.check(Samples.offer, OfferRules(tokens: .listed([stablecoin])))?.field == "underlying")
        #expect(Self.check(Samples.offer, OfferRules(tokens: .listed([underlying])))?.field == "stablecoin")
        #expect(Self.check(Samples.offer, OfferRules(tokens: .listed([])))?.code == "token_not_listed")
    }

    @Test func `a writer has a limit of open offers`() {
        let rules = OfferRules(maxOpenOffers: 2)
        #expect(refusal { () throws(Rejection) in try rules.checkOpenOffers(1) } == nil)
        let refused = refusal { () throws(Rejection) in try rules.checkOpenOffers(2) }
        #expect(refused?.kind == .tooMany)
        #expect(refused?.code == "too_many_open_offers")
    }

    private static func with(
        _ offer: Offer, writer: Address, underlying: Address = .zero, stablecoin: Address = .zero,
        collateral: UInt256 = 0, premium: UInt256 = 0, days: UInt16 = 0, minimum: UInt256 = 0
    ) -> Offer {
        Offer(
            writer: writer, underlying: underlying, collateralAmount: collateral, stablecoin: stablecoin, isCall: true,
            premiumPerDay: premium, minDuration: days, maxDuration: days, minFillAmount: minimum, deadline: 0,
            configHash: .zero)
    }
}
