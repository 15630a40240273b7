internal import CPricing

/// Prices by simulation, on the process of `Dynamics`: exact steps of the logarithm, so that there is no error of time
/// steps; what cannot be seen between two looks is sampled from its exact law.
///
/// The same sampling gives the same bits for any number of threads.
public struct MonteCarlo: Sendable {
    /// How to sample.
    public let sampling: Sampling
    /// Asked before every block of paths (from any of the threads): a deadline, or a caller that has left.
    public let shouldStop: @Sendable () -> Bool

    /// An engine.
    public init(_ sampling: Sampling, shouldStop: @escaping @Sendable () -> Bool = { false }) {
        self.sampling = sampling
        self.shouldStop = shouldStop
    }

    /// Runs a functional after checking what all share.
    func run<Functional: SamplingFunctional>(
        _ functional: Functional, looks: SampledRun.Looks
    ) throws(SamplingError) -> (values: [SampledValue], run: SampledRun) {
        try sampling.check(steps: functional.steps)
        let sampler = Sampler(functional, sampling, shouldStop: shouldStop)
        let values = try sampler.run()
        return (values, SampledRun(paths: sampler.paths, steps: functional.steps, seed: sampling.seed, looks: looks))
    }
}

extension Sampling {
    /// - Throws: `.invalid` naming the field, where the sizes cannot be sampled.
    func check(steps: Int) throws(SamplingError) {
        guard Self.pathBounds.contains(paths) else {
            throw .invalid(field: "paths", reason: "has to be 2…\(Self.pathBounds.upperBound)")
        }
        let least = (sobol ? Self.minimumRandomisations : 2) * (antithetic ? 2 : 1)
        guard paths >= least else {
            throw .invalid(field: "paths", reason: "has to be at least \(least) for an error bar of this sampling")
        }
        let most = sobol ? Self.maximumSobolSteps : Self.maximumSteps
        guard (1...most).contains(steps) else {
            throw .invalid(field: "steps", reason: "has to be 1…\(most)\(sobol ? " with sobol" : "")")
        }
    }
}

extension Dynamics {
    /// Days beyond which nothing is sampled; closed forms know no such limit.
    private static var bound: Double { 1e3 }

    /// - Throws: `.invalid` naming the field, where a path cannot be simulated.
    func checkForSampling() throws(SamplingError) {
        for (field, value) in [("rate", rate), ("dividendYield", dividendYield)] {
            guard abs(value) <= Self.bound else {
                throw .invalid(field: field, reason: "has to be a number within ±\(Int(Self.bound))")
            }
        }
        for (field, value) in [("volatility", volatility), ("years", years)] {
            guard value >= 0, value <= Self.bound else {
                throw .invalid(field: field, reason: "has to be 0…\(Int(Self.bound))")
            }
        }
    }

    /// e^(−rate·years).
    var discount: Double { pricing_exp(-rate * years) }
    /// volatility·√years.
    var deviation: Double { volatility * years.squareRoot() }

    /// The logarithm's drift and deviation over one of so many equal steps.
    func move(steps: Int) -> LogMove {
        let time = years / Double(steps)
        return LogMove(drift: logDrift * time, deviation: volatility * time.squareRoot())
    }
}

/// One step of the logarithm: normal with this mean and deviation.
struct LogMove: Sendable {
    let drift: Double
    let deviation: Double
}

/// - Throws: `.invalid` unless the value is a number above 0.
func requirePositive(_ value: Double, _ field: String) throws(SamplingError) {
    guard value > 0, value.isFinite else { throw .invalid(field: field, reason: "has to be a number above 0") }
}
