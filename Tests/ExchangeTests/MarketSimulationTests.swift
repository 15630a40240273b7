import Ethereum
import Exchange
import Testing

@Suite("The market simulation")
struct MarketSimulationTests {
    private static let demo = token(1, TokenMarket(startPrice: 100, drift: 0.000_2, volatility: 0.01, unit: .second))
    private static let ether = token(2, TokenMarket(startPrice: 2_500, volatility: 0.6))
    private static let stable = token(3, TokenMarket(startPrice: 1))
    private static let fed = token(
        4, TokenMarket(startPrice: 50, volatility: 0.6, feed: Address(bytes: [UInt8](repeating: 9, count: 20))))
    private static let start: Int64 = 1_800_000_000_000

    private static func token(_ byte: UInt8, _ market: TokenMarket?) -> Token {
        Token(
            symbol: "T\(byte)", address: Samples.address(byte), decimals: 18, isStablecoin: false, market: market)
    }

    private static func opened(_ tokens: [Token], seed: UInt64 = 42) -> MarketSimulation {
        var simulation = MarketSimulation(tokens: tokens, seed: seed, unrecordedSeed: 7)
        simulation.resume(from: MarketSimulation.opening(tokens, atMillis: start))
        return simulation
    }

    private static func run(_ simulation: inout MarketSimulation, _ count: Int) -> [MarketTick] {
        (0..<count).map { _ in
            simulation.tick(atMillis: (simulation.last?.asOfMillis ?? start) + 100, missed: 0, isRecorded: true)
        }
    }

    @Test("the same seed gives the same path, another seed and another token another one")
    func seeds() {
        var (one, same, other) = (
            Self.opened([Self.demo, Self.ether]), Self.opened([Self.demo, Self.ether]),
            Self.opened([Self.demo], seed: 43)
        )
        let path = Self.run(&one, 50)
        #expect(path == Self.run(&same, 50))
        #expect(path.map { $0.prices[0].priceE8 } != Self.run(&other, 50).map { $0.prices[0].priceE8 })
        let twins = [Self.token(1, Self.demo.market), Self.token(5, Self.demo.market)]
        var both = Self.opened(twins)
        let tick = Self.run(&both, 1)[0]
        #expect(tick.prices[0].priceE8 != tick.prices[1].priceE8)
        #expect(Set(path.map { $0.prices[0].priceE8 }).count > 40)
    }

    @Test("a restart goes on with the very path that an unbroken run has", arguments: [1, 10, 33])
    func resume(after count: Int) {
        var unbroken = Self.opened([Self.demo, Self.ether])
        let whole = Self.run(&unbroken, 60)
        var first = Self.opened([Self.demo, Self.ether])
        let stored = Self.run(&first, count)[count - 1]
        var second = MarketSimulation(tokens: [Self.demo, Self.ether], seed: 42, unrecordedSeed: 8)
        second.resume(from: stored)
        #expect(Array(whole[count...]) == Self.run(&second, 60 - count))
    }

    @Test("a late tick is one tick with the steps it missed, and leads to the same place")
    func late() {
        var (timely, late) = (Self.opened([Self.demo]), Self.opened([Self.demo]))
        let there = Self.run(&timely, 8)[7]
        _ = Self.run(&late, 2)
        let tick = late.tick(atMillis: Self.start + 800, missed: 5, isRecorded: true)
        #expect(tick.number == 3)
        #expect(tick.step == 8)
        #expect(tick.prices == there.prices)
    }

    @Test("an outage is one ordinary step, whatever its length")
    func outage() {
        var (simulation, ordinary) = (Self.opened([Self.demo]), Self.opened([Self.demo]))
        let tick = simulation.tick(atMillis: Self.start + 3_600_000, missed: 36_000, isRecorded: true)
        #expect(tick.prices == Self.run(&ordinary, 1)[0].prices)
        #expect(tick.step == 1)
    }

    @Test("stamps rise when the clock stands still or runs back")
    func stamps() {
        var simulation = Self.opened([Self.demo])
        let stamps = [0, 100, 100, -3_600_000, 250].map {
            simulation.tick(atMillis: Self.start + $0, missed: 0, isRecorded: true).asOfMillis - Self.start
        }
        #expect(stamps == [1, 100, 101, 102, 250])
    }

    @Test("an index in seconds stays within a quarter and four times its start")
    func reflection() {
        let wild = Self.token(1, TokenMarket(startPrice: 100, drift: 0, volatility: 2, unit: .second))
        var simulation = Self.opened([wild])
        let prices = Self.run(&simulation, 5_000).map { $0.prices[0].exact }
        #expect(prices.allSatisfy { (24.999_999...400.000_001).contains($0) })
        #expect((prices.min() ?? 100) < 30 && (prices.max() ?? 100) > 350)
    }

    @Test("prices that leave 1…2^62 are held there", arguments: [1_000.0, -1_000.0])
    func clamps(drift: Double) {
        let runaway = Self.token(1, TokenMarket(startPrice: 1, drift: drift * 1e9, volatility: 1))
        var simulation = Self.opened([runaway])
        let last = Self.run(&simulation, 100)[99].prices[0].priceE8
        #expect(last == (drift > 0 ? PriceScale.range.upperBound : PriceScale.range.lowerBound))
    }

    @Test("a stablecoin stands at 1")
    func stablecoin() {
        var simulation = Self.opened([Self.stable])
        #expect(Self.run(&simulation, 20).allSatisfy { $0.prices[0].priceE8 == 100_000_000 })
    }

    @Test("unrecorded ticks are drawn elsewhere, and the path goes on from the last stored price")
    func unrecorded() {
        var (simulation, reference) = (Self.opened([Self.demo]), Self.opened([Self.demo]))
        let stored = Self.run(&simulation, 3)[2]
        _ = Self.run(&reference, 3)
        let seen = (0..<5).map { index in
            simulation.tick(atMillis: stored.asOfMillis + 100 * Int64(index + 1), missed: 0, isRecorded: false)
        }
        let kept = (0..<5).map { index in
            reference.tick(atMillis: stored.asOfMillis + 100 * Int64(index + 1), missed: 0, isRecorded: true)
        }
        #expect(zip(seen, kept).allSatisfy { $0.prices != $1.prices })
        simulation.resume(from: stored)
        let next = simulation.tick(atMillis: stored.asOfMillis + 600, missed: 0, isRecorded: true)
        #expect(next.number == seen[4].number + 1)
        #expect(next.step == seen[4].step + 1)
        let move = abs(next.prices[0].exact / stored.prices[0].exact - 1)
        #expect(move < 0.05, "one step of 0.3 % from the last stored price")
    }

    @Test("what the operator says is the price while it is fresh; then the simulation goes on from it")
    func operators() {
        var simulation = Self.opened([Self.ether])
        simulation.observe(
            PriceObservation(
                token: Self.ether.address, priceE8: 300_000_000_000, observedAtMillis: Self.start, source: .operator))
        let fresh = simulation.tick(atMillis: Self.start + 60_000, missed: 0, isRecorded: true).prices[0]
        #expect(fresh.priceE8 == 300_000_000_000)
        #expect(fresh.source == .operator)
        let after = simulation.tick(atMillis: Self.start + 60_001, missed: 0, isRecorded: true).prices[0]
        #expect(after.source == .simulation)
        #expect(after.priceE8 != 300_000_000_000)
        #expect(abs(after.exact / 3_000 - 1) < 0.001)
    }

    @Test("a price with a feed is never made up once the feed spoke, however old that is")
    func feeds() {
        var simulation = Self.opened([Self.fed, Self.token(6, nil)])
        #expect(Self.run(&simulation, 1)[0].prices.map(\.source) == [.simulation])
        for token in [Self.fed.address, Samples.address(6)] {
            simulation.observe(
                PriceObservation(token: token, priceE8: 77, observedAtMillis: Self.start, source: .feed))
        }
        let tick = simulation.tick(atMillis: Self.start + 86_400_000, missed: 0, isRecorded: true)
        #expect(tick.prices.map(\.priceE8) == [77, 77])
        #expect(tick.prices.map(\.source) == [.feed, .feed])
        simulation.observe(
            PriceObservation(token: Self.fed.address, priceE8: 76, observedAtMillis: Self.start - 1, source: .feed))
        #expect(Self.run(&simulation, 1)[0].prices[0].priceE8 == 77, "an older observation changes nothing")
    }
}
