import Ethereum
import Market
import Testing

@testable import Exchange

@Suite struct ActiveProductsTests {
    private static let token = Samples.address(9)

    private static func product(_ id: String, seenTick: UInt64 = 0, rungs: [Int64] = [110, 120]) -> Product {
        Product(
            id: id,
            terms: ProductTerms(
                token: token, bet: .luckyLadder(rungsE8: rungs), durationMillis: 100_000, payoffE8: 100),
            owner: nil, startMillis: 1_000 + Int64(seenTick) * 100, seenTick: seenTick)
    }

    private static func tick(_ number: UInt64, _ price: Int64, of token: Address = token) -> RecordedTick {
        RecordedTick(number: number, stampMillis: 1_000 + Int64(number) * 100, pricesE8: [token: price])
    }

    private static func none(_ change: ActiveProducts.Change) {}

    @Test func `a product of which one hears late has seen the same ticks`() {
        let prices: [Int64] = [105, 111, 104, 119, 107, 103]
        var direct = ActiveProducts(newestTick: 0)
        direct.apply(LoggedProduct(product: Self.product("p"), seq: 1), Self.none)
        var late = ActiveProducts(newestTick: 0)
        for (index, price) in prices.enumerated() {
            direct.fold(Self.tick(UInt64(index + 1), price), Self.none)
            late.fold(Self.tick(UInt64(index + 1), price), Self.none)
        }
        late.apply(LoggedProduct(product: Self.product("p"), seq: 1), Self.none)
        #expect(late.find("p")?.product == direct.find("p")?.product)
        #expect(late.decisions(limit: 9) == direct.decisions(limit: 9))
        #expect(late.decisions(limit: 9).map(\.product.hits) == [1])
    }

    @Test func `a product that is behind waits for the ticks it has not seen, and decides nothing meanwhile`() {
        var products = ActiveProducts(newestTick: 5)
        products.apply(LoggedProduct(product: Self.product("p", seenTick: 2), seq: 1), Self.none)
        #expect(products.oldestSeenOfThoseBehind == 2)
        products.fold(Self.tick(6, 200), Self.none)
        #expect(products.find("p")?.product.last == nil)
        #expect(products.decisions(limit: 9).isEmpty)
        #expect(products.logged("p") == nil)
        products.catchUp([Self.tick(3, 100), Self.tick(4, 111)], isAll: false, Self.none)
        products.catchUp([Self.tick(5, 100), Self.tick(6, 100)], isAll: true, Self.none)
        #expect(products.oldestSeenOfThoseBehind == nil)
        #expect(products.decisions(limit: 9).map(\.product.hits) == [1])
        products.fold(Self.tick(7, 120), Self.none)
        #expect(products.find("p")?.product.status == .completed)
    }

    @Test func `an end is shown when the log says so, and nothing is folded until then`() {
        var products = ActiveProducts(newestTick: 0)
        products.apply(LoggedProduct(product: Self.product("p"), seq: 1), Self.none)
        products.fold(Self.tick(1, 100), Self.none)
        products.fold(Self.tick(2, 130), Self.none)
        #expect(products.find("p")?.isLogged == false)
        var changes: [ActiveProducts.Change] = []
        products.fold(Self.tick(3, 90)) { changes.append($0) }
        #expect(changes.isEmpty)
        let decision = products.decisions(limit: 9)
        #expect(decision.map(\.seq) == [1])
        products.apply(LoggedProduct(product: decision[0].product, seq: 2)) { changes.append($0) }
        #expect(changes.map(\.isLogged) == [true])
        #expect(changes.map(\.revision) == [3])
        #expect(products.count == 0)
        #expect(products.find("p")?.product.outcome?.payoutE8 == 100)
        // The row of its acceptance is read after its end.
        products.apply(LoggedProduct(product: Self.product("p"), seq: 1)) { changes.append($0) }
        #expect(products.count == 0)
        #expect(changes.count == 1)
    }

    @Test func `of many products each keeps its place while others come and go`() {
        var products = ActiveProducts(newestTick: 0)
        for number in 0..<50 {
            products.apply(
                LoggedProduct(product: Self.product("\(number)", rungs: [Int64(101 + number)]), seq: UInt64(number)),
                Self.none)
        }
        var expected = 50
        for number in 1...50 {
            products.fold(Self.tick(UInt64(number), 100 + Int64(number)), Self.none)
            for decision in products.decisions(limit: 9) {
                products.apply(LoggedProduct(product: decision.product, seq: UInt64(1_000 + number)), Self.none)
                expected -= 1
            }
            #expect(products.count == expected)
            #expect(products.all.count == expected)
            #expect(products.all.allSatisfy { products.find($0.id)?.product == $0 })
        }
        // The first tick hits by equality; each later one crosses one more.
        #expect(expected == 0)
    }

    @Test func `time passes for a token without a price, too`() {
        var products = ActiveProducts(newestTick: 0)
        products.apply(LoggedProduct(product: Self.product("p"), seq: 1), Self.none)
        products.fold(Self.tick(999, 100, of: Samples.address(8)), Self.none)
        #expect(products.decisions(limit: 9).isEmpty)
        products.fold(Self.tick(1_000, 100, of: Samples.address(8)), Self.none)
        #expect(products.decisions(limit: 9).map(\.product.outcome?.payoutE8) == [0])
    }

    @Test func `what is written under an old row, or by one who does not lead, is superseded`() {
        var folded = Self.product("p")
        _ = folded.observe(Self.tick(1, 110))
        let locked = LockedProducts(
            headSeq: 10, leaderEpoch: 3, nowMicros: 2_000_000, newestTick: Self.tick(1, 110),
            stored: ["p": LoggedProduct(product: Self.product("p"), seq: 7)], active: 1, activeByClient: [:],
            activeByOwner: [:])
        func results(seq: UInt64, epoch: Int64?) -> [ProductResult] {
            ProductPlan(
                [.decide(LoggedProduct(product: folded, seq: seq))], on: locked, rules: ProductRules(),
                leaderEpoch: epoch
            ).results
        }
        if case .stored(let logged) = results(seq: 7, epoch: 3)[0] { #expect(logged.seq == 11) } else { Issue.record() }
        if case .superseded = results(seq: 6, epoch: 3)[0] {} else { Issue.record() }
        if case .superseded = results(seq: 7, epoch: 2)[0] {} else { Issue.record() }
        if case .superseded = results(seq: 7, epoch: nil)[0] {} else { Issue.record() }
    }

    @Test func `a clock behind the market's lets no stored tick count`() {
        let plan = ProductPlan(
            [.accept(NewProduct(id: "p", terms: Self.product("p").terms, submitter: .init(client: "c", owner: nil)))],
            on: LockedProducts(
                headSeq: 0, leaderEpoch: 0, nowMicros: 1_000, newestTick: Self.tick(40, 100), stored: [:], active: 0,
                activeByClient: [:], activeByOwner: [:]),
            rules: ProductRules(), leaderEpoch: nil)
        #expect(plan.changed["p"]?.product.startMillis == 5_000)
        #expect(plan.changed["p"]?.product.seenTick == 40)
        #expect(plan.entries.map(\.data).count == 1)
    }
}
