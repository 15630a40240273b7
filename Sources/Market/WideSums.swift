import Ethereum

// Sums whose bounds the caller knows. They wrap where the caller is wrong, as UInt64's operators of these names do.
extension UInt256 {
    static func &+ (left: UInt256, right: UInt256) -> UInt256 { left.addingReportingOverflow(right).partialValue }

    static func &- (left: UInt256, right: UInt256) -> UInt256 { left.subtractingReportingOverflow(right).partialValue }

    static func &* (left: UInt256, right: UInt256) -> UInt256 {
        left.multipliedReportingOverflow(by: right).partialValue
    }

    /// The sum, or 2^256 − 1 where that is less.
    func saturatingAdd(_ other: UInt256) -> UInt256 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }

    /// ceil(a × b ÷ d) with a 512-bit product; nil when d is 0 or the floor does not fit in 256 bits.
    static func mulDivCeil(_ a: UInt256, _ b: UInt256, _ d: UInt256) -> UInt256? {
        guard let (quotient, remainder) = mulDivRemainder(a, b, d) else { return nil }
        return remainder.isZero ? quotient : quotient.saturatingAdd(.one)
    }

    /// a × b = quotient × d + remainder; nil when d is 0 or the quotient does not fit in 256 bits.
    static func mulDivRemainder(_ a: UInt256, _ b: UInt256, _ d: UInt256) -> (quotient: UInt256, remainder: UInt256)? {
        guard let quotient = mulDivFloor(a, b, d) else { return nil }
        // The remainder is below 2^256, so arithmetic modulo 2^256 finds it.
        return (quotient, (a &* b) &- (quotient &* d))
    }

    /// self ÷ divisor, a divisor that the caller knows not to be 0.
    func dividedFloor(_ divisor: UInt256) -> UInt256 {
        quotientAndRemainder(dividingBy: divisor)?.quotient ?? .zero
    }

    func dividedCeil(_ divisor: UInt256) -> UInt256 {
        guard let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor) else { return .zero }
        return remainder.isZero ? quotient : quotient &+ .one
    }
}
