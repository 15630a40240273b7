internal import CPricing

extension MonteCarlo {
    /// Pays 1 at the end if a measure of the path reaches its target.
    /// - Throws: `.invalid` or `.stopped`.
    public func price(_ product: Momentum) throws(SamplingError) -> SampledTouch {
        let dynamics = product.dynamics
        try dynamics.checkForSampling()
        try requirePositive(product.spot, "spot")
        try requirePositive(product.target, "target")
        if product.measure == .net { return try net(product) }
        if product.measure == .drawup, product.observations == nil { return try continuousDrawup(product) }
        let plan = try LookPlan.everyLook(product.observations, steps: sampling.steps)
        let functional = MomentumFunctional(product: product, steps: plan.steps)
        let (values, run) = try run(functional, looks: .each)
        return SampledTouch(price: values[0].scaled(by: dynamics.discount), probability: values[0], run: run)
    }

    /// |S − S₀| reaches the target: a touch on either side.
    private func net(_ product: Momentum) throws(SamplingError) -> SampledTouch {
        let dynamics = product.dynamics
        let plan = try LookPlan(observations: product.observations, steps: sampling.steps, dynamics: dynamics)
        let part = product.target / product.spot
        let levels = TouchLevels(ups: [pricing_log(1 + part)], downs: part < 1 ? [pricing_log(1 - part)] : [])
        return try touched(
            levels.moved(by: plan.shift), plan, dynamics.move(steps: plan.steps), discount: dynamics.discount)
    }

    private func continuousDrawup(_ product: Momentum) throws(SamplingError) -> SampledTouch {
        // Between two steps the rise is taken as free of its floor: what that misses is below 1e-13 a step where the
        // target is this many deviations of a step away.
        let deviations = 8 * product.dynamics.deviation / product.target
        let needed = min(max((deviations * deviations).rounded(.up), 64), 16_384)
        let functional = DrawupFunctional(product: product, steps: sampling.steps ?? Int(needed))
        let (values, run) = try run(functional, looks: .continuous)
        return SampledTouch(
            price: values[0].scaled(by: product.dynamics.discount), probability: values[0], run: run)
    }
}

/// A measure of all looks; its control is a sum along the path whose expectation is known.
struct MomentumFunctional: SamplingFunctional {
    let product: Momentum
    let steps: Int

    var uniforms: Int { 0 }
    var stateRows: Int { 4 }
    private var move: LogMove { product.dynamics.move(steps: steps) }

    var quantities: [SampledQuantity] {
        [SampledQuantity(controlMean: controlMean, unit: product.dynamics.deviation > 0 ? 1 : 0)]
    }

    /// Σ|x|, Σmax(x, 0), Σx² of normal x; Σ|ΔS| for what is made of prices; the end of the logarithm for the drawup.
    private var controlMean: Double {
        let (mean, deviation) = (move.drift, move.deviation)
        guard deviation > 0 else { return 0 }
        let positive =
            mean * NormalDistribution.cumulative(mean / deviation) + deviation
            * NormalDistribution.density(mean / deviation)
        switch product.measure {
        case .logPath: return Double(steps) * (2 * positive - mean)
        case .logUpMove: return Double(steps) * positive
        case .realisedVariance: return Double(steps) * (mean * mean + deviation * deviation)
        case .drawup: return Double(steps) * mean
        case .net, .path, .tick: return meanPricePath
        }
    }

    /// E Σ|ΔS|: a call and a put at the money for each step, growing with the forward.
    private var meanPricePath: Double {
        let (mean, deviation) = (move.drift, move.deviation)
        let growth = pricing_exp(mean + deviation * deviation / 2)
        let above = growth * NormalDistribution.cumulative(mean / deviation + deviation)
        let below = NormalDistribution.cumulative(mean / deviation)
        let one = 2 * (above - below) - (growth - 1)
        var (sum, power) = (0.0, 1.0)
        for _ in 0..<steps {
            sum += power
            power *= growth
        }
        return product.spot * one * sum
    }

    func begin(_ state: LaneRows) {
        for row in 0..<stateRows { state.fill(row, 0) }
        switch product.measure {
        case .path, .tick: state.fill(1, product.spot)
        default: break
        }
    }

    func step(_ number: Int, _ draws: StepDraws, mirror: Double, _ state: LaneRows) {
        let lanes = Int32(state.lanes)
        let (drift, scale) = (move.drift, mirror * move.deviation)
        switch product.measure {
        case .path, .tick, .net:
            pricing_fold_prices(
                lanes, draws.normal, drift, scale, product.spot, state[0], state[1], state[2], state[3])
        case .logPath, .logUpMove, .realisedVariance:
            pricing_fold_returns(lanes, draws.normal, drift, scale, state[0], state[1], state[2], state[3])
        case .drawup:
            // The running minimum begins at the start: the product's first price counts.
            pricing_fold_drawup(lanes, draws.normal, drift, scale, state[0], state[1], state[2])
        }
    }

    func finish(_ state: LaneRows, values: LaneRows, controls: LaneRows) {
        let (measured, control) =
            switch product.measure {
            case .path, .net: (2, 2)
            case .tick: (3, 2)
            case .logPath: (1, 1)
            case .logUpMove: (2, 2)
            case .realisedVariance: (3, 3)
            case .drawup: (2, 0)
            }
        pricing_at_least(Int32(state.lanes), state[measured], product.target, values[0])
        controls[0].update(from: state[control], count: state.lanes)
    }
}

/// The rise of the logarithm above its running minimum, always looked at: its value at each step's end is exact (Lévy),
/// and the chance that it reached the target on the way that of a free bridge.
struct DrawupFunctional: SamplingFunctional {
    let product: Momentum
    let steps: Int

    var uniforms: Int { 1 }
    /// The free path, the rise, and the chance of not having reached the target.
    var stateRows: Int { 3 }
    var quantities: [SampledQuantity] {
        let dynamics = product.dynamics
        return [SampledQuantity(controlMean: dynamics.logDrift * dynamics.years, unit: dynamics.deviation > 0 ? 1 : 0)]
    }

    func begin(_ state: LaneRows) {
        state.fill(0, 0)
        state.fill(1, 0)
        state.fill(2, 1)
    }

    func step(_ number: Int, _ draws: StepDraws, mirror: Double, _ state: LaneRows) {
        let move = product.dynamics.move(steps: steps)
        pricing_fold_reflected(
            Int32(state.lanes), draws.normal, draws.first, mirror, move.drift, mirror * move.deviation, product.target,
            state[0], state[1], state[2])
    }

    func finish(_ state: LaneRows, values: LaneRows, controls: LaneRows) {
        values.fill(0, 1)
        pricing_add_scaled(Int32(state.lanes), state[2], -1, values[0])
        controls[0].update(from: state[0], count: state.lanes)
    }
}
