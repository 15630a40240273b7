import Market

/// Products as the rules read, word by word: one list of prices, looked through from the start each time.
struct NaiveProduct {
    let terms: ProductTerms
    let start: Int64

    struct End: Equatable {
        var status: ProductStatus
        var payout: Int64
        var atMillis: Int64
    }

    /// The rungs hit by `prices`: each by the first price if they are equal, else by a segment between neighbours.
    static func rungsHit(_ rungs: [Int64], _ prices: [Int64]) -> [Int64] {
        rungs.filter { rung in
            prices.first == rung
                || zip(prices, prices.dropFirst()).contains { previous, current in
                    min(previous, current) <= rung && rung <= max(previous, current)
                }
        }
    }

    /// The largest movement that `prices` came to.
    static func movement(_ mode: MovementMode, _ prices: [Int64]) -> Double {
        let steps = zip(prices, prices.dropFirst()).map { abs(Double($1) - Double($0)) }
        switch mode {
        case .net: return prices.map { abs(Double($0) - Double(prices[0])) }.max() ?? 0
        case .path: return steps.reduce(0, +)
        case .tick: return steps.max() ?? 0
        }
    }

    /// What `ticks` (stamp in ms, price), in order, make of it; nil while it is active.
    func end(after ticks: [(stamp: Int64, price: Int64)]) -> End? {
        let counted = ticks.filter { start < $0.stamp && $0.stamp <= start + terms.durationMillis }
        for count in counted.indices {
            let prices = counted[...count].map(\.price)
            switch terms.bet {
            case .luckyLadder(let rungs) where Self.rungsHit(rungs, prices).count == rungs.count:
                return End(status: .completed, payout: terms.payoffE8, atMillis: counted[count].stamp)
            case .momentumCatcher(let target, let mode) where Self.movement(mode, prices) >= Double(target):
                return End(status: .targetHit, payout: terms.payoffE8, atMillis: counted[count].stamp)
            default: continue
            }
        }
        guard let last = ticks.last, last.stamp >= start + terms.durationMillis else { return nil }
        guard case .luckyLadder(let rungs) = terms.bet else {
            return End(status: .expired, payout: 0, atMillis: start + terms.durationMillis)
        }
        let hit = Self.rungsHit(rungs, counted.map(\.price)).count
        // Payoffs of the tests are small: the product fits.
        return End(
            status: .expired, payout: terms.payoffE8 * Int64(hit) / Int64(rungs.count),
            atMillis: start + terms.durationMillis)
    }
}
