import Ethereum

/// The candidates with a legal fill, the cheapest a unit first and then the earliest, and at most so many of them.
struct FillSelection {
    /// Offers looked at, at most.
    static let maxConsidered = 4096

    /// The amount wanted.
    let amount: UInt256
    /// The offers looked at, in order.
    private(set) var candidates: [Quote.Candidate] = []
    /// Their legal fills.
    private(set) var spans: [FillSpan] = []
    /// Whether every candidate with a legal fill is among them.
    private(set) var isWhole = true

    init(_ offered: [Quote.Candidate], amount: UInt256, days: UInt16) {
        self.amount = amount
        // Places are sorted, not candidates, which are large.
        let places =
            Self.isSorted(offered)
            ? Array(offered.indices) : offered.indices.sorted { Self.isBefore(offered[$0], offered[$1]) }
        for place in places {
            let candidate = offered[place]
            guard let span = FillSpan(candidate.rule, days: days, upTo: amount) else { continue }
            if spans.count == Self.maxConsidered {
                isWhole = false
                return
            }
            candidates.append(candidate)
            spans.append(span)
        }
    }

    /// By premiumPerDay ÷ collateralAmount as exact fractions, then by seq: the book's order.
    private static func isBefore(_ left: Quote.Candidate, _ right: Quote.Candidate) -> Bool {
        switch UInt256.compareFractions(
            left.rule.premiumPerDay, left.rule.collateralAmount, right.rule.premiumPerDay, right.rule.collateralAmount)
        {
        case .less: true
        case .greater: false
        case .equal: left.seq < right.seq
        }
    }

    private static func isSorted(_ candidates: [Quote.Candidate]) -> Bool {
        zip(candidates, candidates.dropFirst()).allSatisfy { !isBefore($0.1, $0.0) }
    }
}
