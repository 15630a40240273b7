extension UInt256 {
    /// The sum modulo 2^256, and whether it passed 2^256.
    @inlinable
    public func addingReportingOverflow(_ other: UInt256) -> (partialValue: UInt256, overflow: Bool) {
        var carry: UInt64 = 0
        let s0 = Self.add(l0, other.l0, &carry)
        let s1 = Self.add(l1, other.l1, &carry)
        let s2 = Self.add(l2, other.l2, &carry)
        let s3 = Self.add(l3, other.l3, &carry)
        return (UInt256(limbs: s0, s1, s2, s3), carry != 0)
    }

    /// The difference modulo 2^256, and whether it fell below 0.
    @inlinable
    public func subtractingReportingOverflow(_ other: UInt256) -> (partialValue: UInt256, overflow: Bool) {
        var borrow: UInt64 = 0
        let d0 = Self.subtract(l0, other.l0, &borrow)
        let d1 = Self.subtract(l1, other.l1, &borrow)
        let d2 = Self.subtract(l2, other.l2, &borrow)
        let d3 = Self.subtract(l3, other.l3, &borrow)
        return (UInt256(limbs: d0, d1, d2, d3), borrow != 0)
    }

    /// The product modulo 2^256, and whether it passed 2^256.
    public func multipliedReportingOverflow(by other: UInt256) -> (partialValue: UInt256, overflow: Bool) {
        let product = multipliedFullWidth(by: other)
        return (product.low, !product.high.isZero)
    }

    /// The whole product: high × 2^256 + low.
    public func multipliedFullWidth(by other: UInt256) -> (high: UInt256, low: UInt256) {
        let first = Self.row(other, l0)
        var rest = UInt256(limbs: first.low.l1, first.low.l2, first.low.l3, first.high)
        let r1 = Self.addRow(Self.row(other, l1), to: &rest)
        let r2 = Self.addRow(Self.row(other, l2), to: &rest)
        let r3 = Self.addRow(Self.row(other, l3), to: &rest)
        return (rest, UInt256(limbs: first.low.l0, r1, r2, r3))
    }

    /// Adds a row of the schoolbook product to the limbs above what is final; returns the limb that became final.
    private static func addRow(_ row: (low: UInt256, high: UInt64), to rest: inout UInt256) -> UInt64 {
        let (sum, overflow) = rest.addingReportingOverflow(row.low)
        rest = UInt256(limbs: sum.l1, sum.l2, sum.l3, row.high &+ (overflow ? 1 : 0))
        return sum.l0
    }

    /// The number times one limb: low four limbs and the fifth.
    static func row(_ number: UInt256, _ limb: UInt64) -> (low: UInt256, high: UInt64) {
        let m0 = number.l0.multipliedFullWidth(by: limb)
        let m1 = number.l1.multipliedFullWidth(by: limb)
        let m2 = number.l2.multipliedFullWidth(by: limb)
        let m3 = number.l3.multipliedFullWidth(by: limb)
        var carry: UInt64 = 0
        let r1 = add(m0.high, m1.low, &carry)
        let r2 = add(m1.high, m2.low, &carry)
        let r3 = add(m2.high, m3.low, &carry)
        return (UInt256(limbs: m0.low, r1, r2, r3), m3.high &+ carry)
    }

    /// a + b + carry; carry becomes 0 or 1.
    @inlinable
    @inline(__always)
    static func add(_ a: UInt64, _ b: UInt64, _ carry: inout UInt64) -> UInt64 {
        let (partial, first) = a.addingReportingOverflow(b)
        let (sum, second) = partial.addingReportingOverflow(carry)
        carry = (first || second) ? 1 : 0
        return sum
    }

    /// a − b − borrow; borrow becomes 0 or 1.
    @inlinable
    @inline(__always)
    static func subtract(_ a: UInt64, _ b: UInt64, _ borrow: inout UInt64) -> UInt64 {
        let (partial, first) = a.subtractingReportingOverflow(b)
        let (difference, second) = partial.subtractingReportingOverflow(borrow)
        borrow = (first || second) ? 1 : 0
        return difference
    }
}
