/// A number as the sum of two: twice a double's digits (Dekker 1971).
struct ExactSum {
    /// The number, rounded.
    let high: Double
    /// What rounding took from it.
    let low: Double

    @inline(__always)
    init(high: Double, low: Double) {
        self.high = high
        self.low = low
    }

    /// a + b (Knuth's two-sum).
    @inline(__always)
    init(_ a: Double, _ b: Double) {
        high = a + b
        let back = high - a
        low = (a - (high - back)) + (b - back)
    }

    /// a·b.
    @inline(__always)
    init(product a: Double, _ b: Double) {
        high = a * b
        low = (-high).addingProduct(a, b)
    }

    /// a + b where |a| is the larger one.
    @inline(__always)
    static func ordered(_ a: Double, _ b: Double) -> ExactSum {
        let high = a + b
        return ExactSum(high: high, low: b - (high - a))
    }

    /// This times a double, to about 104 bits.
    @inline(__always)
    func times(_ factor: Double) -> ExactSum {
        let product = ExactSum(product: high, factor)
        return Self.ordered(product.high, product.low + low * factor)
    }

    /// This times another, to about 100 bits.
    @inline(__always)
    func times(_ other: ExactSum) -> ExactSum {
        let product = ExactSum(product: high, other.high)
        return Self.ordered(product.high, product.low + (high * other.low + low * other.high))
    }

    /// This and another, to about 100 bits.
    @inline(__always)
    func plus(_ other: ExactSum) -> ExactSum {
        let sum = ExactSum(high, other.high)
        return Self.ordered(sum.high, sum.low + (low + other.low))
    }

    /// This over another, rounded once.
    @inline(__always)
    func divided(by other: ExactSum) -> Double {
        let quotient = high / other.high
        if low == 0 && other.low == 0 { return quotient }
        let rest = high.addingProduct(-quotient, other.high) + (low - quotient * other.low)
        let correction = rest / other.high
        return correction.isFinite ? quotient + correction : quotient
    }

    /// √x.
    @inline(__always)
    static func squareRoot(_ x: Double) -> ExactSum {
        let root = x.squareRoot()
        return ExactSum(high: root, low: x.addingProduct(-root, root) / (2 * root))
    }

    /// The same number with the other sign.
    var negated: ExactSum { ExactSum(high: -high, low: -low) }

    /// 1/6, of a Taylor series.
    private static let sixth = ExactSum(high: 0x1.5555_5555_5555_5p-3, low: 0x1.5555_5555_5555_5p-57)

    /// e^self − 1, to about 90 bits; for |self| below 700.
    ///
    /// A sixteenth of the number, less what is a whole power of 2, by Taylor's series; four times (1 + p)² − 1; then the
    /// power.
    func exponentialLessOne() -> ExactSum {
        let powers = (high * 1.4426950408889634).rounded()
        // ln 2 in three parts, the first of 32 bits: its product with a whole number is exact.
        let r0 = ExactSum(high - powers * 0.693147180369123816490, low)
        let r = r0.plus(ExactSum(product: -powers, 1.90821492927058770002e-10))
            .plus(ExactSum(product: -powers, Self.lastOfLogTwo)).times(0.0625)
        let h = r.high
        // From r⁴/24 on, a double's digits are enough.
        var tail = 1.0 / 39_916_800
        for divisor in [3_628_800.0, 362_880, 40_320, 5_040, 720, 120, 24] { tail = tail * h + 1 / divisor }
        let square = r.times(r)
        let cube = square.times(r)
        var p = r.plus(square.times(0.5)).plus(cube.times(Self.sixth))
        p = p.plus(ExactSum(high: tail * square.high * square.high, low: 0))
        for _ in 0..<4 { p = p.times(2).plus(p.times(p)) }
        guard powers != 0 else { return p }
        let scale = Double(sign: .plus, exponent: Int(powers), significand: 1)
        return ExactSum(scale, -1).plus(p.times(scale))
    }

    /// ln 2 less its first two parts.
    private static let lastOfLogTwo = 1.1612227229362532e-26
}
