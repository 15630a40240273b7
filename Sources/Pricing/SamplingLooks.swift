internal import CPricing

/// How a path's extremes are simulated: which steps end with a look, or none in particular because it is always looked
/// at, and by how much the barriers move for that.
struct LookPlan: Sendable, Equatable {
    /// −ζ(1/2)/√(2π): the mean overshoot of a random walk (Broadie, Glasserman and Kou, 1997).
    static let overshoot = 0.5825971579390107

    let steps: Int
    /// Every so many steps there is a look; nil looks always, between the steps too.
    let every: Int?
    /// How far each barrier moves away from the start in log-price.
    let shift: Double
    let looks: SampledRun.Looks

    /// The plan of a product with `observations` looks (nil: always looked at), if `steps` are asked for (nil: what is
    /// exact and cheapest). Steps are rounded up so that each look ends one.
    init(observations: Int?, steps asked: Int?, dynamics: Dynamics) throws(SamplingError) {
        if let asked, asked < 1 { throw .invalid(field: "steps", reason: "has to be 1 or more") }
        guard let observations else {
            self.init(steps: asked ?? 1, every: nil, shift: 0, looks: .continuous)
            return
        }
        guard observations >= 1 else { throw .invalid(field: "observations", reason: "has to be 1 or more") }
        let isExact = asked.map { $0 >= observations } ?? (observations <= Sampling.maximumExactLooks)
        guard isExact else {
            let between = dynamics.volatility * (dynamics.years / Double(observations)).squareRoot()
            self.init(steps: asked ?? 1, every: nil, shift: Self.overshoot * between, looks: .corrected)
            return
        }
        let every = ((asked ?? observations) - 1) / observations + 1
        let (steps, isTooMany) = every.multipliedReportingOverflow(by: observations)
        guard !isTooMany else { throw .invalid(field: "steps", reason: "has to be \(Sampling.maximumSteps) or less") }
        self.init(steps: steps, every: every, shift: 0, looks: .each)
    }

    /// The plan of a measure that is made of its looks alone.
    static func everyLook(_ observations: Int?, steps asked: Int?) throws(SamplingError) -> LookPlan {
        guard let observations else {
            throw .invalid(field: "observations", reason: "is needed: this measure is made of its looks")
        }
        guard (1...Sampling.maximumSteps).contains(observations) else {
            throw .invalid(field: "observations", reason: "has to be 1…\(Sampling.maximumSteps) for this measure")
        }
        guard asked == nil || asked == observations else {
            throw .invalid(field: "steps", reason: "has to be observations, or absent: each look is simulated")
        }
        return LookPlan(steps: observations, every: 1, shift: 0, looks: .each)
    }

    private init(steps: Int, every: Int?, shift: Double, looks: SampledRun.Looks) {
        self.steps = steps
        self.every = every
        self.shift = shift
        self.looks = looks
    }
}

/// Levels that are touched from the start between them, in log-price relative to it.
struct TouchLevels: Sendable, Equatable {
    /// Above the start, ascending.
    let ups: [Double]
    /// Below the start, descending.
    let downs: [Double]

    /// The levels moved outwards.
    func moved(by shift: Double) -> TouchLevels {
        TouchLevels(ups: ups.map { $0 + shift }, downs: downs.map { $0 - shift })
    }

    /// The same seen from below: where there are only levels below the start a path's mirror image is simulated.
    var mirrored: TouchLevels { TouchLevels(ups: downs.map { -$0 }, downs: ups.map { -$0 }) }
}

/// A path's end and extremes.
struct ExtremesState: Sendable {
    let levels: TouchLevels
    let plan: LookPlan
    let move: LogMove

    /// Rows: the end, the least value (or how many levels below were hit, where it is always looked at), the greatest.
    static let rows = 3
    private static let (end, low, high) = (0, 1, 2)

    var uniforms: Int { plan.every != nil ? 0 : levels.downs.isEmpty ? 1 : 2 }

    /// What one path can change in an indicator's sum: 0 where nothing is random.
    var unit: Double { move.deviation > 0 ? 1 : 0 }

    func begin(_ state: LaneRows) {
        for row in 0..<Self.rows { state.fill(row, 0) }
        guard plan.every != nil else { return }
        // The start itself is no look.
        state.fill(Self.low, .infinity)
        state.fill(Self.high, -.infinity)
    }

    func step(_ number: Int, _ draws: StepDraws, mirror: Double, _ state: LaneRows) {
        let lanes = Int32(state.lanes)
        let (end, low, high) = (state[Self.end], state[Self.low], state[Self.high])
        let scale = move.deviation
        if let every = plan.every {
            if (number + 1) % every == 0 {
                pricing_fold_extremes(lanes, draws.normal, move.drift, mirror * scale, end, low, high)
            } else {
                pricing_fold_sum(lanes, draws.normal, move.drift, mirror * scale, end)
            }
        } else if levels.downs.isEmpty {
            pricing_fold_bridge_maximum(
                lanes, draws.normal, draws.first, mirror, move.drift, mirror * scale, end, high)
        } else {
            levels.downs.withUnsafeBufferPointer { downs in
                guard let base = downs.baseAddress else { return }
                let fold = plan.steps == 1 ? pricing_bridge_pair : pricing_fold_bridge_pair
                fold(
                    lanes, draws.normal, draws.first, draws.second, mirror, move.drift, mirror * scale, base,
                    Int32(downs.count), end, high, low)
            }
        }
    }

    /// 1 where the path touched a level above.
    func touchedUp(_ index: Int, _ state: LaneRows, _ out: UnsafeMutablePointer<Double>) {
        pricing_at_least(Int32(state.lanes), state[Self.high], levels.ups[index], out)
    }

    /// 1 where the path touched a level below.
    func touchedDown(_ index: Int, _ state: LaneRows, _ out: UnsafeMutablePointer<Double>) {
        if plan.every == nil {
            pricing_at_least(Int32(state.lanes), state[Self.low], Double(index + 1), out)
        } else {
            pricing_at_most(Int32(state.lanes), state[Self.low], levels.downs[index], out)
        }
    }

    /// 1 where the path ends at or beyond a level above: the control of its touch.
    func endedAbove(_ index: Int, _ state: LaneRows, _ out: UnsafeMutablePointer<Double>) {
        pricing_at_least(Int32(state.lanes), state[Self.end], levels.ups[index], out)
    }

    /// 1 where the path ends at or beyond a level below.
    func endedBelow(_ index: Int, _ state: LaneRows, _ out: UnsafeMutablePointer<Double>) {
        pricing_at_most(Int32(state.lanes), state[Self.end], levels.downs[index], out)
    }

    /// The chance of ending at or above a level.
    func chanceOfEndingAbove(_ level: Double) -> Double {
        let steps = Double(plan.steps)
        return NormalDistribution.cumulative((move.drift * steps - level) / (move.deviation * steps.squareRoot()))
    }

    /// The chance of ending at or below a level.
    func chanceOfEndingBelow(_ level: Double) -> Double {
        let steps = Double(plan.steps)
        return NormalDistribution.cumulative((level - move.drift * steps) / (move.deviation * steps.squareRoot()))
    }
}
