extension UInt256 {
    /// Quotient and remainder, nil when the divisor is 0.
    public func quotientAndRemainder(dividingBy divisor: UInt256) -> (quotient: UInt256, remainder: UInt256)? {
        guard !divisor.isZero else { return nil }
        if let small = asUInt64, let smallDivisor = divisor.asUInt64 {
            let (quotient, remainder) = small.quotientAndRemainder(dividingBy: smallDivisor)
            return (UInt256(quotient), UInt256(remainder))
        }
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 5) { numerator in
            numerator.initialize(repeating: 0)
            Self.store(self, in: numerator, at: 0)
            let (quotient, remainder) = LongDivision(by: divisor).divide(numerator)
            return quotient.map { ($0, remainder) }
        }
    }

    /// floor(a × b / d) with a 512-bit product; nil when d is 0 or the result does not fit in 256 bits.
    public static func mulDivFloor(_ a: UInt256, _ b: UInt256, _ d: UInt256) -> UInt256? {
        guard !d.isZero else { return nil }
        let product = a.multipliedFullWidth(by: b)
        guard !product.high.isZero else { return product.low.quotientAndRemainder(dividingBy: d)?.quotient }
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 9) { numerator in
            numerator.initialize(repeating: 0)
            store(product.low, in: numerator, at: 0)
            store(product.high, in: numerator, at: 4)
            return LongDivision(by: d).divide(numerator).quotient
        }
    }

    /// floor(a × b × c / d) with a 768-bit product; nil when d is 0 or the result does not fit in 256 bits.
    public static func mulDivFloor(_ a: UInt256, _ b: UInt256, _ c: UInt256, _ d: UInt256) -> UInt256? {
        guard !d.isZero else { return nil }
        let product = a.multipliedFullWidth(by: b)
        guard !product.high.isZero else { return mulDivFloor(product.low, c, d) }
        let low = product.low.multipliedFullWidth(by: c)
        let high = product.high.multipliedFullWidth(by: c)
        let middle = high.low.addingReportingOverflow(low.high)
        // high.high ≤ 2^256 − 2, so the carry cannot pass.
        let top = high.high.addingReportingOverflow(middle.overflow ? .one : .zero).partialValue
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 13) { numerator in
            numerator.initialize(repeating: 0)
            store(low.low, in: numerator, at: 0)
            store(middle.partialValue, in: numerator, at: 4)
            store(top, in: numerator, at: 8)
            return LongDivision(by: d).divide(numerator).quotient
        }
    }

    /// How n1/d1 compares with n2/d2, exactly, by 512-bit cross products. A zero denominator counts as infinite.
    public static func compareFractions(
        _ n1: UInt256, _ d1: UInt256, _ n2: UInt256, _ d2: UInt256
    ) -> FractionOrder {
        if d1.isZero || d2.isZero {
            if d1.isZero == d2.isZero { return .equal }
            return d1.isZero ? .greater : .less
        }
        let left = n1.multipliedFullWidth(by: d2)
        let right = n2.multipliedFullWidth(by: d1)
        if left == right { return .equal }
        return left.high != right.high
            ? (left.high < right.high ? .less : .greater) : (left.low < right.low ? .less : .greater)
    }

    /// Order of two fractions.
    public enum FractionOrder: Sendable, Hashable {
        /// The first is smaller.
        case less
        /// Both are equal.
        case equal
        /// The first is larger.
        case greater
    }

    private static func store(_ number: UInt256, in limbs: UnsafeMutableBufferPointer<UInt64>, at index: Int) {
        limbs[index] = number.l0
        limbs[index + 1] = number.l1
        limbs[index + 2] = number.l2
        limbs[index + 3] = number.l3
    }
}
