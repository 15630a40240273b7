import Testing

@testable import Pricing

@Suite("Market path")
struct MarketPathTests {
    @Test("whoever knows the last price and the step's number goes on with the same path")
    func resumes() {
        let path = MarketPath(seed: 42, drift: 0.05, volatility: 0.6)
        let tick = 0.1 / 31_536_000
        let whole = path.prices(from: 2_500, steps: 100, elapsed: tick)
        var price = whole[60]
        for step in 60..<100 { price = path.price(after: price, step: UInt64(step), elapsed: tick) }
        #expect(price == whole[100])
        #expect(
            whole != MarketPath(seed: 43, drift: 0.05, volatility: 0.6).prices(from: 2_500, steps: 100, elapsed: tick))
    }

    @Test("log-returns have the mean and the variance asked for")
    func moments() {
        let path = MarketPath(seed: 7, drift: 0.3, volatility: 0.5)
        let (count, elapsed) = (20_000, 0.25)
        var (sum, squares) = (0.0, 0.0)
        for step in 0..<count {
            let z = (path.price(after: 1, step: UInt64(step), elapsed: elapsed) - 1)
            sum += z
            squares += z * z
        }
        // E[S] = e^(μ·dt) − 1, and E[S²] by the lognormal's second moment.
        let mean = 0.07788415088463153
        let square = 1.2367631067 - 2 * (1 + mean) + 1
        let deviation = (square - mean * mean).squareRoot()
        #expect(abs(sum / Double(count) - mean) < 4 * deviation / Double(count).squareRoot())
        #expect(abs(squares / Double(count) - square) < 0.01)
    }

    @Test("the mirrors hold the price within a quarter and four times the start, however large the step")
    func reflects() {
        let mirrors = MarketPath.Reflection(start: 100)
        let path = MarketPath(seed: 3, drift: 0.0002, volatility: 0.5, reflection: mirrors)
        let prices = path.prices(from: 100, steps: 20_000, elapsed: 1)
        #expect(prices.allSatisfy { (24.999999...400.000001).contains($0) })
        #expect((prices.min() ?? 100) < 26)
        #expect((prices.max() ?? 100) > 380)
        #expect(
            MarketPath(seed: 3, drift: 9, volatility: 50, reflection: mirrors).prices(from: 100, steps: 500, elapsed: 9)
                .allSatisfy { (24.999999...400.000001).contains($0) })
    }

    @Test(
        "a log-price beyond a mirror comes back by what it was beyond",
        arguments: [(0.5, 0.5), (1.25, 0.75), (-1.25, -0.75), (2.5, -0.5), (3.5, -0.5), (4.25, 0.25), (-4.25, -0.25)])
    func folds(x: Double, expected: Double) {
        #expect(abs(MarketPath.Reflection(start: 1, distance: 1).folded(x) - expected) < 1e-12)
    }

    @Test(
        "prices stay within their bounds and are numbers, whatever goes in",
        arguments: [(Double.nan, 0.1), (0.0, 0.1), (-5, 0.1), (.infinity, 0.1), (1e300, 0.1), (1, 1e308), (1e-8, 9e9)])
    func bounded(price: Double, volatility: Double) {
        for reflection in [nil, MarketPath.Reflection(start: 100)] {
            let path = MarketPath(seed: 1, drift: 0.1, volatility: volatility, reflection: reflection)
            for step in 0..<20 {
                #expect(MarketPath.priceBounds.contains(path.price(after: price, step: UInt64(step), elapsed: 1e3)))
            }
        }
    }
}
