import Ethereum
import Exchange
import Foundation
import Testing

@Suite("Prices from outside")
struct PriceFeedTests {
    private static let token = Samples.address(7)
    private static let start: Int64 = 1_800_000_000_000

    private static func observation(_ priceE8: Int64, _ millis: Int64, _ source: PriceSource = .feed)
        -> PriceObservation
    {
        PriceObservation(token: token, priceE8: priceE8, observedAtMillis: millis, source: source)
    }

    @Test("the estimate equals the weighted sums written out")
    func naive() throws {
        var random = SystemRandomNumberGenerator()
        var state = PriceFeedState(observation: Self.observation(200_000_000_000, Self.start), volatility: .init())
        var points = [(price: 200_000_000_000.0, millis: Double(Self.start))]
        for _ in 0..<200 {
            let price = Int64(points.last!.price * Double.random(in: 0.99...1.01, using: &random))
            let millis = Int64(points.last!.millis) + .random(in: 1...7_200_000, using: &random)
            state = try #require(PriceFeedState.after(state, Self.observation(price, millis)))
            points.append((Double(price), Double(millis)))
        }
        let now = points.last!.millis
        var (squares, seconds) = (0.0, 0.0)
        for (before, after) in zip(points, points.dropFirst()) {
            let weight = exp(-(now - after.millis) / 1_000 / 86_400)
            squares += weight * pow(log(after.price / before.price), 2)
            seconds += weight * (after.millis - before.millis) / 1_000
        }
        let annual = try #require(state.volatility.annual)
        #expect(abs(annual / (squares / seconds * 365 * 86_400).squareRoot() - 1) < 1e-9)
    }

    @Test("a series of known volatility is estimated to be that")
    func known() throws {
        var estimate = VolatilityEstimate()
        let move = 0.6 * (10 / TokenMarket.Unit.secondsInYear).squareRoot()
        for index in 0..<VolatilityEstimate.fewest {
            #expect(estimate.annual == nil, "\(index) returns are too few")
            estimate.observe(ratio: exp(index % 2 == 0 ? move : -move), afterSeconds: 10)
        }
        #expect(abs(try #require(estimate.annual) - 0.6) < 1e-9)
    }

    @Test("what is not later is no news; nonsense changes nothing")
    func order() {
        let state = PriceFeedState(observation: Self.observation(5, Self.start), volatility: .init())
        #expect(PriceFeedState.after(state, Self.observation(6, Self.start)) == nil)
        #expect(PriceFeedState.after(state, Self.observation(6, Self.start - 1)) == nil)
        var estimate = VolatilityEstimate()
        for (ratio, seconds) in [(0, 1), (.nan, 1), (.infinity, 1), (1.1, 0), (1.1, -1)] as [(Double, Double)] {
            estimate.observe(ratio: ratio, afterSeconds: seconds)
        }
        #expect(estimate == VolatilityEstimate())
    }

    @Test("options settle by what was said at most a minute ago; by the simulation on the demonstration chain alone")
    func settlement() {
        for settlesSimulated in [false, true] {
            let board = PriceBoard(settlesSimulated: settlesSimulated)
            let now = Self.start
            #expect(board.settlementPrice(of: Self.token, nowMillis: now) == nil)
            board.publish([Self.tick(1, .simulation)])
            #expect(board.settlementPrice(of: Self.token, nowMillis: now)?.priceE8 == (settlesSimulated ? 1 : nil))
            #expect(board.settlementPrice(of: Self.token, nowMillis: now + 60_001) == nil)
            board.show([PriceFeedState(observation: Self.observation(9, now, .operator), volatility: .init())])
            let price = board.settlementPrice(of: Self.token, nowMillis: now + 60_000)
            #expect(price == Self.observation(9, now, .operator))
            board.publish([Self.tick(2, .operator)])
            #expect(board.settlementPrice(of: Self.token, nowMillis: now + 60_001) == nil)
        }
    }

    private static func tick(_ number: UInt64, _ source: PriceSource) -> PriceTick {
        PriceTick(
            token: token, priceE8: 1, tick: number, asOfMillis: start - 1_000 + Int64(number), source: source)
    }

    @Test("offers are priced by the σ that was given or seen, a token in seconds by none")
    func volatility() {
        func token(_ market: TokenMarket?) -> Token {
            Token(symbol: "T", address: Self.token, decimals: 18, isStablecoin: false, market: market)
        }
        var estimate = VolatilityEstimate()
        for _ in 0..<VolatilityEstimate.fewest { estimate.observe(ratio: 1.001, afterSeconds: 60) }
        let feed = PriceFeedState(observation: Self.observation(1, 1), volatility: estimate)
        let yearly = token(TokenMarket(startPrice: 1, volatility: 0.6))
        #expect(OfferVolatility(yearly, nil)?.annual == 0.6)
        #expect(OfferVolatility(yearly, feed)?.annual == estimate.annual)
        #expect(OfferVolatility(token(TokenMarket(startPrice: 1, volatility: 0.01, unit: .second)), nil) == nil)
        let given = TokenMarket(startPrice: 1, volatility: 0.01, unit: .second, annualVolatility: 0.8)
        #expect(OfferVolatility(token(given), nil)?.annual == 0.8)
        #expect(OfferVolatility(nil, feed)?.isEstimated == true)
        #expect(OfferVolatility(nil, nil) == nil)
    }
}
