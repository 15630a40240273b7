internal import CPricing

/// A price that moves by geometric Brownian motion in exact steps, `S ← S · exp((μ − σ²/2)·dt + σ·√dt·Z)`, where Z is
/// decided by the seed, the path and the step's number alone: whoever knows the last price and the number of the next
/// step goes on with the same path.
public struct MarketPath: Sendable, Equatable {
    /// Prices are held between 1 and 2⁶² units of 1e-8.
    public static let priceBounds: ClosedRange<Double> = 1e-8...46_116_860_184.27388

    /// Decides all random numbers.
    public let seed: UInt64
    /// The expected growth μ of the price in a unit of time (a year, or a second).
    public let drift: Double
    /// The standard deviation σ of the log-return over one unit of time.
    public let volatility: Double
    /// Where the price is reflected, in logarithm: at `start·e^±distance`. Nil reflects nowhere.
    public let reflection: Reflection?

    /// Mirrors in log-price on either side of a start.
    public struct Reflection: Sendable, Equatable {
        /// The price in the middle, above 0.
        public let start: Double
        /// How far the mirrors are in log-price, above 0.
        public let distance: Double

        /// Mirrors at `start·e^±distance`; the market's own stand at a quarter and four times the start.
        public init(start: Double, distance: Double = 1.3862943611198906) {
            self.start = start
            self.distance = distance
        }

        /// The log-price relative to the start after all reflections, and within the mirrors.
        func folded(_ x: Double) -> Double {
            guard abs(x) > distance else { return x }
            // A triangle wave of period 4·distance, through 0 upwards.
            let phase = (x + distance) / (4 * distance)
            let turn = phase - phase.rounded(.down)
            return distance * (turn < 0.5 ? 4 * turn - 1 : 3 - 4 * turn)
        }
    }

    /// A path's law. `drift` and `volatility` count by the same unit of time as `elapsed` below.
    public init(seed: UInt64, drift: Double, volatility: Double, reflection: Reflection? = nil) {
        self.seed = seed
        self.drift = drift
        self.volatility = volatility
        self.reflection = reflection
    }

    /// The price one step on.
    /// - Parameters:
    ///   - price: the price before, in plain units (not 1e-8).
    ///   - step: the number of the step; each number is used once, or two steps would move alike.
    ///   - elapsed: the time the step takes, in the unit of `drift` (0.1 s is 0.1 in seconds, 0.1/31,536,000 in years);
    ///     below 0 counts as 0.
    ///   - path: which of many paths of this seed; the live market is path 0.
    /// - Returns: a price within `priceBounds`, never NaN.
    public func price(after price: Double, step: UInt64, elapsed: Double, path: UInt32 = 0) -> Double {
        let normal = Philox(seed: seed).normal(step: step, path: path, stream: .market)
        let elapsed = max(elapsed, 0)
        let move = (drift - volatility * volatility / 2) * elapsed + volatility * elapsed.squareRoot() * normal
        let before = held(price)
        guard let reflection else { return held(before * pricing_exp(move)) }
        let x = pricing_log(before / reflection.start) + move
        return held(reflection.start * pricing_exp(reflection.folded(x)))
    }

    /// A whole path from a start: `steps + 1` prices, the start first, step numbers from 0.
    public func prices(from start: Double, steps: Int, elapsed: Double, path: UInt32 = 0) -> [Double] {
        var prices = [start]
        prices.reserveCapacity(steps + 1)
        var last = start
        for step in 0..<max(steps, 0) {
            last = price(after: last, step: UInt64(step), elapsed: elapsed, path: path)
            prices.append(last)
        }
        return prices
    }

    /// Within the bounds; what is no number becomes the least price.
    private func held(_ price: Double) -> Double {
        price > Self.priceBounds.lowerBound ? min(price, Self.priceBounds.upperBound) : Self.priceBounds.lowerBound
    }
}
