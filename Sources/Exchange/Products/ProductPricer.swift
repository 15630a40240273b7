public import Market
import Pricing

/// What a product is worth when it is submitted: its expected payout under its index's own drift and volatility.
public struct ProductPricer: Sendable {
    /// Simulated steps that one price may cost.
    private static let mostSteps = 1_000_000
    private static let mostPaths = 8_192
    /// The tick's length, ms.
    private static let tickMillis: Int64 = 100
    /// What is known of the first price that a ladder observes: one tick's step from the last, by three points of
    /// Gauss–Hermite quadrature (in standard deviations, with their weights).
    private static let firstPrices: [(deviations: Double, weight: Double)] = [
        (-1.7320508075688772, 1.0 / 6), (0, 2.0 / 3), (1.7320508075688772, 1.0 / 6),
    ]

    private let tokens: TokenList

    /// Prices products on `tokens`; those that the list gives no market have no price.
    public init(tokens: TokenList) {
        self.tokens = tokens
    }

    /// The expected payout in 1e-8 units, 0 to the payoff, when the token stands at `spot`; nil without a model.
    public func fairValueE8(_ terms: ProductTerms, spot: PriceTick) -> Int64? {
        guard let market = tokens[terms.token]?.market, market.volatility > 0 else { return nil }
        let tick = Double(Self.tickMillis) / 1_000 / market.unit.seconds
        // The first tick is where it starts; the others are looks.
        let looks = Int(terms.durationMillis / Self.tickMillis) - 1
        guard looks > 0 else { return 0 }
        let dynamics = Dynamics.index(
            drift: market.drift, volatility: market.volatility, years: tick * Double(looks))
        let start = PriceScale.value(spot.priceE8)
        let share: Double?
        switch terms.bet {
        case .luckyLadder(let rungs):
            let deviation = market.volatility * tick.squareRoot()
            let levels = rungs.map(PriceScale.value)
            share = Self.firstPrices.reduce(0) { sum, first in
                let spot = start * (1 + deviation * first.deviations)
                guard let sum, spot > 0, let value = Self.share(ofLadder: levels, spot, dynamics, looks) else {
                    return nil
                }
                return sum + first.weight * value
            }
        case .momentumCatcher(let target, let mode):
            share = Self.probability(
                Momentum(
                    measure: mode.measure, target: PriceScale.value(target), spot: start, dynamics: dynamics,
                    observations: looks))
        }
        return share.map { (min(max($0, 0), 1) * Double(terms.payoffE8)).rounded().clamped(to: terms.payoffE8) }
    }

    /// The expected share of the rungs that are hit, each rung counting alike.
    static func share(ofLadder rungs: [Double], _ spot: Double, _ dynamics: Dynamics, _ looks: Int) -> Double? {
        let each = 1 / Double(rungs.count)
        let strip = LadderStrip(
            spot: spot, rungs: rungs, payouts: rungs.map { _ in each }, dynamics: dynamics, observations: looks)
        return try? MonteCarlo(sampling(looks, isOneStep: looks > Pricing.Sampling.maximumExactLooks)).price(strip)
            .price.value
    }

    /// Sampled, as ladders are: what integrating over looks costs grows without bound as a target shrinks.
    static func probability(_ momentum: Momentum) -> Double? {
        let looks = momentum.observations ?? 1
        let isOneStep = momentum.measure == .net && looks > Pricing.Sampling.maximumExactLooks
        return try? MonteCarlo(sampling(looks, isOneStep: isOneStep)).price(momentum).probability.value
    }

    private static func sampling(_ looks: Int, isOneStep: Bool) -> Pricing.Sampling {
        let paths = isOneStep ? mostPaths : min(mostPaths, max(32, mostSteps / looks))
        return Pricing.Sampling(paths: paths, antithetic: true)
    }
}

extension MovementMode {
    /// The pricer's word for it.
    var measure: MomentumMeasure {
        switch self {
        case .net: .net
        case .path: .path
        case .tick: .tick
        }
    }
}

extension Double {
    /// An integer of 1e-8 units at most `limit`; a double near 2^63 may round beyond it.
    fileprivate func clamped(to limit: Int64) -> Int64 { self >= Double(limit) ? limit : Int64(self) }
}
