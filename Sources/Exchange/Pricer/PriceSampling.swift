import Market
import Pricing
import StrictJSON

/// How a value is to be found.
enum PriceMethod: String, CaseIterable {
    case closedForm, monteCarlo
}

extension PriceBatch {
    /// The sampling that is asked for; nil when none is.
    func sampling(_ fields: PriceFields) throws(Rejection) -> Sampling? {
        try fields.optionalWord("method", as: PriceMethod.self) == .monteCarlo ? try defaultSampling(fields) : nil
    }

    /// The sampling of the fields there are.
    func defaultSampling(_ fields: PriceFields) throws(Rejection) -> Sampling {
        var sampling = Sampling()
        if let paths = try fields.integer("paths", in: Sampling.pathBounds) { sampling.paths = paths }
        sampling.steps = try fields.integer("steps", in: 1...Sampling.maximumSteps)
        if let seed = try fields.unsigned("seed") { sampling.seed = seed }
        sampling.antithetic = try fields.flag("antithetic")
        sampling.controlVariate = try fields.flag("controlVariate")
        sampling.sobol = try fields.flag("sobol")
        return sampling
    }

    func sampled(_ option: EuropeanOption, _ sampling: Sampling) throws(Rejection) -> PriceAnswer {
        let result = try sample(sampling) { engine throws(SamplingError) in try engine.price(option) }
        let greeks = result.pathwise
        var answer = PriceAnswer()
        answer.add("price", result.price.value)
        let named: [(StaticString, StaticString, SampledValue)] = [
            ("delta", "deltaStandardError", greeks.delta), ("gamma", "gammaStandardError", greeks.gamma),
            ("vega", "vegaStandardError", greeks.vega), ("theta", "thetaStandardError", greeks.theta),
            ("rho", "rhoStandardError", greeks.rho), ("vanna", "vannaStandardError", greeks.vanna),
            ("volga", "volgaStandardError", greeks.volga),
        ]
        for (name, _, value) in named { answer.add(name, value.value) }
        answer.add(result.price, probability: nil, result.run)
        for (_, error, value) in named { answer.add(error, value.standardError) }
        return answer
    }

    func sampled(_ touch: OneTouch, _ sampling: Sampling) throws(Rejection) -> PriceAnswer {
        answer(try sample(sampling) { engine throws(SamplingError) in try engine.price(touch) })
    }

    func sampled(_ product: DoubleNoTouch, _ sampling: Sampling) throws(Rejection) -> PriceAnswer {
        answer(try sample(sampling) { engine throws(SamplingError) in try engine.price(product) })
    }

    func sampled(_ product: Momentum, _ sampling: Sampling) throws(Rejection) -> PriceAnswer {
        answer(try sample(sampling) { engine throws(SamplingError) in try engine.price(product) })
    }

    func sampled(_ ladder: LadderStrip, _ sampling: Sampling) throws(Rejection) -> PriceAnswer {
        let result = try sample(sampling) { engine throws(SamplingError) in try engine.price(ladder) }
        var answer = PriceAnswer()
        answer.add("price", result.price.value)
        answer.add("rungProbabilities", .numbers(result.rungProbabilities.map(\.value)))
        answer.add("countDistribution", .numbers(result.countDistribution.map(\.value)))
        answer.add(result.price, probability: nil, result.run)
        answer.add("rungProbabilityStandardErrors", .numbers(result.rungProbabilities.map(\.standardError)))
        answer.add("countDistributionStandardErrors", .numbers(result.countDistribution.map(\.standardError)))
        return answer
    }

    private func answer(_ result: SampledTouch) -> PriceAnswer {
        var answer = PriceAnswer()
        answer.add("price", result.price.value)
        answer.add("probability", result.probability.value)
        answer.add(result.price, probability: result.probability, result.run)
        return answer
    }

    /// Samples, with the engine's refusals as ours.
    private func sample<Result>(
        _ sampling: Sampling, _ work: (MonteCarlo) throws(SamplingError) -> Result
    ) throws(Rejection) -> Result {
        do throws(SamplingError) {
            return try work(MonteCarlo(sampling, shouldStop: shouldStop))
        } catch {
            switch error {
            case .invalid(let field, let reason):
                throw Rejection(.malformed, code: "out_of_range", field: field, detail: "\(field) \(reason).")
            case .stopped:
                throw Rejection(
                    .malformed, code: "too_much_work", field: "paths",
                    detail: "This took more time than a request may; ask for fewer paths or steps.")
            }
        }
    }
}

extension PriceAnswer {
    /// The errors of a sampled price and what was simulated for it.
    mutating func add(_ price: SampledValue, probability: SampledValue?, _ run: SampledRun) {
        add("standardError", price.standardError)
        if let probability { add("probabilityStandardError", probability.standardError) }
        add("confidence95", .numbers([price.confidence95.lowerBound, price.confidence95.upperBound]))
        add("paths", .integer(UInt64(run.paths)))
        add("steps", .integer(UInt64(run.steps)))
        add("seed", .integer(run.seed))
        add("method", .word(PriceMethod.monteCarlo.rawValue))
        if run.looks != .each { add("looks", .word(run.looks.rawValue)) }
    }
}
