import Testing

@testable import Pricing

@Suite("Sampled Greeks")
struct SampledGreeksTests {
    private static func values(_ derivatives: SampledEuropean.Derivatives) -> [SampledValue] {
        [
            derivatives.delta, derivatives.gamma, derivatives.vega, derivatives.theta, derivatives.rho,
            derivatives.vanna, derivatives.volga,
        ]
    }

    @Test(
        "both estimators of all seven stand around the closed form, within their own error bars",
        arguments: [OptionType.call, .put], [(95.0, 0.05, 0.02), (110, -0.01, 0.03)])
    func againstClosedForm(type: OptionType, terms: (strike: Double, rate: Double, yield: Double)) throws {
        let option = EuropeanOption(
            type: type, spot: 100, strike: terms.strike,
            dynamics: Dynamics(rate: terms.rate, dividendYield: terms.yield, volatility: 0.25, years: 0.75))
        let exact = option.closedForm()
        let expected = [
            exact.delta, exact.gamma, exact.vega, exact.theta, exact.rho, exact.vanna, exact.volga,
        ]
        for sampling in [
            Sampling(paths: 20_000, seed: 3), Sampling(paths: 20_000, seed: 3, antithetic: true, controlVariate: true),
            Sampling(paths: 16_384, seed: 3, sobol: true),
        ] {
            let sampled = try MonteCarlo(sampling).price(option)
            for derivatives in [sampled.pathwise, sampled.likelihoodRatio] {
                for (index, value) in Self.values(derivatives).enumerated() {
                    #expect(
                        abs(value.value - expected[index]) < 4.5 * value.standardError, "derivative \(index), \(value)")
                    #expect(value.standardError > 0)
                }
            }
        }
    }

    @Test("with steps the Greeks stay the same to within their errors: the normal that counts is the path's own")
    func withSteps() throws {
        let option = EuropeanOption(
            type: .call, spot: 100, strike: 105, dynamics: Dynamics(rate: 0.03, volatility: 0.4, years: 2))
        let sampled = try MonteCarlo(Sampling(paths: 8_192, steps: 8, seed: 1, sobol: true)).price(option)
        #expect(sampled.run.steps == 8)
        #expect(abs(sampled.pathwise.vega.value - option.closedForm().vega) < 4.5 * sampled.pathwise.vega.standardError)
        #expect(
            abs(sampled.likelihoodRatio.gamma.value - option.closedForm().gamma)
                < 4.5 * sampled.likelihoodRatio.gamma.standardError)
    }
}

@Suite("What can be sampled")
struct SamplingChecksTests {
    private static let dynamics = Dynamics(volatility: 0.2, years: 1)
    private static let option = EuropeanOption(type: .call, spot: 100, strike: 100, dynamics: dynamics)

    @Test(
        "sizes that cannot be sampled are named",
        arguments: [
            (Sampling(paths: 1), "paths"), (Sampling(paths: -5), "paths"), (Sampling(paths: .max), "paths"),
            (Sampling(paths: 3, antithetic: true), "paths"), (Sampling(paths: 15, sobol: true), "paths"),
            (Sampling(paths: 100, steps: 0), "steps"), (Sampling(paths: 100, steps: -3), "steps"),
            (Sampling(paths: 100, steps: .max), "steps"), (Sampling(paths: 100, steps: 5_000, sobol: true), "steps"),
        ])
    func sizes(sampling: Sampling, field: String) {
        expect(field) { _ = try MonteCarlo(sampling).price(Self.option) }
    }

    @Test("terms that cannot be simulated are named")
    func terms() {
        let engine = MonteCarlo(Sampling(paths: 64))
        var option = Self.option
        option.spot = .nan
        expect("spot") { _ = try engine.price(option) }
        option = Self.option
        option.dynamics.volatility = 0
        expect("volatility") { _ = try engine.price(option) }
        option.dynamics.volatility = .infinity
        expect("volatility") { _ = try engine.price(option) }
        option = Self.option
        option.dynamics.rate = .nan
        expect("rate") { _ = try engine.price(option) }
        let path = Momentum(measure: .path, target: 1, spot: 1, dynamics: Self.dynamics, observations: nil)
        expect("observations") { _ = try engine.price(path) }
        let negative = OneTouch(direction: .up, spot: 1, barrier: 2, dynamics: Self.dynamics, observations: -1)
        expect("observations") { _ = try engine.price(negative) }
        let ladder = LadderStrip(spot: 1, rungs: [2, 3], payouts: [1], dynamics: Self.dynamics)
        expect("payouts") { _ = try engine.price(ladder) }
        let huge = DoubleNoTouch(spot: 1, lower: 0.5, upper: 2, dynamics: Self.dynamics, observations: .max)
        expect("steps") { _ = try MonteCarlo(Sampling(paths: 64, steps: .max)).price(huge) }
    }

    private func expect(_ field: String, _ body: () throws -> Void) {
        #expect {
            try body()
        } throws: { error in
            guard case SamplingError.invalid(let named, _)? = error as? SamplingError else { return false }
            return named == field
        }
    }

    @Test("Student's quantiles", arguments: [(1, 12.7062), (2, 4.30265), (3, 3.18245), (15, 2.13145), (31, 2.03951)])
    func student(freedom: Int, expected: Double) {
        #expect(abs(StudentT.quantile975(freedom: Double(freedom)) / expected - 1) < 2e-3)
    }
}
