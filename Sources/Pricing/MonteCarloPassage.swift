internal import CPricing

/// The first passage of an upper barrier, paid when it happens.
///
/// Looked at step by step the time is simulated. Always looked at, only the maximum is: with ν the drift of the logarithm
/// and ν′ = √(ν² + 2rσ²), E[e^(−rτ); τ ≤ T] = e^((ν − ν′)b/σ²) · P′(τ ≤ T) under the drift ν′ (Girsanov), so the same
/// numbers drive a second path.
struct PassageFunctional: SamplingFunctional {
    let plan: LookPlan
    let move: LogMove
    let barrier: Double
    private let years: Double
    private let rate: Double
    /// The second path's drift a step, and the weight of its touch.
    private let tilted: (drift: Double, weight: Double)

    /// - Throws: `.invalid` where the rate is so far below 0 that ν′ is no number.
    init(plan: LookPlan, move: LogMove, barrier: Double, dynamics: Dynamics) throws(SamplingError) {
        self.plan = plan
        self.move = move
        self.barrier = barrier
        years = dynamics.years
        rate = dynamics.rate
        guard plan.every == nil else {
            tilted = (0, 0)
            return
        }
        let time = dynamics.years / Double(plan.steps)
        let variance = dynamics.volatility * dynamics.volatility
        let slope = time > 0 ? move.drift / time : 0
        let square = slope * slope + 2 * dynamics.rate * variance
        guard square >= 0 else {
            throw .invalid(field: "rate", reason: "is too far below 0 to be sampled with payAt hit; give observations")
        }
        let other = square.squareRoot()
        // (ν − ν′)/σ² without its cancellation: −2r/(ν + ν′).
        let exponent =
            slope > 0 ? -2 * dynamics.rate / (slope + other) : variance > 0 ? (slope - other) / variance : 0
        tilted = (other * time, pricing_exp(exponent * barrier))
    }

    var steps: Int { plan.steps }
    var uniforms: Int { plan.every == nil ? 1 : 0 }
    /// End and first passage, or end and maximum of either path.
    var stateRows: Int { 4 }
    var quantities: [SampledQuantity] {
        let extremes = ExtremesState(levels: TouchLevels(ups: [barrier], downs: []), plan: plan, move: move)
        let mean = extremes.chanceOfEndingAbove(barrier)
        return [
            SampledQuantity(controlMean: mean, unit: extremes.unit),
            SampledQuantity(controlMean: mean, unit: extremes.unit * (plan.every == nil ? tilted.weight : 1)),
        ]
    }

    func begin(_ state: LaneRows) {
        for row in 0..<4 { state.fill(row, 0) }
        if plan.every != nil { state.fill(1, .infinity) }
    }

    func step(_ number: Int, _ draws: StepDraws, mirror: Double, _ state: LaneRows) {
        let lanes = Int32(state.lanes)
        let scale = mirror * move.deviation
        guard let every = plan.every else {
            pricing_fold_bridge_maximum(
                lanes, draws.normal, draws.first, mirror, move.drift, scale, state[0], state[1])
            pricing_fold_bridge_maximum(
                lanes, draws.normal, draws.first, mirror, tilted.drift, scale, state[2], state[3])
            return
        }
        if (number + 1) % every == 0 {
            pricing_fold_first_passage(
                lanes, draws.normal, move.drift, scale, barrier, Double(number + 1), state[0], state[1])
        } else {
            pricing_fold_sum(lanes, draws.normal, move.drift, scale, state[0])
        }
    }

    func finish(_ state: LaneRows, values: LaneRows, controls: LaneRows) {
        let lanes = Int32(state.lanes)
        for row in 0..<2 { pricing_at_least(lanes, state[0], barrier, controls[row]) }
        if plan.every == nil {
            pricing_at_least(lanes, state[1], barrier, values[0])
            pricing_at_least(lanes, state[3], barrier, state[2])
            values.fill(1, 0)
            pricing_add_scaled(lanes, state[2], tilted.weight, values[1])
        } else {
            pricing_at_most(lanes, state[1], Double(steps), values[0])
            pricing_paid_at(lanes, state[1], Double(steps), -rate * years / Double(steps), values[1])
        }
    }
}
