import Pricing

/// One thread's sampling against QuantLib's Monte Carlo engines, turn and turn about, both by their thread's processor
/// time.
struct PriceSection {
    let scale: Scale

    /// What QuantLib prices too (quantlib.py).
    private static let dynamics = Dynamics(rate: 0.05, dividendYield: 0.02, volatility: 0.2, years: 1)
    private static let option = EuropeanOption(type: .call, spot: 100, strike: 105, dynamics: dynamics)

    /// Sums over the rounds of one way to price; a run's cost is its variance times its seconds.
    private struct Tally {
        var seconds = 0.0
        var cost = 0.0
        var rounds = 0.0

        mutating func add(_ seconds: Double, error: Double) {
            self.seconds += seconds
            cost += seconds * error * error
            rounds += 1
        }

        /// Work in a second, `work` being a round's.
        func rate(_ work: Int) -> Double { Double(work) * rounds / seconds }
        /// Seconds to a standard error, as errors fall with the root of the time.
        func seconds(toError error: Double) -> Double { cost / rounds / (error * error) }
    }

    func run() async throws -> Report {
        let rounds = scale(5, quick: 1)
        let paths = (terminal: scale(4_000_000, quick: 200_000), steps: scale(100_000, quick: 4_000))
        let peerPaths = (terminal: scale(1_000_000, quick: 50_000), steps: scale(20_000, quick: 1_000))
        var (plain, reduced, quasi, peer, peerReduced) = (Tally(), Tally(), Tally(), Tally(), Tally())
        var (walk, prices, peerWalk) = (Tally(), Tally(), Tally())
        let quantLib = try QuantLib.find()
        for round in 0..<rounds {
            try Interrupt.check()
            Progress.say("prices: round \(round + 1) of \(rounds)")
            let seed = UInt64(round + 1)
            try measure(&plain) { try terminal(Sampling(paths: paths.terminal, seed: seed)) }
            try await measure(&peer, quantLib, "terminal", peerPaths.terminal, seed)
            try measure(&reduced) {
                try terminal(Sampling(paths: paths.terminal, seed: seed, antithetic: true, controlVariate: true))
            }
            try await measure(&peerReduced, quantLib, "antithetic", peerPaths.terminal / 2, seed)
            try measure(&quasi) { try terminal(Sampling(paths: paths.terminal, seed: seed, sobol: true)) }
            try measure(&walk) { try steps(paths: paths.steps, seed: seed) }
            try await measure(&peerWalk, quantLib, "barrier", peerPaths.steps, seed)
            try measure(&prices) { try pricedSteps(paths: paths.steps, seed: seed) }
        }
        var report = Report()
        report.figures = [
            figure(
                "terminal samples, plain", plain.rate(paths.terminal) / 1e6, "M/s", peer.rate(peerPaths.terminal) / 1e6),
            cost("variance × time, plain", plain, peer, wanted: 15),
            cost("variance × time, antithetic and control", reduced, peer, wanted: nil),
            cost("variance × time, scrambled Sobol", quasi, peer, wanted: 500),
            cost("the same, QuantLib antithetic", quasi, peerReduced, wanted: nil),
            figure(
                "252 steps and their maximum", walk.rate(paths.steps * Self.looks) / 1e6, "M steps/s",
                peerWalk.rate(peerPaths.steps * Self.looks) / 1e6, wanted: .ratio(20)),
            figure(
                "the same, an exponential each step", prices.rate(paths.steps * Self.looks) / 1e6, "M steps/s",
                peerWalk.rate(peerPaths.steps * Self.looks) / 1e6, wanted: .ratio(20)),
            figure(
                "time to an error of 1e-4 × spot, plain", plain.seconds(toError: 0.01) * 1e3, "ms",
                peer.seconds(toError: 0.01) * 1e3),
            figure(
                "the same, scrambled Sobol", try quickest(error: 0.01, terminal) * 1e3, "ms",
                peer.seconds(toError: 0.01) * 1e3),
            try ladder(),
        ].compactMap { $0 }
        report.notes = [
            "prices: one thread's processor time; QuantLib's engine start is not counted, nor is ours; one exponential a "
                + "path on both sides for terminal samples; QuantLib takes one each step, ours only in the row that says so.",
            "prices: QuantLib's time to an error is what its plain sampling would take by its own error and time.",
        ]
        if quantLib == nil { report.notes.append("prices: \(QuantLib.advice)") }
        return report
    }

    private static let looks = 252

    private func terminal(_ sampling: Sampling) throws -> Double {
        try MonteCarlo(sampling).priceAlone(Self.option).price.standardError
    }

    private func steps(paths: Int, seed: UInt64) throws -> Double {
        let touch = OneTouch(
            direction: .up, spot: 100, barrier: 120, dynamics: Self.dynamics, observations: Self.looks)
        return try MonteCarlo(Sampling(paths: paths, seed: seed)).price(touch).price.standardError
    }

    private func pricedSteps(paths: Int, seed: UInt64) throws -> Double {
        let largest = Momentum(
            measure: .tick, target: 4, spot: 100, dynamics: Self.dynamics, observations: Self.looks)
        return try MonteCarlo(Sampling(paths: paths, seed: seed)).price(largest).price.standardError
    }

    /// Seconds of the smallest run of quasi-random points whose own error is no larger: the best of a few.
    private func quickest(error most: Double, _ run: (Sampling) throws -> Double) throws -> Double {
        var paths = 64
        while paths < 1 << 24 {
            var best = Double.infinity
            var error = Double.infinity
            for _ in 0..<scale(20, quick: 2) {
                let begin = Clock.thread()
                error = try run(Sampling(paths: paths, seed: 1, sobol: true))
                best = min(best, Double(Clock.thread() - begin) / 1e9)
                if error > most { break }
            }
            if error <= most { return best }
            paths *= 2
        }
        throw BenchmarkFailure("no number of points brings the error down to \(most)")
    }

    /// Five rungs on both sides, seven days of 100 ms ticks, a payoff of 1 in all.
    private func ladder() throws -> Figure {
        let strip = LadderStrip(
            spot: 100, rungs: [90, 95, 105, 110, 120], payouts: Array(repeating: 0.2, count: 5),
            dynamics: Dynamics(volatility: 0.8, years: 7.0 / 365), observations: 7 * 24 * 3600 * 10)
        let seconds = try quickest(error: 1e-3) { try MonteCarlo($0).price(strip).price.standardError }
        return Figure(
            section: .prices, what: "ladder of 5 rungs, 6,048,000 ticks, error 1e-3", measured: seconds * 1e3,
            unit: "ms", wanted: .atMost(50))
    }

    private func measure(_ tally: inout Tally, _ body: () throws -> Double) throws {
        let begin = Clock.thread()
        let error = try body()
        tally.add(Double(Clock.thread() - begin) / 1e9, error: error)
    }

    private func measure(
        _ tally: inout Tally, _ quantLib: QuantLib?, _ kind: String, _ paths: Int, _ seed: UInt64
    ) async throws {
        guard let (seconds, error) = try await quantLib?.run(kind, paths: paths, seed: seed) else { return }
        tally.add(seconds, error: error)
    }

    private func figure(
        _ what: String, _ measured: Double, _ unit: String, _ peer: Double, wanted: Figure.Wanted = .nothing
    ) -> Figure {
        let hasPeer = peer.isFinite
        return Figure(
            section: .prices, what: what, measured: measured, unit: unit, peer: hasPeer ? ("QuantLib", peer) : nil,
            wanted: hasPeer ? wanted : .nothing)
    }

    /// How many times less variance × time it costs; without a peer there is nothing to say.
    private func cost(_ what: String, _ own: Tally, _ peer: Tally, wanted: Double?) -> Figure? {
        guard peer.rounds > 0 else { return nil }
        return Figure(
            section: .prices, what: what, measured: peer.cost / own.cost, unit: "times less", peer: ("QuantLib", 1),
            wanted: wanted.map { .ratio($0) } ?? .nothing)
    }
}
