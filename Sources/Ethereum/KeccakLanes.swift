/// The 25 lanes of the Keccak-f[1600] state, lane (x, y) at index x + 5y, and its permutation
/// (FIPS 202 §3.2; the same in the original Keccak).
///
/// A homogeneous tuple: contiguous in memory, and as much of it as fits lives in registers while it is permuted.
struct KeccakLanes: Sendable {
    typealias Words = (
        UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64,
        UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64,
        UInt64, UInt64, UInt64, UInt64, UInt64
    )
    typealias Row = (UInt64, UInt64, UInt64, UInt64, UInt64)

    var words: Words

    static var zero: KeccakLanes {
        KeccakLanes(words: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    }

    /// All 24 rounds, on lanes of which six are complemented: χ then needs 8 complements a round instead of 25
    /// (Keccak implementation overview 3.2, §2.2). Two rounds a turn, so that fewer values are moved.
    @inline(never)
    mutating func permute() {
        var a = words
        Self.complement(&a)
        roundConstants.withUnsafeBufferPointer { constants in
            for index in stride(from: 0, to: constants.count, by: 2) {
                a = Self.round(a, constants[index])
                a = Self.round(a, constants[index + 1])
            }
        }
        Self.complement(&a)
        words = a
    }

    @inline(__always)
    private static func complement(_ a: inout Words) {
        a.1 = ~a.1
        a.2 = ~a.2
        a.8 = ~a.8
        a.12 = ~a.12
        a.17 = ~a.17
        a.20 = ~a.20
    }

    /// θ, ρ and π, then χ on each new row, and ι on the first lane.
    @inline(__always)
    private static func round(_ a: Words, _ constant: UInt64) -> Words {
        let c0 = a.0 ^ a.5 ^ a.10 ^ a.15 ^ a.20
        let c1 = a.1 ^ a.6 ^ a.11 ^ a.16 ^ a.21
        let c2 = a.2 ^ a.7 ^ a.12 ^ a.17 ^ a.22
        let c3 = a.3 ^ a.8 ^ a.13 ^ a.18 ^ a.23
        let c4 = a.4 ^ a.9 ^ a.14 ^ a.19 ^ a.24
        let d0 = c4 ^ rotate(c1, 1)
        let d1 = c0 ^ rotate(c2, 1)
        let d2 = c1 ^ rotate(c3, 1)
        let d3 = c2 ^ rotate(c4, 1)
        let d4 = c3 ^ rotate(c0, 1)
        let r0 = chi0(
            a.0 ^ d0, rotate(a.6 ^ d1, 44), rotate(a.12 ^ d2, 43), rotate(a.18 ^ d3, 21), rotate(a.24 ^ d4, 14))
        let r1 = chi1(
            rotate(a.3 ^ d3, 28), rotate(a.9 ^ d4, 20), rotate(a.10 ^ d0, 3), rotate(a.16 ^ d1, 45),
            rotate(a.22 ^ d2, 61))
        let r2 = chi2(
            rotate(a.1 ^ d1, 1), rotate(a.7 ^ d2, 6), rotate(a.13 ^ d3, 25), rotate(a.19 ^ d4, 8), rotate(a.20 ^ d0, 18)
        )
        let r3 = chi3(
            rotate(a.4 ^ d4, 27), rotate(a.5 ^ d0, 36), rotate(a.11 ^ d1, 10), rotate(a.17 ^ d2, 15),
            rotate(a.23 ^ d3, 56))
        let r4 = chi4(
            rotate(a.2 ^ d2, 62), rotate(a.8 ^ d3, 55), rotate(a.14 ^ d4, 39), rotate(a.15 ^ d0, 41),
            rotate(a.21 ^ d1, 2))
        return (
            r0.0 ^ constant, r0.1, r0.2, r0.3, r0.4,
            r1.0, r1.1, r1.2, r1.3, r1.4,
            r2.0, r2.1, r2.2, r2.3, r2.4,
            r3.0, r3.1, r3.2, r3.3, r3.4,
            r4.0, r4.1, r4.2, r4.3, r4.4
        )
    }

    @inline(__always)
    private static func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
        (value &<< count) | (value &>> (64 &- count))
    }
}

/// χ, out(x) = b(x) ^ (~b(x+1) & b(x+2)), for each row of the complemented state.
extension KeccakLanes {
    @inline(__always)
    private static func chi0(_ b0: UInt64, _ b1: UInt64, _ b2: UInt64, _ b3: UInt64, _ b4: UInt64) -> Row {
        (b0 ^ (b1 | b2), b1 ^ (~b2 | b3), b2 ^ (b3 & b4), b3 ^ (b4 | b0), b4 ^ (b0 & b1))
    }

    @inline(__always)
    private static func chi1(_ b0: UInt64, _ b1: UInt64, _ b2: UInt64, _ b3: UInt64, _ b4: UInt64) -> Row {
        (b0 ^ (b1 | b2), b1 ^ (b2 & b3), b2 ^ (b3 | ~b4), b3 ^ (b4 | b0), b4 ^ (b0 & b1))
    }

    @inline(__always)
    private static func chi2(_ b0: UInt64, _ b1: UInt64, _ b2: UInt64, _ b3: UInt64, _ b4: UInt64) -> Row {
        (b0 ^ (b1 | b2), b1 ^ (b2 & b3), b2 ^ (~b3 & b4), ~b3 ^ (b4 | b0), b4 ^ (b0 & b1))
    }

    @inline(__always)
    private static func chi3(_ b0: UInt64, _ b1: UInt64, _ b2: UInt64, _ b3: UInt64, _ b4: UInt64) -> Row {
        (b0 ^ (b1 & b2), b1 ^ (b2 | b3), b2 ^ (~b3 | b4), ~b3 ^ (b4 & b0), b4 ^ (b0 | b1))
    }

    @inline(__always)
    private static func chi4(_ b0: UInt64, _ b1: UInt64, _ b2: UInt64, _ b3: UInt64, _ b4: UInt64) -> Row {
        (b0 ^ (~b1 & b2), ~b1 ^ (b2 | b3), b2 ^ (b3 & b4), b3 ^ (b4 | b0), b4 ^ (b0 & b1))
    }
}

/// ι's constants, one a round.
private let roundConstants: [UInt64] = [
    0x0000_0000_0000_0001, 0x0000_0000_0000_8082, 0x8000_0000_0000_808A, 0x8000_0000_8000_8000,
    0x0000_0000_0000_808B, 0x0000_0000_8000_0001, 0x8000_0000_8000_8081, 0x8000_0000_0000_8009,
    0x0000_0000_0000_008A, 0x0000_0000_0000_0088, 0x0000_0000_8000_8009, 0x0000_0000_8000_000A,
    0x0000_0000_8000_808B, 0x8000_0000_0000_008B, 0x8000_0000_0000_8089, 0x8000_0000_0000_8003,
    0x8000_0000_0000_8002, 0x8000_0000_0000_0080, 0x0000_0000_0000_800A, 0x8000_0000_8000_000A,
    0x8000_0000_8000_8081, 0x8000_0000_0000_8080, 0x0000_0000_8000_0001, 0x8000_0000_8000_8008,
]
