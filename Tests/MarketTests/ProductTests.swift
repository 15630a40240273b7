import Ethereum
import Market
import Testing

@Suite struct ProductTests {
    /// A product that was accepted at second 1, and its ticks: every 100 ms from 1.1 s on.
    private static func product(
        _ bet: ProductTerms.Bet, payoff: Int64 = 1_000, duration: Int64 = 10_000
    ) -> Product {
        Product(
            id: "p", terms: ProductTerms(token: .zero, bet: bet, durationMillis: duration, payoffE8: payoff),
            owner: nil,
            startMillis: 1_000, seenTick: 10)
    }

    private static func tick(_ number: Int, _ price: Int64) -> ObservedPrice {
        ObservedPrice(priceE8: price, tick: UInt64(10 + number), stampMillis: 1_000 + 100 * Int64(number))
    }

    private static func observe(_ product: inout Product, _ prices: [Int64]) {
        for (number, price) in prices.enumerated() { _ = product.observe(tick: tick(number + 1, price)) }
    }

    private static func hits(_ product: Product) -> [Int64] {
        if case .luckyLadder(let ladder) = product.progress { Array(ladder.rungsHitE8) } else { [] }
    }

    @Test(
        arguments: [
            ([100], []),  // the first tick hits by equality alone
            ([110], [110]),
            ([105, 109], []),
            ([105, 110], [110]),
            ([105, 111], [110]),  // crossed between two ticks
            ([125, 105], [110, 120]),
            ([125, 119, 121, 119], [120]),
            ([105, 135], [110, 120, 130]),
        ] as [([Int64], [Int64])])
    func `a rung is hit by the segment that contains it`(prices: [Int64], hit: [Int64]) {
        var product = Self.product(.luckyLadder(rungsE8: [110, 120, 130, 140]))
        Self.observe(&product, prices)
        #expect(Self.hits(product) == hit)
        #expect(product.status == .active)
    }

    @Test func `a ladder pays by its rungs at its end, and at once when all are hit`() {
        var product = Self.product(.luckyLadder(rungsE8: [110, 120, 130]), payoff: 1_000)
        Self.observe(&product, [105, 121])
        #expect(product.observe(tick: Self.tick(100, 121)) == .ended)
        #expect(product.outcome == .init(status: .expired, payoutE8: 666, atMillis: 11_000))
        var complete = Self.product(.luckyLadder(rungsE8: [110, 120, 130]), payoff: 1_000)
        Self.observe(&complete, [105, 131])
        #expect(complete.outcome == .init(status: .completed, payoutE8: 1_000, atMillis: 1_200))
        let before = complete
        #expect(complete.observe(tick: Self.tick(3, 100)) == .none)
        let isCancelled = complete.cancel(atMillis: 2_000)
        #expect(!isCancelled)
        #expect(complete == before)
    }

    @Test func `a tick at the very end counts, and one behind it does not`() {
        var last = Self.product(.luckyLadder(rungsE8: [110]))
        Self.observe(&last, [105])
        #expect(last.observe(tick: Self.tick(100, 110)) == .ended)
        #expect(last.status == .completed)
        var late = Self.product(.luckyLadder(rungsE8: [110]))
        Self.observe(&late, [105])
        let tick = ObservedPrice(priceE8: 110, tick: 200, stampMillis: 11_001)
        #expect(late.observe(tick: tick) == .ended)
        #expect(late.outcome == .init(status: .expired, payoutE8: 0, atMillis: 11_000))
    }

    @Test func `ticks that were there before it, or that it has seen, are nothing to it`() {
        var product = Self.product(.luckyLadder(rungsE8: [100, 110]))
        #expect(product.observe(tick: Self.tick(0, 110)) == .none)
        #expect(product.observe(tick: ObservedPrice(priceE8: 110, tick: 11, stampMillis: 1_000)) == .none)
        #expect(product.observe(tick: Self.tick(2, 110)) == .hit)
        #expect(product.observe(tick: Self.tick(2, 100)) == .none)
        #expect(product.observe(tick: Self.tick(1, 100)) == .none)
        #expect(Self.hits(product) == [110])
    }

    @Test(
        arguments: [
            (MovementMode.net, 10, [100, 105, 109, 105], false),
            (.net, 10, [100, 105, 110], true),
            (.net, 10, [100, 90], true),
            (.path, 10, [100, 104, 100, 101], false),
            (.path, 10, [100, 104, 100, 102], true),
            (.tick, 10, [100, 109, 118], false),
            (.tick, 10, [100, 109, 99], true),
            (.net, Int64.max, [1, 1 << 62, 1], false),
            (.path, Int64.max, [1, 1 << 62, 1], false),
            (.path, Int64.max, [1, 1 << 62, 1, 3], true),
        ] as [(MovementMode, Int64, [Int64], Bool)])
    func `a catcher pays in full when its movement reaches the target`(
        mode: MovementMode, target: Int64, prices: [Int64], isHit: Bool
    ) {
        var product = Self.product(.momentumCatcher(targetE8: target, mode: mode), payoff: .max)
        Self.observe(&product, prices)
        #expect(product.status == (isHit ? .targetHit : .active))
        if isHit { #expect(product.outcome?.payoutE8 == .max) }
        _ = product.observe(tick: Self.tick(101, 100))
        #expect(product.outcome?.payoutE8 == (isHit ? .max : 0))
    }

    @Test func `the largest payoff and the longest ladder do not overflow`() {
        let rungs = (1...100).map { Int64(1) << 62 - Int64(100 - $0) }
        var product = Self.product(.luckyLadder(rungsE8: rungs), payoff: .max)
        Self.observe(&product, [1, rungs[98]])
        _ = product.observe(tick: Self.tick(101, 1))
        #expect(product.outcome?.payoutE8 == 9_131_138_316_486_228_048)
    }

    @Test func `an operator's price is one observation between two ticks`() {
        var product = Self.product(.luckyLadder(rungsE8: [90, 110]))
        Self.observe(&product, [100])
        let given = ObservedPrice(priceE8: 95, tick: 11, stampMillis: 1_150)
        #expect(product.observe(operatorPrice: given) == .observed)
        #expect(product.observe(tick: Self.tick(2, 90)) == .hit)
        #expect(product.last?.priceE8 == 90)
        var late = product
        let after = ObservedPrice(priceE8: 110, tick: 12, stampMillis: 11_001)
        #expect(late.observe(operatorPrice: after) == .ended)
        #expect(late.outcome?.payoutE8 == 500)
    }

    @Test func `two hundred random lives are what a naive reading of the rules makes of them`() {
        var random = SplitMix(state: 7)
        for round in 0..<200 {
            let bet: ProductTerms.Bet
            if round % 4 == 0 {
                var rungs: Set<Int64> = []
                while rungs.count < 1 + round % 7 { rungs.insert(Int64.random(in: 80...120, using: &random)) }
                bet = .luckyLadder(rungsE8: rungs.sorted())
            } else {
                let mode = MovementMode.allCases[round % 3]
                bet = .momentumCatcher(targetE8: .random(in: 1...40, using: &random), mode: mode)
            }
            let duration = Int64.random(in: 1_000...3_000, using: &random)
            let start = Int64.random(in: 0...500, using: &random)
            let terms = ProductTerms(
                token: .zero, bet: bet, durationMillis: duration, payoffE8: .random(in: 1...1_000, using: &random))
            let naive = NaiveProduct(terms: terms, start: start)
            var product = Product(id: "p", terms: terms, owner: nil, startMillis: start, seenTick: 0)
            var ticks: [(stamp: Int64, price: Int64)] = []
            var (stamp, price): (Int64, Int64) = (.random(in: 1...200, using: &random), 100)
            for number in 1...40 {
                ticks.append((stamp, price))
                let observed = ObservedPrice(priceE8: price, tick: UInt64(number), stampMillis: stamp)
                _ = product.observe(tick: observed)
                let end = product.outcome.map {
                    NaiveProduct.End(status: $0.status, payout: $0.payoutE8, atMillis: $0.atMillis)
                }
                #expect(end == naive.end(after: ticks), "round \(round), tick \(number)")
                if case .luckyLadder(let rungs) = bet, end == nil {
                    let counted = ticks.filter { $0.stamp > start }.map(\.price)
                    #expect(Self.hits(product) == NaiveProduct.rungsHit(rungs, counted), "round \(round)")
                }
                stamp += .random(in: 1...200, using: &random)
                price = max(1, price + .random(in: -8...8, using: &random))
            }
        }
    }
}
