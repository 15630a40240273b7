import Ethereum
import Market
import Testing

/// Small questions: the answer is the optimum over every integer split, floors, minimum fills and ties included.
@Suite struct QuoteTests {
    /// How the random offers of a question look.
    struct Shape: Sendable, CustomTestStringConvertible {
        let offers: Int
        let scale: Int
        let perDay: Int
        /// Whether all have nearly the same price.
        let alike: Bool
        let questions: Int
        var testDescription: String { "\(offers) offers to \(scale), premiums to \(perDay)\(alike ? ", alike" : "")" }
    }

    static let shapes =
        [1, 2, 5, 20, 200, 1000].flatMap { perDay in
            [false, true].flatMap { alike in
                [
                    Shape(offers: 4, scale: 8, perDay: perDay, alike: alike, questions: 4_000),
                    Shape(offers: 7, scale: 20, perDay: perDay, alike: alike, questions: 1_500),
                ]
            }
        } + [
            Shape(offers: 3, scale: 300, perDay: 700, alike: false, questions: 40),
            Shape(offers: 9, scale: 40, perDay: 50, alike: true, questions: 60),
        ]

    @Test(arguments: shapes.indices)
    func `no split is better`(index: Int) {
        let shape = Self.shapes[index]
        var random = SplitMix(state: UInt64(index))
        for _ in 0..<shape.questions {
            let brute = Self.question(shape, &random)
            let amount = 1 + random.below(2 * shape.scale)
            let quote = Quote.bestFills(of: brute.candidates, amount: UInt256(UInt64(amount)), days: UInt16(brute.days))
            let expected = brute.best(amount)
            if let found = Self.judge(quote, brute), found == expected, quote.proven,
                quote.lowerBound == quote.totalPremium
            {
                continue
            }
            Issue.record("\(amount) of \(brute): \(quote) but the best is \(expected)")
        }
    }

    /// The quote in the brute force's terms; nil when a fill is not legal or a figure does not add up.
    static func judge(_ quote: Quote, _ brute: BruteForce) -> BruteForce.Best? {
        var best = BruteForce.Best()
        for fill in quote.fills {
            guard let index = UInt256(fill.offerHash).asUInt64.map(Int.init),
                let amount = fill.amount.asUInt64.map(Int.init)
            else { return nil }
            let offer = brute.offers[index]
            guard brute.isLegal(offer, amount), fill.premium == UInt256(UInt64(brute.cost(offer, amount))) else {
                return nil
            }
            best.filled += amount
            best.cost += brute.cost(offer, amount)
            best.offers += 1
            best.rank |= 1 << UInt64(brute.offers.count - 1 - index)
        }
        let adds =
            quote.filledAmount == UInt256(UInt64(best.filled)) && quote.totalPremium == UInt256(UInt64(best.cost))
        return adds && quote.complete == (quote.filledAmount == quote.asked) ? best : nil
    }

    private static func question(_ shape: Shape, _ random: inout SplitMix) -> BruteForce {
        let collateral = 1 + random.below(shape.scale)
        let perDay = 1 + random.below(shape.perDay)
        let offers = (0..<(1 + random.below(shape.offers))).map { _ in
            let own = shape.alike ? collateral : 1 + random.below(shape.scale)
            return BruteForce.Small(
                perDay: shape.alike ? perDay + random.below(2) : 1 + random.below(shape.perDay), collateral: own,
                remaining: random.below(4) == 0 ? own : random.below(own + 1),
                minimum: random.below(3) == 0 ? own : 1 + random.below(1 + random.below(own)))
        }
        return BruteForce(offers: offers, days: 1 + random.below(3), tailFill: random.below(2) == 0)
    }

    @Test func `the cheapest first is not the answer`() {
        // 10 wanted. The cheapest gives all 10 or nothing below 8; 8 of it leave 2, which nobody gives.
        let brute = BruteForce(
            offers: [
                .init(perDay: 80, collateral: 8, remaining: 8, minimum: 8),
                .init(perDay: 55, collateral: 5, remaining: 5, minimum: 5),
                .init(perDay: 60, collateral: 5, remaining: 5, minimum: 5),
            ], days: 1, tailFill: true)
        let quote = Quote.bestFills(of: brute.candidates, amount: 10, days: 1)
        #expect(quote.complete)
        #expect(quote.totalPremium == 115)
        #expect(quote.fills.map(\.amount) == [5, 5])
    }

    @Test func `nothing legal is no fill`() {
        let quote = Quote.bestFills(of: [], amount: 10, days: 1)
        #expect(quote.fills.isEmpty)
        #expect(!quote.complete)
        #expect(quote.proven)
        let large = BruteForce(
            offers: [.init(perDay: 5, collateral: 50, remaining: 50, minimum: 11)], days: 1, tailFill: true)
        #expect(Quote.bestFills(of: large.candidates, amount: 10, days: 1).fills.isEmpty)
        #expect(Quote.bestFills(of: large.candidates, amount: 50, days: 0).fills.isEmpty)
        #expect(Quote.bestFills(of: large.candidates, amount: 0, days: 1).fills.isEmpty)
    }

    @Test func `of equal offers the earliest are taken`() {
        let same = BruteForce.Small(perDay: 10, collateral: 5, remaining: 5, minimum: 1)
        let brute = BruteForce(offers: Array(repeating: same, count: 20), days: 1, tailFill: true)
        let quote = Quote.bestFills(of: brute.candidates.reversed(), amount: 14, days: 1)
        #expect(quote.fills.map(\.offerHash) == brute.candidates.prefix(3).map(\.offerHash))
        #expect(quote.fills.map(\.amount) == [5, 5, 4])
    }
}

extension SplitMix {
    /// From 0 to bound − 1.
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
