/// Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw ("Parallel random numbers: as easy as
/// 1, 2, 3", 2011): a number's place alone decides it, so that any thread can make any part of a sequence.
public struct Philox: Sendable, Equatable {
    /// Both words of the key: the seed, low word first.
    public let key: SIMD2<UInt32>

    /// The generator of a seed.
    public init(seed: UInt64) {
        key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    }

    /// The four words that belong to a counter.
    public func block(_ counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
        var (word, key) = (counter, key)
        for _ in 0..<10 {
            let first = word[0].multipliedFullWidth(by: 0xD251_1F53)
            let second = word[2].multipliedFullWidth(by: 0xCD9E_8D57)
            word = SIMD4(second.high ^ word[1] ^ key[0], second.low, first.high ^ word[3] ^ key[1], first.low)
            key &+= SIMD2(0x9E37_79B9, 0xBB67_AE85)
        }
        return word
    }

    /// A standard normal of full precision: 52 bits of the block at (`step`, `path`, `stream`), through the inverse.
    public func normal(step: UInt64, path: UInt32, stream: Stream) -> Double {
        let word = block(
            SIMD4(
                UInt32(truncatingIfNeeded: step), UInt32(truncatingIfNeeded: step >> 32), path, stream.rawValue))
        return InverseNormal.fromBits(UInt64(word[0]) << 32 | UInt64(word[1]))
    }

    /// What a sequence is for: the last word of the counter, so that two uses of one seed share no number.
    public struct Stream: RawRepresentable, Sendable, Equatable {
        /// The word.
        public let rawValue: UInt32

        /// A stream by its number.
        public init(rawValue: UInt32) {
            self.rawValue = rawValue
        }

        /// The live market's price and simulated paths.
        public static let market = Stream(rawValue: 0)
        /// Draws of the Monte Carlo engine.
        public static let sampling = Stream(rawValue: 1)
        /// Keys of the scrambling of quasi-random points.
        public static let scrambling = Stream(rawValue: 2)
        /// Draws beyond the dimensions of the quasi-random sequence.
        public static let padding = Stream(rawValue: 3)
    }
}
