public import Ethereum

/// The cheapest legal combination of offers for an amount: it fills as much of the amount as any combination can,
/// never more, and of those that fill as much it costs the least; among equals it has the fewest fills, then the
/// earliest offers.
///
/// Minimum fills make this a covering problem with semi-continuous variables, where taking the cheapest first is wrong.
/// The answer is exact, the floors of the premiums included, for up to 30 offers unless they are so alike that the
/// work allowed does not suffice; what is not proven says so and carries a bound.
public struct Quote: Sendable, Hashable {
    /// An offer that may be taken, its duration checked by the caller.
    public struct Candidate: Sendable, Hashable {
        /// The offer's id.
        public let offerHash: Bytes32
        /// Position in the log.
        public let seq: UInt64
        /// Which fills are legal and what they cost.
        public let rule: FillRule

        /// A candidate.
        public init(offerHash: Bytes32, seq: UInt64, rule: FillRule) {
            self.offerHash = offerHash
            self.seq = seq
            self.rule = rule
        }

        /// An offer in its present state.
        public init(_ state: OfferState, tailFill: Bool = true) {
            self.init(offerHash: state.offerHash, seq: state.seq, rule: FillRule(state, tailFill: tailFill))
        }
    }

    /// What to take of one offer.
    public struct Fill: Sendable, Hashable {
        /// The offer's id.
        public let offerHash: Bytes32
        /// Collateral.
        public let amount: UInt256
        /// Stablecoin units for the whole duration, at least 1.
        public let premium: UInt256
    }

    /// The collateral that was asked for.
    public let asked: UInt256
    /// The days it was asked for.
    public let days: UInt16
    /// The cheapest a unit first; at most one of each offer.
    public let fills: [Fill]
    /// The sum of the fills' amounts, at most what was asked.
    public let filledAmount: UInt256
    /// The sum of the fills' premiums.
    public let totalPremium: UInt256
    /// No legal combination of the considered offers fills as much for less.
    public let lowerBound: UInt256
    /// Whether no legal combination of all the candidates fills more, or as much for less.
    public let proven: Bool
    /// Offers with a legal fill that were looked at, the cheapest a unit first.
    public let considered: Int
    /// Offers that were given.
    public let candidates: Int

    /// Whether all that was asked for is filled.
    public var complete: Bool { filledAmount == asked }
}
