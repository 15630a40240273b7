internal import CPricing

/// How a block of paths gets its random numbers.
struct DrawPlan: Sendable {
    /// How many steps a path has, 1 or more.
    let steps: Int
    /// Uniform numbers that a step needs besides its normal: 0, 1 or 2.
    let uniforms: Int
    /// How many points a randomisation has; nil for pseudo-random numbers.
    let points: Int?

    /// One step's numbers come four (a Philox block's words) or fewer at a time; a block of single steps uses the rest
    /// of the words for more paths.
    var wordsPerStep: Int { uniforms == 0 ? 1 : uniforms == 1 ? 2 : 4 }
    /// How many numbers a path takes.
    var dimensions: Int { steps * (1 + uniforms) }
    /// How many paths a block has.
    var lanes: Int {
        if let points { return min(points, steps <= 16 ? 256 : 64) }
        return steps == 1 ? Int(PRICING_LANES) * 4 / wordsPerStep : Int(PRICING_LANES)
    }
}

/// One step's numbers of a block.
struct StepDraws {
    /// Standard normals.
    let normal: UnsafeMutablePointer<Double>
    /// Uniform in (−1/2, 1/2); the same as `normal` where the plan has none.
    let first: UnsafeMutablePointer<Double>
    let second: UnsafeMutablePointer<Double>
}

/// The random numbers of one block after another; each worker has its own.
///
/// Pseudo-random: number j of step s of path p is a word of the Philox block (draw = s·words/4, path, sampling): with
/// k = 4/words steps a block, word j·k + s mod k. Quasi-random: the normals of a path are the first dimensions, through
/// the Brownian bridge, then come the uniform numbers, step by step; beyond the table of dimensions Philox goes on.
final class PathDraws {
    private let plan: DrawPlan
    private let seed: UInt64
    private let memory: RowMemory
    private let sobol: SobolSequence?
    private let bridge: BrownianBridge?
    private let path: RowMemory
    private let padding: RowMemory
    private var group: Int?
    private var block = 0
    private var lanes = 0

    init(plan: DrawPlan, seed: UInt64, sobol: SobolSequence?) {
        self.plan = plan
        self.seed = seed
        self.sobol = sobol
        let isQuasi = sobol != nil
        bridge = isQuasi && plan.steps > 1 ? BrownianBridge(steps: plan.steps) : nil
        memory = RowMemory(
            rows: isQuasi ? plan.steps + plan.uniforms : 4, stride: isQuasi ? plan.lanes : Int(PRICING_LANES))
        padding = RowMemory(
            rows: sobol.map { $0.dimensions < plan.dimensions } == true ? 4 : 0, stride: Int(PRICING_LANES))
        path = RowMemory(rows: bridge == nil ? 0 : plan.steps + 1, stride: plan.lanes)
    }

    /// Goes to a block of pseudo-random paths.
    func begin(block: Int, lanes: Int) {
        self.block = block
        self.lanes = lanes
        group = nil
    }

    /// Goes to a block of points of one randomisation.
    func begin(block: Int, randomisation: Int) {
        self.block = block
        lanes = plan.lanes
        group = randomisation
        for dimension in 0..<plan.steps { fill(memory.rows[dimension], dimension) }
        pricing_normals(Int32(plan.steps * lanes), memory.rows.base)
        bridge?.build(memory.rows, path: path.rows)
    }

    /// The numbers of a step; valid until the next call.
    func step(_ step: Int) -> StepDraws {
        sobol == nil ? pseudoRandom(step) : quasiRandom(step)
    }

    private func pseudoRandom(_ step: Int) -> StepDraws {
        let words = plan.wordsPerStep
        let stepsAGroup = 4 / words
        let wanted = step / stepsAGroup
        if group != wanted {
            let first = UInt32(truncatingIfNeeded: block * Int(PRICING_LANES))
            pricing_philox_rows(
                seed, UInt32(truncatingIfNeeded: wanted), first, Philox.Stream.sampling.rawValue, PRICING_LANES,
                memory.rows.base)
            pricing_normals(Int32(stepsAGroup) * PRICING_LANES, memory.rows.base)
            group = wanted
        }
        // A block of single steps has its paths side by side in the rows of a group's steps.
        let within = plan.steps == 1 ? 0 : step % stepsAGroup
        let rows = memory.rows
        return StepDraws(
            normal: rows[within], first: rows[plan.uniforms > 0 ? stepsAGroup + within : within],
            second: rows[plan.uniforms > 1 ? 2 * stepsAGroup + within : within])
    }

    private func quasiRandom(_ step: Int) -> StepDraws {
        for index in 0..<plan.uniforms {
            fill(memory.rows[plan.steps + index], plan.steps + step * plan.uniforms + index)
        }
        let rows = memory.rows
        return StepDraws(
            normal: rows[step], first: rows[plan.uniforms > 0 ? plan.steps : step],
            second: rows[plan.uniforms > 1 ? plan.steps + 1 : step])
    }

    private func fill(_ row: UnsafeMutablePointer<Double>, _ dimension: Int) {
        guard let sobol, let randomisation = group, let points = plan.points else { return }
        let first = block * plan.lanes
        if dimension < sobol.dimensions {
            sobol.fill(
                row, dimension: dimension, first: UInt32(truncatingIfNeeded: first),
                randomisation: UInt32(randomisation), lanes: lanes)
            return
        }
        pricing_philox_rows(
            seed, UInt32(truncatingIfNeeded: dimension), UInt32(truncatingIfNeeded: randomisation * points + first),
            Philox.Stream.padding.rawValue, Int32(lanes), padding.rows.base)
        row.update(from: padding.rows.base, count: lanes)
    }
}
