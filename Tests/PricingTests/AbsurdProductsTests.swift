import Pricing
import Testing

@Suite("Absurd products")
struct AbsurdProductsTests {
    private static let levels = [1e-300, 1e-8, 0.5, 99.9, 100, 100.1, 150, 1e12, 1e300]
    private static let rates = [-1e3, -3, 0, 0.05, 5, 1e3]
    private static let volatilities = [0, 1e-200, 1e-9, 0.01, 0.5, 20, 1e9]
    private static let times = [0, 1e-300, 1e-6, 0.25, 30, 1e9]
    private static let looks: [Int?] = [nil, 1, 3, 100_000, 1_000_000_000]

    private static func dynamics(_ random: inout SplitMix) -> Dynamics {
        Dynamics(
            rate: rates.randomElement(using: &random)!, dividendYield: rates.randomElement(using: &random)!,
            volatility: volatilities.randomElement(using: &random)!, years: times.randomElement(using: &random)!)
    }

    /// A probability, or infinity's NaN where e^(rT) leaves the doubles: never a trap, never 1.5.
    private func isFair(_ probability: Double) -> Bool { probability.isNaN || (0...1).contains(probability) }

    @Test("no terms trap, and probabilities stay probabilities")
    func terms() {
        var random = SplitMix(state: 11)
        for _ in 0..<150 {
            let dynamics = Self.dynamics(&random)
            let looks = Self.looks.randomElement(using: &random)!
            let (spot, a, b) = (
                Self.levels.randomElement(using: &random)!, Self.levels.randomElement(using: &random)!,
                Self.levels.randomElement(using: &random)!
            )
            let touch = OneTouch(
                direction: Bool.random(using: &random) ? .up : .down, spot: spot, barrier: a, dynamics: dynamics,
                payAt: Bool.random(using: &random) ? .hit : .expiry, observations: looks)
            #expect(isFair(touch.value().probability), "\(touch)")
            let corridor = DoubleNoTouch(
                spot: spot, lower: min(a, b), upper: max(a, b), dynamics: dynamics, observations: looks)
            #expect(isFair(corridor.value().probability), "\(corridor)")
            let measure = MomentumMeasure.allCases.randomElement(using: &random)!
            if measure == .tick, let looks, looks > 3 { continue }
            let momentum = Momentum(
                measure: measure, target: a, spot: spot, dynamics: dynamics, observations: looks)
            if let value = momentum.value() { #expect(isFair(value.probability), "\(momentum)") }
        }
    }
}
