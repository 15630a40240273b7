public import Ethereum

extension Quote {
    /// The cheapest combination of offers for an amount.
    ///
    /// Work is bounded whatever the offers: about 50 ms of one core at the worst, and for very many candidates a look
    /// at each.
    /// - Parameters:
    ///   - candidates: offers of one side and one stablecoin that can be taken now for these days; in the book's order
    ///     they need no sorting.
    ///   - amount: collateral wanted.
    ///   - days: how long for.
    public static func bestFills(of candidates: [Candidate], amount: UInt256, days: UInt16) -> Quote {
        let selection = FillSelection(candidates, amount: amount, days: days)
        let solution = FillSolver(selection).solve()
        var filled = UInt256.zero
        var total = UInt256.zero
        let fills = solution.fills.map { place, amount in
            let premium = selection.spans[place].cost(amount)
            filled = filled &+ amount
            total = total &+ premium
            return Fill(offerHash: selection.candidates[place].offerHash, amount: amount, premium: premium)
        }
        return Quote(
            asked: amount, days: days, fills: fills, filledAmount: filled, totalPremium: total,
            lowerBound: min(solution.lowerBound, total), proven: solution.proven, considered: selection.spans.count,
            candidates: candidates.count)
    }
}
