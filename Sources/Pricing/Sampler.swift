internal import CPricing

/// Samples a functional: blocks of paths in a fixed order of sums, so that the bits depend on the seed and the sizes
/// alone, not on the threads nor on the machine.
struct Sampler<Functional: SamplingFunctional>: Sendable {
    let functional: Functional
    let sampling: Sampling
    /// Asked before every block.
    let shouldStop: @Sendable () -> Bool

    private let plan: DrawPlan
    /// Independent samples (paths or antithetic pairs), of each randomisation if there are any.
    private let samples: Int
    private let randomisations: Int

    /// How many blocks a task has at least, and how many tasks there are at most (of one randomisation).
    private static var blocksPerTask: Int { 16 }
    private static var maximumTasks: Int { 4_096 }

    init(_ functional: Functional, _ sampling: Sampling, shouldStop: @escaping @Sendable () -> Bool) {
        self.functional = functional
        self.sampling = sampling
        self.shouldStop = shouldStop
        let available = sampling.antithetic ? sampling.paths / 2 : sampling.paths
        if sampling.sobol {
            // The largest power of two that leaves enough randomisations; what is left over makes more of them.
            let share = max(available / Sampling.randomisations(for: available), 1)
            samples = 1 << (Int.bitWidth - 1 - share.leadingZeroBitCount)
            randomisations = available / samples
        } else {
            samples = available
            randomisations = 1
        }
        plan = DrawPlan(
            steps: functional.steps, uniforms: functional.uniforms, points: sampling.sobol ? samples : nil)
    }

    /// Every path that is simulated.
    var paths: Int { samples * randomisations * (sampling.antithetic ? 2 : 1) }

    /// An estimate of each quantity, in their order.
    func run() throws(SamplingError) -> [SampledValue] {
        let blocks = (samples + plan.lanes - 1) / plan.lanes
        let perTask = max(Self.blocksPerTask, (blocks + Self.maximumTasks - 1) / Self.maximumTasks)
        let tasksPerRandomisation = (blocks + perTask - 1) / perTask
        let tasks = SamplingTasks(count: tasksPerRandomisation * randomisations)
        let sobol =
            sampling.sobol
            ? SobolSequence(
                dimensions: min(plan.dimensions, SobolDirections.dimensions), lanes: plan.lanes, seed: sampling.seed)
            : nil
        SamplingThreads.run(min(max(sampling.threads, 1), 64)) {
            let worker = BlockWorker(functional, sampling, plan: plan, samples: samples, sobol: sobol)
            while let task = tasks.take() {
                let (randomisation, part) = task.quotientAndRemainder(dividingBy: tasksPerRandomisation)
                worker.clear()
                for block in (part * perTask)..<min((part + 1) * perTask, blocks) {
                    if shouldStop() { return tasks.stop() }
                    worker.add(block: block, randomisation: randomisation)
                }
                tasks.finish(task, worker.sums)
            }
        }
        guard let results = tasks.results else { throw .stopped }
        return values(results, tasksPerRandomisation: tasksPerRandomisation)
    }

    private func values(_ results: [[Double]], tasksPerRandomisation: Int) -> [SampledValue] {
        let width = functional.quantities.count * SampledMoments.sums
        let perRandomisation = (0..<randomisations).map { randomisation in
            var sums = [Double](repeating: 0, count: width)
            for part in 0..<tasksPerRandomisation {
                for (place, value) in results[randomisation * tasksPerRandomisation + part].enumerated() {
                    sums[place] += value
                }
            }
            return sums
        }
        return functional.quantities.enumerated().map { index, quantity in
            let place = index * SampledMoments.sums
            let isControlled = sampling.controlVariate && quantity.controlMean != nil
            let resolution = quantity.unit / Double(samples * randomisations)
            let unseen = quantity.unseen / Double(samples * randomisations)
            guard sampling.sobol else {
                let moments = SampledMoments(
                    count: Double(samples), sum: perRandomisation[0][place..<(place + SampledMoments.sums)])
                return moments.value(
                    shift: quantity.shift, isControlled: isControlled, resolution: resolution, unseen: unseen)
            }
            // Each randomisation's means are one sample.
            var sums = [Double](repeating: 0, count: SampledMoments.sums)
            let centre = perRandomisation[0][place] / Double(samples)
            for randomisation in perRandomisation {
                let value = randomisation[place] / Double(samples) - centre
                let control = randomisation[place + 2] / Double(samples)
                for (index, term) in [value, value * value, control, control * control, value * control].enumerated() {
                    sums[index] += term
                }
            }
            return SampledMoments(count: Double(randomisations), sum: sums[...]).value(
                shift: quantity.shift + centre, isControlled: isControlled, resolution: resolution, unseen: unseen)
        }
    }
}

/// One thread's rows and sums.
final class BlockWorker<Functional: SamplingFunctional> {
    /// For each quantity five sums, as `SampledMoments` takes them.
    private(set) var sums: [Double]
    private let functional: Functional
    private let quantities: [SampledQuantity]
    private let sampling: Sampling
    private let plan: DrawPlan
    private let samples: Int
    private let draws: PathDraws
    private let state: RowMemory
    private let values: RowMemory
    private let mirrored: RowMemory

    init(_ functional: Functional, _ sampling: Sampling, plan: DrawPlan, samples: Int, sobol: SobolSequence?) {
        self.functional = functional
        self.sampling = sampling
        self.plan = plan
        self.samples = samples
        quantities = functional.quantities
        sums = [Double](repeating: 0, count: quantities.count * SampledMoments.sums)
        draws = PathDraws(plan: plan, seed: sampling.seed, sobol: sobol)
        state = RowMemory(rows: functional.stateRows * (sampling.antithetic ? 2 : 1), stride: plan.lanes)
        values = RowMemory(rows: quantities.count * 2, stride: plan.lanes)
        mirrored = RowMemory(rows: sampling.antithetic ? quantities.count * 2 : 0, stride: plan.lanes)
    }

    func clear() {
        for index in sums.indices { sums[index] = 0 }
    }

    /// Simulates a block and adds what it comes to.
    func add(block: Int, randomisation: Int) {
        let lanes = min(plan.lanes, samples - block * plan.lanes)
        if sampling.sobol {
            draws.begin(block: block, randomisation: randomisation)
        } else {
            draws.begin(block: block, lanes: lanes)
        }
        var own = state.rows
        own.lanes = lanes
        let other = own.from(functional.stateRows)
        functional.begin(own)
        if sampling.antithetic { functional.begin(other) }
        for step in 0..<plan.steps {
            let numbers = draws.step(step)
            functional.step(step, numbers, mirror: 1, own)
            if sampling.antithetic { functional.step(step, numbers, mirror: -1, other) }
        }
        finish(own, other, lanes)
    }

    private func finish(_ own: LaneRows, _ other: LaneRows, _ lanes: Int) {
        var rows = values.rows
        rows.lanes = lanes
        functional.finish(own, values: rows, controls: rows.from(quantities.count))
        if sampling.antithetic {
            var second = mirrored.rows
            second.lanes = lanes
            functional.finish(other, values: second, controls: second.from(quantities.count))
            let used = sampling.controlVariate ? quantities.count * 2 : quantities.count
            for row in 0..<used { pricing_average(Int32(lanes), second[row], rows[row]) }
        }
        sums.withUnsafeMutableBufferPointer { sums in
            guard let base = sums.baseAddress else { return }
            for (index, quantity) in quantities.enumerated() {
                let place = base + index * SampledMoments.sums
                if sampling.controlVariate, let mean = quantity.controlMean {
                    pricing_sums_controlled(
                        Int32(lanes), rows[index], quantity.shift, rows[quantities.count + index], mean, place)
                } else {
                    pricing_sums(Int32(lanes), rows[index], quantity.shift, place)
                }
            }
        }
    }
}
