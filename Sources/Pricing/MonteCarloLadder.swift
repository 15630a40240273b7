internal import CPricing

/// A ladder's sampled value.
public struct SampledLadder: Sendable, Equatable {
    /// The value now.
    public var price: SampledValue
    /// The chance of each rung, in the rungs' order.
    public var rungProbabilities: [SampledValue]
    /// The chance that exactly 0, 1 … all rungs are hit.
    public var countDistribution: [SampledValue]
    /// What was simulated.
    public var run: SampledRun
}

extension MonteCarlo {
    /// Most rungs of a ladder.
    public static let maximumRungs = 256

    /// Pays for each rung that is touched, at the end.
    /// - Throws: `.invalid` or `.stopped`.
    public func price(_ ladder: LadderStrip) throws(SamplingError) -> SampledLadder {
        let dynamics = ladder.dynamics
        try dynamics.checkForSampling()
        try requirePositive(ladder.spot, "spot")
        guard (1...Self.maximumRungs).contains(ladder.rungs.count) else {
            throw .invalid(field: "rungs", reason: "has to be a list of 1…\(Self.maximumRungs)")
        }
        guard ladder.payouts.count == ladder.rungs.count, ladder.payouts.allSatisfy(\.isFinite) else {
            throw .invalid(field: "payouts", reason: "has to be a list of as many numbers as rungs")
        }
        for rung in ladder.rungs { try requirePositive(rung, "rungs") }
        let plan = try LookPlan(observations: ladder.observations, steps: sampling.steps, dynamics: dynamics)
        let functional = LadderFunctional(ladder, plan: plan, move: dynamics.move(steps: plan.steps))
        let (values, run) = try run(functional, looks: plan.looks)
        let count = ladder.rungs.count
        return SampledLadder(
            price: values[0].scaled(by: dynamics.discount), rungProbabilities: Array(values[1...count]),
            countDistribution: Array(values[(count + 1)...]), run: run)
    }
}

/// Which rungs are touched. Rung by rung the control is whether the path ends beyond it.
struct LadderFunctional: SamplingFunctional {
    /// Where a rung lies.
    enum Rung: Sendable, Equatable {
        case certain
        case up(Int)
        case down(Int)
    }

    let rungs: [Rung]
    let payouts: [Double]
    let extremes: ExtremesState

    init(_ ladder: LadderStrip, plan: LookPlan, move: LogMove) {
        payouts = ladder.payouts
        let logs = ladder.rungs.map { $0 == ladder.spot ? 0 : pricing_log($0 / ladder.spot) }
        let levels = TouchLevels(
            ups: Array(Set(logs.filter { $0 > 0 })).sorted(), downs: Array(Set(logs.filter { $0 < 0 })).sorted(by: >))
        // With rungs below the spot alone the mirror image of the path needs no second extreme.
        let isMirrored = levels.ups.isEmpty
        let seen = isMirrored ? levels.mirrored : levels
        rungs = logs.map { log in
            let value = isMirrored ? -log : log
            if let index = seen.ups.firstIndex(of: value) { return .up(index) }
            if let index = seen.downs.firstIndex(of: value) { return .down(index) }
            return .certain
        }
        extremes = ExtremesState(
            levels: seen.moved(by: plan.shift), plan: plan,
            move: isMirrored ? LogMove(drift: -move.drift, deviation: move.deviation) : move)
    }

    var steps: Int { extremes.plan.steps }
    var uniforms: Int { extremes.uniforms }
    /// One more to count in.
    var stateRows: Int { ExtremesState.rows + 1 }

    var quantities: [SampledQuantity] {
        let means = rungs.map { rung in
            switch rung {
            case .certain: 1.0
            case .up(let index): extremes.chanceOfEndingAbove(extremes.levels.ups[index])
            case .down(let index): extremes.chanceOfEndingBelow(extremes.levels.downs[index])
            }
        }
        let price = zip(payouts, means).reduce(0.0) { $0 + $1.0 * $1.1 }
        let isRandom = extremes.unit > 0 && rungs.contains { $0 != .certain }
        let least = zip(payouts, rungs).map { $1 == .certain ? .infinity : abs($0) }.min() ?? 0
        return [SampledQuantity(controlMean: price, unit: isRandom ? least : 0)]
            + zip(means, rungs).map { SampledQuantity(controlMean: $0, unit: isRandom && $1 != .certain ? 1 : 0) }
            + (0...rungs.count).map { _ in SampledQuantity(unit: isRandom ? 1 : 0) }
    }

    func begin(_ state: LaneRows) {
        extremes.begin(state)
    }

    func step(_ number: Int, _ draws: StepDraws, mirror: Double, _ state: LaneRows) {
        extremes.step(number, draws, mirror: mirror, state)
    }

    func finish(_ state: LaneRows, values: LaneRows, controls: LaneRows) {
        let lanes = Int32(state.lanes)
        let counts = state[ExtremesState.rows]
        counts.update(repeating: 0, count: state.lanes)
        values.fill(0, 0)
        controls.fill(0, 0)
        for (index, rung) in rungs.enumerated() {
            let (hit, ended) = (values[1 + index], controls[1 + index])
            switch rung {
            case .certain:
                values.fill(1 + index, 1)
                controls.fill(1 + index, 1)
            case .up(let level):
                extremes.touchedUp(level, state, hit)
                extremes.endedAbove(level, state, ended)
            case .down(let level):
                extremes.touchedDown(level, state, hit)
                extremes.endedBelow(level, state, ended)
            }
            pricing_add_scaled(lanes, hit, payouts[index], values[0])
            pricing_add_scaled(lanes, ended, payouts[index], controls[0])
            pricing_add_scaled(lanes, hit, 1, counts)
        }
        for count in 0...rungs.count {
            pricing_equal(lanes, counts, Double(count), values[1 + rungs.count + count])
        }
    }
}
