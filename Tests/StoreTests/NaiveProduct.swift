import Ethereum
import Market

/// What the rules make of a product's ticks, read word by word over the whole list each time.
enum NaiveProduct {
    struct End: Hashable {
        let status: String
        let payoutE8: Int64
    }

    /// The end of a product that began at `startMillis`; `ticks` are all stored ticks (stamp in ms, price in 1e-8 units).
    static func end(
        of terms: ProductTerms, from startMillis: Int64, _ ticks: [(stamp: Int64, price: Int64)]
    ) -> End? {
        let endMillis = startMillis + terms.durationMillis
        let prices = ticks.filter { startMillis < $0.stamp && $0.stamp <= endMillis }.map(\.price)
        let isOver = ticks.contains { $0.stamp >= endMillis }
        let steps = zip(prices, prices.dropFirst())
        switch terms.bet {
        case .luckyLadder(let rungs):
            let hit = rungs.count { rung in
                prices.first == rung || steps.contains { min($0, $1) <= rung && rung <= max($0, $1) }
            }
            if hit == rungs.count { return End(status: "completed", payoutE8: terms.payoffE8) }
            return isOver ? End(status: "expired", payoutE8: terms.payoffE8 * Int64(hit) / Int64(rungs.count)) : nil
        case .momentumCatcher(let target, let mode):
            let reached =
                switch mode {
                case .net: prices.contains { abs($0 - prices[0]) >= target }
                case .path: steps.reduce(0) { $0 + abs($1.1 - $1.0) } >= target
                case .tick: steps.contains { abs($1 - $0) >= target }
                }
            if reached { return End(status: "target_hit", payoutE8: terms.payoffE8) }
            return isOver ? End(status: "expired", payoutE8: 0) : nil
        }
    }
}
