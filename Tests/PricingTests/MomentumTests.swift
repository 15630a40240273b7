import Foundation
import Pricing
import Testing

@Suite("Momentum")
struct MomentumTests {
    private static let dynamics = Dynamics(rate: 0.05, dividendYield: 0.02, volatility: 0.4, years: 0.25)

    private func probability(_ measure: MomentumMeasure, _ target: Double, looks: Int?) throws -> Double {
        let product = Momentum(
            measure: measure, target: target, spot: 100, dynamics: Self.dynamics, observations: looks)
        return try #require(product.value()).probability
    }

    @Test("with one look every measure is a statement about one normal number")
    func oneLook() throws {
        let mean = (0.03 - 0.08) * 0.25
        func below(_ x: Double) -> Double { NormalDistribution.cumulative((x - mean) / 0.2) }
        let beyond = 1 - below(0.1) + below(-0.1)
        #expect(abs(try probability(.logPath, 0.1, looks: 1) - beyond) < 1e-11)
        #expect(abs(try probability(.realisedVariance, 0.01, looks: 1) - beyond) < 1e-11)
        #expect(abs(try probability(.logUpMove, 0.1, looks: 1) - (1 - below(0.1))) < 1e-11)
        #expect(abs(try probability(.drawup, 0.1, looks: 1) - (1 - below(0.1))) < 1e-11)
        let moved = 1 - below(log(1.1)) + below(log(0.9))
        #expect(abs(try probability(.net, 10, looks: 1) - moved) < 1e-11)
        #expect(abs(try probability(.tick, 10, looks: 1) - moved) < 1e-11)
    }

    @Test(
        "many looks are what plain simulation of 20,000 paths finds, within five standard errors",
        arguments: [
            (MomentumMeasure.net, 15.0), (.tick, 10), (.logPath, 0.7), (.logUpMove, 0.4), (.realisedVariance, 0.045),
            (.drawup, 0.3),
        ])
    func simulated(measure: MomentumMeasure, target: Double) throws {
        let looks = 20
        let frequency = Simulation.frequency(of: measure, reaching: target, Self.dynamics, looks: looks, paths: 20_000)
        let found = try probability(measure, target, looks: looks)
        let error = (found * (1 - found) / 20_000).squareRoot()
        #expect(abs(found - frequency) < 5 * error, "\(found) \(frequency)")
    }

    @Test("the sum of 48 steps and that of 49 are found in two ways that meet")
    func twoWays() throws {
        for (measure, target) in [(MomentumMeasure.logPath, 1.1), (.logUpMove, 0.6)] {
            let values = try (47...50).map { try probability(measure, target, looks: $0) }
            let steps = zip(values, values.dropFirst()).map { $1 - $0 }
            #expect(abs(steps[1] - (steps[0] + steps[2]) / 2) < 2e-4, "\(values)")
        }
    }

    @Test("a drawup looked at always is a drawup of many looks, moved")
    func drawup() throws {
        let always = try probability(.drawup, 0.3, looks: nil)
        let often = try probability(.drawup, 0.3, looks: 100_000)
        #expect(always > often && always - often < 0.005)
        for yield in [-1.0, -0.06, 0, 0.5, 3] {
            let product = Momentum(
                measure: .drawup, target: 0.25, spot: 1,
                dynamics: Dynamics(dividendYield: yield, volatility: 0.4, years: 0.25), observations: nil)
            let value = try #require(product.value()).probability
            #expect(value > 0 && value < 1)
        }
    }

    @Test("what cannot be answered in closed form says so")
    func unanswered() {
        for (measure, looks) in [(MomentumMeasure.path, 5), (.tick, nil), (.realisedVariance, nil)] as [(_, Int?)] {
            let product = Momentum(
                measure: measure, target: 1, spot: 100, dynamics: Self.dynamics, observations: looks)
            #expect(product.value() == nil)
        }
    }

    @Test("without volatility the path is known")
    func certain() throws {
        let dynamics = Dynamics(rate: 0.1, volatility: 0, years: 1)
        for (measure, size) in [
            (MomentumMeasure.net, 100 * expm1(0.1)), (.path, 100 * expm1(0.1)), (.logPath, 0.1), (.logUpMove, 0.1),
            (.drawup, 0.1), (.realisedVariance, 0.0025), (.tick, 100 * (exp(0.1) - exp(0.075))),
        ] {
            for (factor, expected) in [(0.999999, 1.0), (1.000001, 0)] {
                let product = Momentum(
                    measure: measure, target: size * factor, spot: 100, dynamics: dynamics, observations: 4)
                #expect(try #require(product.value()).probability == expected, "\(measure)")
            }
        }
    }
}

/// Plain simulation, of nothing but the definition.
private enum Simulation {
    static func frequency(
        of measure: MomentumMeasure, reaching target: Double, _ dynamics: Dynamics, looks: Int, paths: Int
    ) -> Double {
        var random = SplitMix(state: 17)
        let dt = dynamics.years / Double(looks)
        var reached = 0
        for _ in 0..<paths where measured(measure, dynamics, dt, looks, &random) >= target { reached += 1 }
        return Double(reached) / Double(paths)
    }

    private static func measured(
        _ measure: MomentumMeasure, _ dynamics: Dynamics, _ dt: Double, _ looks: Int, _ random: inout SplitMix
    ) -> Double {
        var (x, low, found) = (0.0, 0.0, 0.0)
        for _ in 0..<looks {
            let radius = (-2 * log(Double.random(in: Double.leastNormalMagnitude...1, using: &random))).squareRoot()
            let normal = radius * cos(2 * .pi * Double.random(in: 0..<1, using: &random))
            let step = dynamics.logDrift * dt + dynamics.volatility * dt.squareRoot() * normal
            let before = x
            x += step
            low = min(low, x)
            switch measure {
            case .net: found = max(found, abs(100 * expm1(x)))
            case .path: found += abs(100 * (exp(x) - exp(before)))
            case .tick: found = max(found, abs(100 * (exp(x) - exp(before))))
            case .logPath: found += abs(step)
            case .logUpMove: found += max(step, 0)
            case .realisedVariance: found += step * step
            case .drawup: found = max(found, x - low)
            }
        }
        return found
    }
}
