import Pricing

/// One core: closed forms, implied volatilities, and a whole book of offers, by the processor time of this thread.
struct ClosedFormSection {
    /// Offers of a large book.
    private static let bookSize = 100_000

    let scale: Scale

    func run() throws -> Report {
        let count = scale(200_000, quick: 20_000)
        let (options, prices) = Self.options(count)
        try Interrupt.check()
        var sum = 0.0
        let closed = best { for option in options { sum += option.closedForm().delta } }
        try Interrupt.check()
        let implied = best {
            for (option, price) in zip(options, prices) { sum += Self.number(option.impliedVolatility(price: price)) }
        }
        try Interrupt.check()
        let book = Self.book(scale(Self.bookSize, quick: 10_000))
        let whole = best { sum += Self.priceAll(book) } * Double(Self.bookSize) / Double(book.count)
        try Interrupt.check()
        let struck = Self.columns(options.prefix(scale(Self.bookSize, quick: 10_000)))
        let struckPrices = Array(prices.prefix(struck.count))
        let general =
            best {
                for values in struck.closedForms() { sum += values.delta }
                for value in struck.impliedVolatilities(prices: struckPrices) { sum += Self.number(value) }
            } * Double(Self.bookSize) / Double(struck.count)
        guard sum.isFinite else { throw BenchmarkFailure("a price is no number") }
        return Report(figures: [
            Figure(
                section: .prices, what: "price and eight Greeks in closed form, any strike",
                measured: Double(count) / closed * 1e9, unit: "options/s"),
            Figure(
                section: .prices, what: "implied volatility, any strike", measured: Double(count) / implied * 1e9,
                unit: "options/s"),
            Figure(
                section: .prices, what: "100,000 offers: fair premium, Greeks, implied volatility",
                measured: whole / 1e6,
                unit: "ms", wanted: .atMost(100)),
            Figure(
                section: .prices, what: "100,000 options of 100,000 strikes: the same", measured: general / 1e6,
                unit: "ms", wanted: .atMost(100)),
        ])
    }

    /// The shortest of a few runs, in nanoseconds: what a neighbour takes is not this code's.
    private func best(_ work: () -> Void) -> Double {
        var least = UInt64.max
        for _ in 0..<scale(7, quick: 2) {
            let begin = Clock.thread()
            work()
            least = min(least, Clock.thread() - begin)
        }
        return Double(least)
    }

    private static func number(_ volatility: ImpliedVolatility) -> Double {
        if case .value(let value) = volatility { value } else { 0 }
    }

    /// Fair premium, Greeks and implied volatility of each offer at its shortest duration, as a book's rows show them.
    private static func priceAll(_ book: [(offer: OfferPricing, days: Double)]) -> Double {
        var sum = 0.0
        for (offer, days) in book {
            let values = offer.values(days: days)
            sum += values.fairPremiumPerDay + values.unit.vega + number(offer.impliedVolatility(days: days))
        }
        return sum
    }

    private static func book(_ count: Int) -> [(offer: OfferPricing, days: Double)] {
        var random = Sequence(state: 5)
        return (0..<count).map { _ in
            let type = random.next() < 0.5 ? OptionType.call : .put
            let offer = OfferPricing(
                type: type, collateral: type == .call ? 1e18 : 2_500e6,
                premiumPerDay: 2_500e6 * (0.001 + 0.02 * random.next()),
                underlyingDecimals: 18, stablecoinDecimals: 6, spot: 2_500, volatility: 0.6)
            return (offer, (1 + 29 * random.next()).rounded())
        }
    }

    /// Options within about three standard deviations of their strike, and their prices.
    private static func options(_ count: Int) -> ([EuropeanOption], [Double]) {
        var random = Sequence(state: 7)
        let options = (0..<count).map { _ in
            let isCall = random.next() < 0.5
            let away = 0.4 * random.next()
            return EuropeanOption(
                type: isCall ? .call : .put, spot: 2_500, strike: 2_500 * (isCall ? 1 + away : 1 - away),
                dynamics: Dynamics(volatility: 0.3 + random.next(), years: (7 + 358 * random.next()) / 365))
        }
        return (options, options.map { $0.closedForm().price })
    }

    private static func columns(_ options: some Collection<EuropeanOption>) -> OptionColumns {
        var columns = OptionColumns()
        for option in options {
            columns.append(
                type: option.type, spot: option.spot, strike: option.strike, volatility: option.dynamics.volatility,
                years: option.dynamics.years)
        }
        return columns
    }
}

/// Uniform numbers of [0, 1) that are the same in every run: SplitMix64.
private struct Sequence {
    var state: UInt64

    mutating func next() -> Double {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return Double((mixed ^ (mixed >> 31)) >> 11) * 0x1p-53
    }
}
