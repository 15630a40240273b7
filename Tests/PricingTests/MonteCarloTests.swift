import Testing

@testable import Pricing

@Suite("Monte Carlo")
struct MonteCarloTests {
    /// Plain, with both reductions of variance, and quasi-random.
    static let samplings: [Sampling] = [
        Sampling(paths: 512), Sampling(paths: 1_024, antithetic: true, controlVariate: true),
        Sampling(paths: 512, sobol: true),
    ]

    /// 27,000 runs; 10 to 20 s of one core in a debug build, 2 s in a release build.
    @Test("95 % intervals cover the truth for 91 to 98 % of the seeds 1 to 400", arguments: SampledCase.all)
    func coverage(product: SampledCase) throws {
        for var sampling in product.isVariant ? Array(Self.samplings.prefix(1)) : Self.samplings {
            var covered = 0
            for seed in 1...400 as ClosedRange<UInt64> {
                sampling.seed = seed
                if try product.sample(MonteCarlo(sampling)).confidence95.contains(product.truth) { covered += 1 }
            }
            #expect(
                (364...392).contains(covered),
                "\(product), antithetic \(sampling.antithetic), sobol \(sampling.sobol): \(covered) of 400")
        }
    }

    @Test("the same seed gives the same bits for 1, 2 and 8 threads, another seed others", arguments: SampledCase.all)
    func threads(product: SampledCase) throws {
        for var sampling in Self.samplings {
            // Several tasks, the last of them partly filled.
            sampling.paths = sampling.sobol ? 512 : 9_001
            sampling.seed = 20_260_101
            let values = try [1, 2, 8].map { threads in
                sampling.threads = threads
                return try product.sample(MonteCarlo(sampling))
            }
            #expect(values[0] == values[1] && values[1] == values[2])
            sampling.seed += 1
            #expect(try product.sample(MonteCarlo(sampling)).value != values[0].value)
        }
    }

    @Test("a ladder's counts are a distribution, its rungs' chances those of touches, and both make its price")
    func ladder() throws {
        let ladder = SampledCase.ladder
        for sampling in [Sampling(paths: 8_192, sobol: true), Sampling(paths: 8_192, antithetic: true)] {
            let sampled = try MonteCarlo(sampling).price(ladder)
            let counts = sampled.countDistribution.map(\.value)
            #expect(abs(counts.reduce(0, +) - 1) < 1e-12)
            #expect(counts[0] == 0)
            for (rung, truth) in zip(sampled.rungProbabilities, SampledCase.rungProbabilities) {
                #expect(abs(rung.value - truth) <= 5 * rung.standardError)
            }
            for (count, truth) in zip(sampled.countDistribution, SampledCase.countDistribution) {
                #expect(abs(count.value - truth) <= 5 * count.standardError)
            }
            let sum = zip(ladder.payouts, sampled.rungProbabilities).reduce(0) { $0 + $1.0 * $1.1.value }
            #expect(abs(sampled.price.value - sum * ladder.dynamics.discount) < 1e-12 * sum)
        }
    }

    @Test("millions of looks are one step and a moved barrier, and say so")
    func manyLooks() throws {
        var ladder = SampledCase.ladder
        ladder.observations = 6_048_000
        let sampled = try MonteCarlo(Sampling(paths: 8_192, sobol: true)).price(ladder)
        #expect(sampled.run == SampledRun(paths: 8_192, steps: 1, seed: 1, looks: .corrected))
        for (rung, truth) in zip(sampled.rungProbabilities, SampledCase.rungProbabilities) {
            #expect(abs(rung.value - truth) <= 5 * rung.standardError + 1e-3)
        }
        var touch = OneTouch(direction: .up, spot: 100, barrier: 115, dynamics: ladder.dynamics, observations: 12)
        #expect(try MonteCarlo(Sampling(paths: 64)).price(touch).run.looks == .each)
        touch.observations = nil
        #expect(try MonteCarlo(Sampling(paths: 64, steps: 7)).price(touch).run.looks == .continuous)
    }

    @Test("a moved barrier gives what looks that are each followed give, one more of them")
    func correctedLooks() throws {
        let dynamics = Dynamics(rate: 0.02, volatility: 0.4, years: 0.25)
        var touch = OneTouch(
            direction: .up, spot: 100, barrier: 115, dynamics: dynamics, observations: Sampling.maximumExactLooks)
        let exact = touch.value()
        touch.observations = Sampling.maximumExactLooks + 1
        let moved = touch.value()
        #expect(exact.method == .exactRecursion && moved.method == .broadieGlassermanKou)
        #expect(abs(moved.probability - exact.probability) < 2e-4)
        let sampled = try MonteCarlo(Sampling(paths: 1 << 16, sobol: true)).price(touch)
        #expect(sampled.run.looks == .corrected && sampled.probability.standardError < 3e-4)
        #expect(
            abs(sampled.probability.value - exact.probability) < 4 * sampled.probability.standardError + 2e-4)
    }

    @Test("mirrored paths and a control variate leave less of the error of as many plain paths")
    func reductions() throws {
        let option = EuropeanOption(
            type: .call, spot: 100, strike: 100, dynamics: Dynamics(volatility: 0.3, years: 0.5))
        let plain = try MonteCarlo(Sampling(paths: 20_000)).priceAlone(option).price.standardError
        let pairs = try MonteCarlo(Sampling(paths: 20_000, antithetic: true)).priceAlone(option).price.standardError
        let controlled = try MonteCarlo(Sampling(paths: 20_000, controlVariate: true)).priceAlone(option).price
        #expect(pairs < 0.85 * plain && controlled.standardError < 0.6 * plain)
    }

    @Test("a rare event that no path met has an error bar all the same, a certain one has none")
    func resolution() throws {
        let dynamics = Dynamics(volatility: 0.2, years: 1)
        let rare = OneTouch(direction: .up, spot: 100, barrier: 300, dynamics: dynamics)
        let sampled = try MonteCarlo(Sampling(paths: 1_000)).price(rare).probability
        #expect(sampled.value == 0 && sampled.standardError == 0.001)
        let far = EuropeanOption(type: .call, spot: 100, strike: 300, dynamics: dynamics)
        let price = try MonteCarlo(Sampling(paths: 1_000)).price(far).price
        #expect(price.value == 0 && price.confidence95.contains(far.closedForm().price) && price.standardError > 0)
        var ladder = LadderStrip(spot: 100, rungs: [100], payouts: [2], dynamics: dynamics)
        #expect(try MonteCarlo(Sampling(paths: 64)).price(ladder).price.standardError == 0)
        ladder.dynamics.volatility = 0
        ladder.rungs = [110]
        #expect(try MonteCarlo(Sampling(paths: 64)).price(ladder).price.standardError == 0)
    }

    @Test("work stops when asked, and says so")
    func stops() {
        let engine = MonteCarlo(Sampling(paths: 1_000_000, threads: 2), shouldStop: { true })
        #expect(throws: SamplingError.stopped) { try engine.price(SampledCase.ladder) }
    }
}
