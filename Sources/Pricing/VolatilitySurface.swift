/// What a live book's asked premiums say about volatility, duration by duration.
public struct VolatilitySurface: Sendable, Equatable {
    /// An offer as the surface sees it.
    public struct Ask: Sendable, Equatable {
        /// Call or put.
        public var type: OptionType
        /// The premium a day as a fraction of the spot.
        public var dailyRate: Double
        /// The days it can be taken for.
        public var days: ClosedRange<Int>

        /// An offer's asked rate and durations.
        public init(type: OptionType, dailyRate: Double, days: ClosedRange<Int>) {
            self.type = type
            self.dailyRate = dailyRate
            self.days = days
        }
    }

    /// The best ask for one duration.
    public struct Point: Sendable, Equatable {
        /// The duration.
        public let days: Int
        /// The lowest premium a day as a fraction of the spot.
        public let dailyRate: Double
        /// The place of the ask among those given.
        public let ask: Int
        /// What its premium for all days implies; nil where none does.
        public let impliedVolatility: Double?
        /// σ²·years; nil without a volatility.
        public let totalVariance: Double?
        /// Whether the total variance is at least that of every shorter duration: if not, the longer option is the
        /// cheaper one.
        public let isCalendarConsistent: Bool
    }

    /// One point for each duration that some ask serves, ascending.
    public let points: [Point]

    /// The surface of the asks of one side.
    /// - Parameters:
    ///   - asks: offers of one type.
    ///   - durations: the days of interest, ascending.
    ///   - rate: the rate a year.
    ///   - dividendYield: the underlying's yield a year.
    public init(asks: [Ask], durations: [Int], rate: Double = 0, dividendYield: Double = 0) {
        var points: [Point] = []
        var most = 0.0
        for days in durations {
            let served = asks.indices.filter { asks[$0].days.contains(days) && asks[$0].dailyRate > 0 }
            guard let best = served.min(by: { asks[$0].dailyRate < asks[$1].dailyRate }) else { continue }
            let years = Double(days) / OfferPricing.daysPerYear
            let option = EuropeanOption(
                type: asks[best].type, spot: 1, strike: 1,
                dynamics: Dynamics(rate: rate, dividendYield: dividendYield, volatility: 0, years: years))
            var volatility: Double?
            if case .value(let value) = option.impliedVolatility(price: asks[best].dailyRate * Double(days)) {
                volatility = value
            }
            let variance = volatility.map { $0 * $0 * years }
            points.append(
                Point(
                    days: days, dailyRate: asks[best].dailyRate, ask: best, impliedVolatility: volatility,
                    totalVariance: variance, isCalendarConsistent: variance.map { $0 >= most } ?? true))
            most = max(most, variance ?? 0)
        }
        self.points = points
    }
}
