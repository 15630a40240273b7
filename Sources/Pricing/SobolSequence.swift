internal import CPricing

/// Points of Sobol's sequence under nested uniform (Owen) scrambling, a block of consecutive points at a time.
///
/// The scrambling is Laine and Karras' hash with Vegdahl's constants: every randomisation keeps the sequence's nets, and
/// each point by itself is uniform, so that the mean over a randomisation is unbiased.
struct SobolSequence: Sendable {
    /// How many dimensions there are; no more than `SobolDirections.dimensions`.
    let dimensions: Int
    /// How many points a block has, a power of two.
    let lanes: Int
    private let low: [UInt32]
    private let philox: Philox

    /// A sequence under the randomisations of a seed.
    init(dimensions: Int, lanes: Int, seed: UInt64) {
        precondition(dimensions <= SobolDirections.dimensions && lanes & (lanes - 1) == 0)
        self.dimensions = dimensions
        self.lanes = lanes
        philox = Philox(seed: seed)
        // Each point is that with its lowest bit cleared and one direction number more.
        var low = [UInt32](repeating: 0, count: dimensions * lanes)
        for dimension in 0..<dimensions {
            for index in 1..<max(lanes, 1) {
                low[dimension * lanes + index] =
                    low[dimension * lanes + (index & (index - 1))]
                    ^ SobolDirections.reversed[dimension * 32 + index.trailingZeroBitCount]
            }
        }
        self.low = low
    }

    /// The fraction of a point in one dimension, its 32 bits reversed; the points in natural order.
    static func reversedPoint(_ index: UInt32, dimension: Int) -> UInt32 {
        var (rest, bits) = (index, UInt32(0))
        while rest != 0 {
            bits ^= SobolDirections.reversed[dimension * 32 + rest.trailingZeroBitCount]
            rest &= rest - 1
        }
        return bits
    }

    /// Writes one dimension of the points from `first` (a multiple of `lanes`) on, as numbers in (−1/2, 1/2).
    func fill(
        _ row: UnsafeMutablePointer<Double>, dimension: Int, first: UInt32, randomisation: UInt32, lanes: Int
    ) {
        let key = philox.block(SIMD4(UInt32(dimension), 0, randomisation, Philox.Stream.scrambling.rawValue))
        low.withUnsafeBufferPointer { low in
            guard let base = low.baseAddress else { return }
            pricing_sobol_row(
                Self.reversedPoint(first, dimension: dimension), base + dimension * self.lanes, key[0], Int32(lanes),
                row)
        }
    }
}
