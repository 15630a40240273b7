/// What a path is measured by: state carried from step to step in rows of a block, and quantities in the end.
protocol SamplingFunctional: Sendable {
    /// Steps of a path.
    var steps: Int { get }
    /// Uniform numbers of a step besides its normal.
    var uniforms: Int { get }
    /// How many rows of state.
    var stateRows: Int { get }
    /// What comes out, one row each.
    var quantities: [SampledQuantity] { get }

    /// Sets the state of paths that begin.
    func begin(_ state: LaneRows)
    /// One step; `mirror` is −1 for the antithetic path: its normals and uniforms are the negatives.
    func step(_ number: Int, _ draws: StepDraws, mirror: Double, _ state: LaneRows)
    /// Writes row q of `values` for each quantity, and its control's where it has one (rows of `controls`).
    func finish(_ state: LaneRows, values: LaneRows, controls: LaneRows)
}

/// A quantity whose expectation is wanted.
struct SampledQuantity: Sendable {
    /// A number near its mean, for sums that keep their digits.
    var shift = 0.0
    /// The known expectation of its control, if it has one.
    var controlMean: Double?
    /// How far one sample jumps where the quantity is no continuous function of the path (an indicator's is 1); else 0.
    var unit = 0.0
    /// How far one sample would lie from the others where all that were seen are the same, so that they say nothing of it.
    var unseen = 0.0
}
