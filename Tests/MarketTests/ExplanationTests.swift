import Ethereum
import Market
import Testing

/// Each reason that an offer cannot be taken fails its own rule, with figures.
@Suite struct ExplanationTests {
    static let now = OfferStateTests.deadline

    static func failing(
        _ state: OfferState, now: UInt64 = now, duration: UInt16? = nil, amount: UInt256? = nil, tailFill: Bool = true
    ) -> [String] {
        let explanation = Explanation(
            state, now: now, wish: .init(duration: duration, amount: amount), tailFill: tailFill)
        let failing = explanation.rules.filter { !$0.pass }.map(\.rule)
        #expect(explanation.takeable == failing.isEmpty)
        #expect(explanation.rules.allSatisfy { $0.detail.hasSuffix(".") })
        return failing
    }

    @Test func `an open offer passes every rule`() {
        let explanation = Explanation(OfferStateTests.state(), now: Self.now, wish: .init(duration: 7))
        #expect(explanation.takeable)
        #expect(
            explanation.rules.map(\.rule) == [
                "not_expired", "not_cancelled", "not_filled", "duration_in_range", "within_remaining", "minimum_fill",
                "premium_not_zero",
            ])
    }

    @Test func `what its writer cannot deliver fails a rule of its own`() {
        var state = OfferStateTests.state()
        state.funding = Funding(fundable: UInt256(400), isUnfunded: false)
        // What is listed can be taken, up to what is funded.
        #expect(Self.failing(state) == [])
        #expect(Self.failing(state, amount: 400) == [])
        #expect(Self.failing(state, amount: 401) == ["funded"])
        state.funding = Funding(fundable: UInt256(3), isUnfunded: true)
        #expect(Self.failing(state) == ["funded"])
        let unknown = Explanation(OfferStateTests.state(), now: Self.now, funds: "Unknown: there is no contract.")
        #expect(unknown.takeable && unknown.rules.last?.detail.hasSuffix("Unknown: there is no contract.") == true)
    }

    @Test func `each reason fails its own rule`() {
        let open = OfferStateTests.state()
        #expect(Self.failing(open, now: Self.now + 1) == ["not_expired"])
        #expect(Self.failing(OfferStateTests.state(closed: .expired)) == ["not_expired"])
        #expect(Self.failing(OfferStateTests.state(cancelled: true)) == ["not_cancelled"])
        #expect(Self.failing(OfferStateTests.state(filled: 5, closed: .overfilled)) == ["not_filled"])
        #expect(Self.failing(OfferStateTests.state(filled: 1000)).contains("not_filled"))
        #expect(Self.failing(open, duration: 6) == ["duration_in_range"])
        #expect(Self.failing(open, duration: 366) == ["duration_in_range"])
        #expect(Self.failing(open, amount: 1001) == ["within_remaining"])
        #expect(Self.failing(open, amount: 99) == ["minimum_fill"])
        #expect(Self.failing(OfferStateTests.state(filled: 950), tailFill: false) == ["minimum_fill"])
        #expect(Self.failing(OfferStateTests.state(filled: 950)) == [])
    }

    @Test func `a fill that pays nothing is told`() {
        let offer = Samples.offer(
            collateralAmount: 1000, premiumPerDay: 1, minDuration: 1, minFillAmount: 1, deadline: Self.now)
        let state = OfferStateTests.state(offer: offer)
        #expect(Self.failing(state, duration: 1, amount: 999) == ["premium_not_zero"])
        #expect(Self.failing(state, duration: 1, amount: 1000) == [])
    }

    @Test func `the figures are in the sentence`() throws {
        let explanation = Explanation(
            OfferStateTests.state(filled: 400), now: Self.now, wish: .init(duration: 30, amount: 500))
        let details = explanation.rules.map(\.detail).joined(separator: " ")
        for figure in ["\(Self.now)", "400 of 1000", "600", "7 to 365", "30", "500", "100"] {
            #expect(details.contains(figure))
        }
    }
}
