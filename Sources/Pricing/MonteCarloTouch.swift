internal import CPricing

/// The sampled value of a product that pays one amount or nothing.
public struct SampledTouch: Sendable, Equatable {
    /// The value now, of 1 paid.
    public var price: SampledValue
    /// The chance of being paid.
    public var probability: SampledValue
    /// What was simulated.
    public var run: SampledRun
}

extension MonteCarlo {
    /// Pays 1 if the barrier is touched.
    /// - Throws: `.invalid` or `.stopped`.
    public func price(_ touch: OneTouch) throws(SamplingError) -> SampledTouch {
        let dynamics = touch.dynamics
        try dynamics.checkForSampling()
        try requirePositive(touch.spot, "spot")
        try requirePositive(touch.barrier, "barrier")
        let isUp = touch.direction == .up
        let plan = try LookPlan(observations: touch.observations, steps: sampling.steps, dynamics: dynamics)
        let distance = pricing_log(touch.barrier / touch.spot) * (isUp ? 1 : -1)
        guard distance > 0 else { return try certain(plan, price: touch.payAt == .hit ? 1 : dynamics.discount) }
        let move = dynamics.move(steps: plan.steps)
        let towards = LogMove(drift: isUp ? move.drift : -move.drift, deviation: move.deviation)
        guard touch.payAt == .hit, dynamics.rate != 0 else {
            let levels = TouchLevels(ups: [distance], downs: []).moved(by: plan.shift)
            return try touched(levels, plan, towards, discount: dynamics.discount)
        }
        let functional = try PassageFunctional(
            plan: plan, move: towards, barrier: distance + plan.shift, dynamics: dynamics)
        let (values, run) = try run(functional, looks: plan.looks)
        return SampledTouch(price: values[1], probability: values[0], run: run)
    }

    /// Pays 1 at the end if neither barrier is touched.
    /// - Throws: `.invalid` or `.stopped`.
    public func price(_ product: DoubleNoTouch) throws(SamplingError) -> SampledTouch {
        let dynamics = product.dynamics
        try dynamics.checkForSampling()
        try requirePositive(product.spot, "spot")
        try requirePositive(product.upper, "upper")
        guard product.lower >= 0, product.lower < product.upper else {
            throw .invalid(field: "lower", reason: "has to be 0 or more and below upper")
        }
        let plan = try LookPlan(observations: product.observations, steps: sampling.steps, dynamics: dynamics)
        guard product.lower < product.spot, product.spot < product.upper else { return try certain(plan, price: 0) }
        let levels = TouchLevels(
            ups: [pricing_log(product.upper / product.spot)],
            downs: product.lower > 0 ? [pricing_log(product.lower / product.spot)] : [])
        let touch = try touched(
            levels.moved(by: plan.shift), plan, dynamics.move(steps: plan.steps), discount: 1)
        return SampledTouch(
            price: touch.probability.complement.scaled(by: dynamics.discount),
            probability: touch.probability.complement, run: touch.run)
    }

    /// The chance that any of the levels is touched, and the value of 1 for it at the end.
    func touched(
        _ levels: TouchLevels, _ plan: LookPlan, _ move: LogMove, discount: Double
    ) throws(SamplingError) -> SampledTouch {
        let functional = AnyTouchFunctional(extremes: ExtremesState(levels: levels, plan: plan, move: move))
        let (values, run) = try run(functional, looks: plan.looks)
        return SampledTouch(price: values[0].scaled(by: discount), probability: values[0], run: run)
    }

    /// Nothing is random: the spot is at or beyond a barrier.
    func certain(_ plan: LookPlan, price: Double) throws(SamplingError) -> SampledTouch {
        try sampling.check(steps: plan.steps)
        let value = SampledValue(value: price, standardError: 0, halfWidth: 0)
        return SampledTouch(
            price: value, probability: SampledValue(value: price > 0 ? 1 : 0, standardError: 0, halfWidth: 0),
            run: SampledRun(paths: sampling.paths, steps: plan.steps, seed: sampling.seed, looks: plan.looks))
    }
}

/// Whether a level on either side is touched; the control is whether the path ends beyond one.
struct AnyTouchFunctional: SamplingFunctional {
    let extremes: ExtremesState

    var steps: Int { extremes.plan.steps }
    var uniforms: Int { extremes.uniforms }
    /// One more to add into.
    var stateRows: Int { ExtremesState.rows + 1 }
    var quantities: [SampledQuantity] {
        let above = extremes.levels.ups.first.map(extremes.chanceOfEndingAbove) ?? 0
        let below = extremes.levels.downs.first.map(extremes.chanceOfEndingBelow) ?? 0
        return [SampledQuantity(controlMean: above + below, unit: extremes.unit)]
    }

    func begin(_ state: LaneRows) {
        extremes.begin(state)
    }

    func step(_ number: Int, _ draws: StepDraws, mirror: Double, _ state: LaneRows) {
        extremes.step(number, draws, mirror: mirror, state)
    }

    func finish(_ state: LaneRows, values: LaneRows, controls: LaneRows) {
        let lanes = Int32(state.lanes)
        let other = state[ExtremesState.rows]
        values.fill(0, 0)
        controls.fill(0, 0)
        if !extremes.levels.ups.isEmpty {
            extremes.touchedUp(0, state, values[0])
            extremes.endedAbove(0, state, controls[0])
        }
        guard !extremes.levels.downs.isEmpty else { return }
        extremes.touchedDown(0, state, other)
        pricing_add_scaled(lanes, other, 1, values[0])
        pricing_at_least(lanes, values[0], 1, other)
        values[0].update(from: other, count: state.lanes)
        extremes.endedBelow(0, state, other)
        pricing_add_scaled(lanes, other, 1, controls[0])
    }
}
