import Ethereum
import Market

/// The best combination of small offers by looking at every integer split: a table over amounts, offer by offer.
struct BruteForce {
    /// An offer in small numbers.
    struct Small: Sendable {
        let perDay: Int
        let collateral: Int
        let remaining: Int
        let minimum: Int
    }

    /// What the best combination fills and costs, and of which offers it is: a bit each, the first the highest.
    struct Best: Equatable {
        var filled = 0
        var cost = 0
        var offers = 0
        var rank: UInt64 = 0
    }

    let offers: [Small]
    let days: Int
    let tailFill: Bool

    func isLegal(_ offer: Small, _ fill: Int) -> Bool {
        fill > 0 && fill <= offer.remaining && (fill >= offer.minimum || (tailFill && fill == offer.remaining))
            && cost(offer, fill) > 0
    }

    func cost(_ offer: Small, _ fill: Int) -> Int { offer.perDay * days * fill / offer.collateral }

    func best(_ amount: Int) -> Best {
        var table = [Best?](repeating: nil, count: amount + 1)
        table[0] = Best()
        for (index, offer) in offers.enumerated() {
            let bit: UInt64 = 1 << UInt64(offers.count - 1 - index)
            var next = table
            for fill in 0...amount where isLegal(offer, fill) {
                let cost = cost(offer, fill)
                for before in 0...(amount - fill) {
                    guard let old = table[before] else { continue }
                    let new = Best(
                        filled: before + fill, cost: old.cost + cost, offers: old.offers + 1, rank: old.rank | bit)
                    if let other = next[before + fill], !Self.isBetter(new, other) { continue }
                    next[before + fill] = new
                }
            }
            table = next
        }
        return table.last { $0 != nil }.flatMap { $0 } ?? Best()
    }

    private static func isBetter(_ left: Best, _ right: Best) -> Bool {
        if left.cost != right.cost { return left.cost < right.cost }
        return left.offers != right.offers ? left.offers < right.offers : left.rank > right.rank
    }

    var candidates: [Quote.Candidate] {
        offers.enumerated().map { index, offer in
            Quote.Candidate(
                offerHash: UInt256(UInt64(index)).bigEndian, seq: UInt64(index),
                rule: FillRule(
                    premiumPerDay: UInt256(UInt64(offer.perDay)), collateralAmount: UInt256(UInt64(offer.collateral)),
                    remaining: UInt256(UInt64(offer.remaining)), minFillAmount: UInt256(UInt64(offer.minimum)),
                    tailFill: tailFill))
        }
    }
}
