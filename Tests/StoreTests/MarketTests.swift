import Ethereum
import Exchange
import Foundation
import Logging
import Market
import Postgres
import ServiceLifecycle
import Store
import Synchronization
import Testing

@Suite(.enabled(if: ProcessInfo.processInfo.environment["STRIKEBOOK_TEST_SERVERS"] != nil))
struct MarketTests {
    /// 10:00:00 of a day, so that candles begin where the ticks do.
    private static let start: Int64 = 1_800_007_200_000

    private static func tick(_ number: UInt64, _ exact: Double, at millis: Int64, _ source: PriceSource = .simulation)
        -> MarketTick
    {
        MarketTick(
            number: number, step: number * 3, asOfMillis: start + millis,
            prices: [
                .init(token: weth, exact: exact, source: source),
                .init(token: usdc, priceE8: 1 << 62, exact: 46_116_860_184.27388, source: .feed),
            ])
    }

    /// A market on a database of its own, and the epoch under which this test leads.
    private struct Stored {
        let market: PostgresMarket
        let database: StoredLog
        let client: PostgresClient

        init() async throws {
            database = try await StoredLog()
            var configuration = try PostgresConfiguration(url: database.url).writingTicks()
            configuration.statementTimeout = .seconds(30)
            configuration.connectTimeout = .seconds(30)
            configuration.acquireTimeout = .seconds(30)
            client = PostgresClient(configuration: configuration, logger: quiet)
            market = PostgresMarket(ticks: client, reads: client)
        }

        func lead() async throws -> Int64 {
            try await database.read {
                try $0.query("UPDATE log_head SET leader_epoch = leader_epoch + 1 RETURNING leader_epoch").single()
                    .int64(0)
            }
        }

        func close() async {
            await client.shutdown()
            await database.close()
        }
    }

    @Test func `A tick comes back as it was stored, to the last bit`() async throws {
        let stored = try await Stored()
        let epoch = try await stored.lead()
        let ticks = [1e-8, 0.1 + 0.2, 2_500.000_000_004_999, 46_116_860_184.273_88, .pi].enumerated().map {
            Self.tick(UInt64($0), $1, at: Int64($0) * 100, .operator)
        }
        for tick in ticks { #expect(try await stored.market.store(tick, leaderEpoch: epoch)) }
        #expect(try await stored.market.newestTick() == ticks.last)
        #expect(try await stored.market.ticks(after: 1, limit: 2) == Array(ticks[2...3]))
        await stored.close()
    }

    @Test func `An old leader stores nothing, and no number is stored twice`() async throws {
        let stored = try await Stored()
        let old = try await stored.lead()
        #expect(try await stored.market.store(Self.tick(1, 1, at: 0), leaderEpoch: old))
        let new = try await stored.lead()
        #expect(try await stored.market.store(Self.tick(2, 1, at: 100), leaderEpoch: old) == false)
        #expect(try await stored.market.newestTick()?.number == 1)
        #expect(try await stored.market.store(Self.tick(2, 1, at: 100), leaderEpoch: new))
        await #expect(throws: PostgresError.self) {
            _ = try await stored.market.store(Self.tick(2, 2, at: 200), leaderEpoch: new)
        }
        await stored.close()
    }

    @Test func `Only the first process of a deployment stores the start prices`() async throws {
        let stored = try await Stored()
        let first = Self.tick(0, 2_500, at: 0)
        #expect(try await stored.market.open(first) == first)
        #expect(try await stored.market.open(Self.tick(0, 9, at: 50)) == first)
        let epoch = try await stored.lead()
        let next = Self.tick(1, 2_501, at: 100)
        #expect(try await stored.market.store(next, leaderEpoch: epoch))
        #expect(try await stored.market.open(Self.tick(0, 9, at: 500)) == next)
        await stored.close()
    }

    @Test func `Candles are what the ticks make, however they were folded`() async throws {
        let stored = try await Stored()
        let epoch = try await stored.lead()
        var random = SplitMix(seed: 3)
        var expected: [Int64: [Int64]] = [:]
        for number in 0..<300 {
            let tick = Self.tick(UInt64(number), Double.random(in: 90...110, using: &random), at: Int64(number) * 730)
            #expect(try await stored.market.store(tick, leaderEpoch: epoch))
            expected[tick.asOfMillis / 60_000 * 60_000, default: []].append(tick.prices[0].priceE8)
            if number % 37 == 0 { try await stored.market.foldCandles() }
        }
        try await stored.market.foldCandles()
        try await stored.market.foldCandles()
        let minutes = try await stored.market.candles(
            of: weth, .minute, openedWithin: Self.start..<(Self.start + 3_600_000), limit: 100)
        #expect(
            minutes
                == expected.sorted { $0.key < $1.key }.map { opened, prices in
                    Candle(
                        openedAtMillis: opened, open: prices.first ?? 0, high: prices.max() ?? 0,
                        low: prices.min() ?? 0,
                        close: prices.last ?? 0, ticks: Int64(prices.count))
                })
        let hours = try await stored.market.candles(
            of: weth, .hour, openedWithin: Self.start..<(Self.start + 1), limit: 100)
        #expect(hours.map(\.ticks) == [300])
        let page = try await stored.market.candles(
            of: weth, .second, openedWithin: (Self.start + 1_000)..<(Self.start + 3_000), limit: 100)
        #expect(page.map(\.openedAtMillis) == [Self.start + 1_000, Self.start + 2_000])
        await stored.close()
    }

    @Test func `Old ticks and candles go, but no tick before it is in a candle`() async throws {
        let stored = try await Stored()
        let epoch = try await stored.lead()
        for number in 0..<5 {
            #expect(
                try await stored.market.store(
                    Self.tick(UInt64(number), 5, at: Int64(number) * 1_000), leaderEpoch: epoch))
        }
        let later = Self.start + 3_000 + 2 * 3_600_000
        try await stored.market.prune(nowMillis: later)
        #expect(try await stored.market.ticks(after: 0, limit: 9).count == 4, "they are in no candle yet")
        try await stored.market.foldCandles()
        try await stored.market.prune(nowMillis: later)
        #expect(try await stored.market.ticks(after: 0, limit: 9).map(\.number) == [3, 4])
        let all = Self.start..<(Self.start + 10_000)
        #expect(try await stored.market.candles(of: weth, .second, openedWithin: all, limit: 9).count == 5)
        try await stored.market.prune(nowMillis: Self.start + 2_000 + 86_400_000)
        #expect(try await stored.market.candles(of: weth, .second, openedWithin: all, limit: 9).count == 3)
        #expect(try await stored.market.candles(of: usdc, .second, openedWithin: all, limit: 9).count == 3)
        #expect(try await stored.market.candles(of: weth, .minute, openedWithin: all, limit: 9).count == 1)
        await stored.close()
    }

    @Test func `Observations keep their order and their volatility, whoever brings them`() async throws {
        let stored = try await Stored()
        let market = stored.market
        var expected = PriceFeedState?.none
        for index in 0..<40 {
            let observation = PriceObservation(
                token: weth, priceE8: 100 + Int64(index % 7), observedAtMillis: Self.start + Int64(index) * 1_000,
                source: .feed)
            expected = PriceFeedState.after(expected, observation)
            #expect(try await market.record(observation))
            #expect(try await market.record(observation) == false)
        }
        #expect(try await market.feeds() == [try #require(expected)])
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<20 {
                let observation = PriceObservation(
                    token: wbtc, priceE8: 1, observedAtMillis: Self.start + Int64(index), source: .operator)
                group.addTask { try await market.record(observation) }
            }
            for try await _ in group {}
        }
        let last = try await market.feeds().first { $0.observation.token == wbtc }
        #expect(last?.observation.observedAtMillis == Self.start + 19)
        await stored.close()
    }

    @Test func `The lead passes from one process to the next, and every listener hears one row of ticks`() async throws
    {
        let stored = try await Stored()
        let tokens = [
            Token(
                symbol: "WETH", address: weth, decimals: 18, isStablecoin: false,
                market: TokenMarket(startPrice: 100, volatility: 0.01, unit: .second))
        ]
        let processes = [Process(stored.market, tokens), Process(stored.market, tokens)]
        for process in processes { try await process.service.open() }
        for round in 0..<6 {
            let (leader, other) = (processes[round % 2], processes[1 - round % 2])
            other.lead.epoch = nil
            leader.lead.epoch = try await stored.lead()
            for _ in 0..<5 {
                await leader.service.turn(missed: 0)
                await other.service.heard(.tick(leader.heard.numbers.last ?? 0))
            }
        }
        #expect(processes[0].heard.numbers == Array(0...30))
        #expect(processes[1].heard.ticks == processes[0].heard.ticks)
        // An old leader that does not know yet: nothing is stored, nothing is shown.
        _ = try await stored.lead()
        await processes[1].service.turn(missed: 0)
        #expect(processes[1].heard.numbers.last == 30)
        await stored.close()
    }
}

/// One process's part of the market.
private struct Process {
    let lead = Lead()
    let heard = Heard()
    let service: MarketService

    init(_ store: PostgresMarket, _ tokens: [Token]) {
        let board = PriceBoard()
        let clock = Clock()
        _ = board.subscribe(heard)
        service = MarketService(
            tokens: tokens, simulation: MarketSimulation(tokens: tokens, seed: 1, unrecordedSeed: 2), store: store,
            board: board, leadership: lead, wakes: AsyncStream<MarketService.Wake> { $0.finish() },
            nowMillis: { clock.next() }, logger: quiet)
    }

    final class Lead: Leadership {
        private let value = Mutex<Int64?>(nil)
        var epoch: Int64? {
            get { value.withLock { $0 } }
            set { value.withLock { $0 = newValue } }
        }
    }

    final class Clock: Sendable {
        private let millis = Mutex<Int64>(1_800_000_000_000)
        func next() -> Int64 {
            millis.withLock {
                $0 += 100
                return $0
            }
        }
    }

    final class Heard: PriceListener {
        private let all = Mutex<[PriceTick]>([])
        var ticks: [PriceTick] { all.withLock { $0 } }
        var numbers: [UInt64] { ticks.map(\.tick) }
        func published(_ ticks: [PriceTick]) { all.withLock { $0 += ticks } }
    }
}
