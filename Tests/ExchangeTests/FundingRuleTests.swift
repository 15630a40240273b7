import Ethereum
@_spi(Store) import Market
import Testing

@testable import Exchange

/// What writers' tokens allow of their offers, against the definition spelled out.
@Suite struct FundingRuleTests {
    private func state(
        _ seq: UInt64, collateral: UInt64, premium: UInt64, minFill: UInt64 = 1, filled: UInt64 = 0
    ) -> OfferState {
        OfferState(
            signed: Samples.signed(collateral: collateral, premium: premium, minFill: minFill, salt: seq), seq: seq,
            createdAtMicros: 0, filled: UInt256(filled))
    }

    /// The definition, offer by offer: what those with a better price claim is summed anew for each.
    private func oracle(_ offers: [OfferState], _ available: UInt64) -> [Bytes32: (fundable: UInt64, isUnfunded: Bool)]
    {
        func number(_ value: UInt256) -> UInt64 { value.asUInt64 ?? .max }
        func isBetter(_ left: OfferState, _ right: OfferState) -> Bool {
            let (a, b) = (left.offer, right.offer)
            let (x, y) = (
                number(a.premiumPerDay) * number(b.collateralAmount),
                number(b.premiumPerDay) * number(a.collateralAmount)
            )
            return x == y ? left.seq < right.seq : x < y
        }
        func found(_ offer: OfferState) -> (fundable: UInt64, isUnfunded: Bool) {
            let claimed = offers.filter { isBetter($0, offer) }.map(found).filter { !$0.isUnfunded }
                .reduce(0) { $0 + $1.fundable }
            let remaining = number(offer.offer.collateralAmount) - number(offer.filled)
            let fundable = min(remaining, available > claimed ? available - claimed : 0)
            return (fundable, fundable < min(number(offer.offer.minFillAmount), remaining))
        }
        return Dictionary(uniqueKeysWithValues: offers.map { ($0.offerHash, found($0)) })
    }

    @Test func `Every verdict is the definition's, and together they promise no more than there is`() {
        var random = SplitMix(state: 0xf00d)
        for _ in 0..<2_000 {
            let offers = (1...UInt64.random(in: 1...9, using: &random)).map { seq in
                let collateral = UInt64.random(in: 1...60, using: &random)
                return state(
                    seq, collateral: collateral, premium: UInt64.random(in: 1...6, using: &random),
                    minFill: UInt64.random(in: 1...collateral, using: &random),
                    filled: UInt64.random(in: 0..<collateral, using: &random))
            }
            let available = UInt64.random(in: 0...150, using: &random)
            let expected = oracle(offers, available)
            var promised: UInt64 = 0
            for verdict in FundingRule.judge(offers.shuffled(using: &random), available: UInt256(available)) {
                guard var offer = offers.first(where: { $0.offerHash == verdict.offerHash }),
                    let wanted = expected[verdict.offerHash]
                else {
                    Issue.record("a verdict about no offer")
                    continue
                }
                offer.funding = verdict.funding
                #expect(offer.fundable == UInt256(wanted.fundable))
                #expect(offer.isListed == !wanted.isUnfunded)
                // What is listed can be taken, up to what is funded and no further; what is hidden cannot.
                let sizes = FillRule(offer).sizes
                #expect((sizes != nil) == offer.isListed)
                if let sizes {
                    #expect(sizes.upperBound == offer.fundable)
                    promised += wanted.fundable
                }
            }
            #expect(promised <= available)
        }
    }

    @Test func `Sums as large as numbers get do not overflow`() {
        let most = UInt256(limbs: .max, .max, .max, .max)
        let huge = (1...3).map { state(UInt64($0), collateral: .max, premium: UInt64($0)) }
        #expect(FundingRule.judge(huge, available: most).allSatisfy { $0.funding == nil })
        #expect(FundingRule.judge(huge, available: .zero).allSatisfy { $0.funding?.isUnfunded == true })
    }

    @Test(arguments: [
        // available, minimum fill, filled → fundable, listed
        (100, 100, 0, 100, true), (99, 100, 0, 99, false), (99, 99, 0, 99, true), (0, 1, 0, 0, false),
        // The tail may be below the minimum fill, but only whole.
        (20, 50, 80, 20, true), (19, 50, 80, 19, false),
    ])
    func `An offer is listed while its least fill is funded`(
        available: UInt64, minFill: UInt64, filled: UInt64, fundable: UInt64, isListed: Bool
    ) {
        var offer = state(1, collateral: 100, premium: 1, minFill: minFill, filled: filled)
        offer.funding = FundingRule.judge([offer], available: UInt256(available)).first?.funding
        #expect((offer.fundable, offer.isListed) == (UInt256(fundable), isListed))
    }

    @Test func `What nobody can take claims nothing from the next`() {
        let offers = [
            state(1, collateral: 150, premium: 1, minFill: 120), state(2, collateral: 80, premium: 10, minFill: 10),
        ]
        let verdicts = FundingRule.judge(offers, available: UInt256(100))
        #expect(verdicts.map { $0.funding?.isUnfunded } == [true, nil])
    }
}
