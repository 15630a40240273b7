import Ethereum
import Market
import Pricing
import Testing

@testable import Exchange

@Suite struct ProductPricerTests {
    private static let token = Samples.address(9)
    /// The demonstration's fast index: μ and σ a second, ten ticks a second.
    private static let (drift, volatility, tick, start) = (0.0002, 0.01, 0.1, 100.0)
    private static let looks = 49
    private static let lives = 1_500

    private static let dynamics = Dynamics.index(
        drift: drift, volatility: volatility, years: tick * Double(looks))

    /// The share of the payoff that each of many simulated lives pays, tick by tick; the first observes the start price.
    private static func shares(_ bet: ProductTerms.Bet) -> [Double] {
        let terms = ProductTerms(
            token: token, bet: bet, durationMillis: Int64(looks + 1) * 100, payoffE8: 100_000_000)
        let path = MarketPath(seed: 5, drift: drift, volatility: volatility)
        return (0..<lives).map { life in
            var product = Product(id: "p", terms: terms, owner: nil, startMillis: 0, seenTick: 0)
            let prices = path.prices(from: start, steps: looks, elapsed: tick, path: UInt32(life))
            for (index, price) in prices.enumerated() {
                let observed = RecordedTick(
                    number: UInt64(index + 1), stampMillis: Int64(index + 1) * 100,
                    pricesE8: [token: PriceScale.clamped(price)])
                _ = product.observe(observed)
            }
            return Double(product.outcome?.payoutE8 ?? -1) / 100_000_000
        }
    }

    /// Whether the mean of what was paid is the price, within four of its standard errors and those of the price.
    private static func expect(_ shares: [Double], near price: Double?) throws {
        let price = try #require(price)
        let mean = shares.reduce(0, +) / Double(shares.count)
        let variance = shares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(shares.count - 1)
        // A probability from 8,192 antithetic paths is known to half a percent.
        let error = (variance / Double(shares.count) + 0.005 * 0.005).squareRoot()
        #expect(shares.allSatisfy { $0 >= 0 })
        #expect((0.03...0.97).contains(mean), "a bet that says something")
        #expect(abs(mean - price) < 4 * error, "paid \(mean), priced \(price)")
    }

    @Test func `ladders pay what they are priced at`() throws {
        let rungs = [97.0, 98.5, 99.2, 100.7, 101.5, 104.0]
        try Self.expect(
            Self.shares(.luckyLadder(rungsE8: rungs.map(PriceScale.clamped))),
            near: ProductPricer.share(ofLadder: rungs, Self.start, Self.dynamics, Self.looks))
    }

    @Test(arguments: [(MovementMode.net, 2.5), (.path, 12.5), (.tick, 0.8)])
    func `momentum catchers pay what they are priced at`(mode: MovementMode, target: Double) throws {
        try Self.expect(
            Self.shares(.momentumCatcher(targetE8: PriceScale.clamped(target), mode: mode)),
            near: ProductPricer.probability(
                Momentum(
                    measure: mode.measure, target: target, spot: Self.start, dynamics: Self.dynamics,
                    observations: Self.looks)))
    }

    @Test func `a submission's fair value is its share of the payoff, and unknown without a model`() throws {
        let market = TokenMarket(startPrice: 100, drift: 0, volatility: 0.01, unit: .second)
        let token = Token(symbol: "DEMO", address: Self.token, decimals: 18, isStablecoin: false, market: market)
        let pricer = ProductPricer(tokens: TokenList([token]))
        let spot = PriceTick(
            token: Self.token, priceE8: 10_000_000_000, tick: 1, asOfMillis: 0, source: .simulation)
        func value(_ bet: ProductTerms.Bet, payoff: Int64 = 1_000_000, durationMs: Int64 = 60_000) -> Int64? {
            pricer.fairValueE8(
                ProductTerms(token: Self.token, bet: bet, durationMillis: durationMs, payoffE8: payoff), spot: spot)
        }
        #expect(value(.luckyLadder(rungsE8: [10_000_000_000])).map { $0 > 900_000 } == true)
        #expect(value(.luckyLadder(rungsE8: [1])) == 0)
        #expect(value(.momentumCatcher(targetE8: 1, mode: .net), payoff: .max) == .max)
        #expect(value(.momentumCatcher(targetE8: .max, mode: .path), durationMs: 600_000) == 0)
        let half = try #require(value(.luckyLadder(rungsE8: [1, 10_000_000_000])))
        #expect((450_000...500_000).contains(half))
        let unknown = ProductPricer(tokens: TokenList([]))
        let terms = ProductTerms(
            token: Self.token, bet: .luckyLadder(rungsE8: [1]), durationMillis: 1_000, payoffE8: 1)
        #expect(unknown.fairValueE8(terms, spot: spot) == nil)
    }
}
