import Ethereum
@_spi(Store) import Market
import Testing

/// What an offer's life looks like to a reader, at every edge.
@Suite struct OfferStateTests {
    static let deadline: UInt64 = 2_000_000_000

    static func state(
        filled: UInt256 = 0, cancelled: Bool = false, closed: OfferState.ClosedReason? = nil,
        offer: Offer = Samples.offer(collateralAmount: 1000, minFillAmount: 100, deadline: deadline)
    ) -> OfferState {
        let hashes = Samples.vectors.hashes(offer)
        return OfferState(
            signed: .stored(offer: offer, hashes: hashes, signature: []), seq: 7, createdAtMicros: 1, filled: filled,
            cancelledAtMicros: cancelled ? 2 : nil, closed: closed.map { .init(seq: 9, reason: $0) })
    }

    @Test(
        arguments: [
            (0, false, nil, 0, .open), (1, false, nil, 0, .partiallyFilled), (1000, false, nil, 0, .filled),
            (0, false, nil, deadline, .open), (0, false, nil, deadline + 1, .expired),
            (1, false, nil, deadline + 1, .expired), (0, false, nil, .max, .expired),
            (1000, false, nil, deadline + 1, .filled),
            (0, true, .cancelled, 0, .cancelled), (1, true, .cancelled, deadline + 1, .cancelled),
            (1000, true, .cancelled, 0, .filled), (0, true, .expired, 0, .expired),
            (0, true, nil, deadline + 1, .cancelled),
            (0, false, .expired, 0, .expired), (1000, false, .filled, 0, .filled),
            (999, false, .overfilled, 0, .filled),
            (1001, false, nil, 0, .filled),
        ] as [(UInt64, Bool, OfferState.ClosedReason?, UInt64, OfferStatus)])
    func `the status follows from what happened and the clock`(
        filled: UInt64, cancelled: Bool, closed: OfferState.ClosedReason?, now: UInt64, expected: OfferStatus
    ) {
        let state = Self.state(filled: UInt256(filled), cancelled: cancelled, closed: closed)
        #expect(state.status(now: now) == expected)
        #expect(state.isOpen(now: now) == [.open, .partiallyFilled].contains(expected))
    }

    @Test func `what remains never passes what there was`() {
        #expect(Self.state(filled: 400).remaining == 600)
        #expect(Self.state(filled: 1000).remaining == 0)
        #expect(Self.state(filled: 1001).remaining == 0)
    }

    @Test func `the premium of what remains is rounded down`() {
        let offer = Samples.offer(collateralAmount: 3, premiumPerDay: 100, minFillAmount: 1)
        #expect(Self.state(offer: offer).remainingPremiumPerDay == 100)
        #expect(Self.state(filled: 1, offer: offer).remainingPremiumPerDay == 66)
        #expect(Self.state(filled: 3, offer: offer).remainingPremiumPerDay == 0)
        let widest = Samples.offer(collateralAmount: .max, premiumPerDay: .max, minFillAmount: 1)
        #expect(Self.state(offer: widest).remainingPremiumPerDay == .max)
    }

    @Test func `statuses read as the interface says`() {
        let words = ["open", "partially_filled", "filled", "cancelled", "expired", "unfunded"]
        #expect(OfferStatus.allCases.map(\.rawValue) == words)
    }
}
