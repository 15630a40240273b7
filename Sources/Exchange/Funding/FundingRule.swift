public import Ethereum
public import Market

/// What a writer's tokens allow of each of its offers. Pure.
public enum FundingRule {
    /// What was found of one offer.
    public struct Verdict: Sendable, Hashable {
        /// The offer, by its id.
        public let offerHash: Bytes32
        /// Nil when all that remains is funded.
        public let funding: Funding?
        /// What the writer's better-priced offers take of the same token, in its smallest unit.
        public let claimed: UInt256
    }

    /// `fundable = min(remaining, max(0, available − what better-priced offers of the same writer and token claim))`.
    ///
    /// The better price is the book's: premium ÷ collateral as an exact fraction, then the position in the log. An offer
    /// of which less than the least fill is funded cannot be taken at all: it is unfunded, and claims nothing.
    /// - Parameters:
    ///   - offers: all open offers of one writer with one collateral token, in any order.
    ///   - available: what the protocol's contract can move of it.
    public static func judge(_ offers: [OfferState], available: UInt256) -> [Verdict] {
        let sorted = offers.map { (position: Book.Position($0), state: $0) }
            .sorted { $0.position.precedes($1.position) }
        var claimed = UInt256.zero
        var left = available
        return sorted.map { _, state in
            let fundable = min(state.remaining, left)
            let isUnfunded = fundable < state.leastFill
            let isWhole = fundable == state.remaining
            let verdict = Verdict(
                offerHash: state.offerHash,
                funding: isWhole ? nil : Funding(fundable: fundable, isUnfunded: isUnfunded), claimed: claimed)
            if !isUnfunded {
                left = left.subtractingReportingOverflow(fundable).partialValue
                claimed = claimed.addingReportingOverflow(fundable).partialValue
            }
            return verdict
        }
    }
}

extension Book.Position {
    /// Where an offer stands, or would.
    init(_ state: OfferState) {
        self.init(
            premiumPerDay: state.offer.premiumPerDay, collateralAmount: state.offer.collateralAmount, seq: state.seq)
    }
}
