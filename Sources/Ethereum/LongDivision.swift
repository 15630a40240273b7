/// Long division in base 2^64 (Knuth, The Art of Computer Programming 2, 4.3.1, algorithm D) by a divisor of at most
/// four limbs. Limbs are least significant first; arithmetic that the algorithm proves to fit wraps instead of trapping.
struct LongDivision {
    /// Significant limbs of the divisor, 1…4.
    private let size: Int
    /// Bits the divisor was shifted up so that its top bit is set.
    private let shift: UInt64
    private let divisor: (UInt64, UInt64, UInt64, UInt64)

    /// Division by a number that is not 0.
    init(by number: UInt256) {
        let zeros = number.leadingZeroBitCount
        size = 4 - zeros / 64
        shift = UInt64(zeros % 64)
        divisor = (
            number.l0 &<< shift,
            Self.shifted(number.l1, number.l0, shift),
            Self.shifted(number.l2, number.l1, shift),
            Self.shifted(number.l3, number.l2, shift)
        )
    }

    /// Divides the numerator, which has one zero limb of room at its top and at least five limbs, and is used up.
    /// The quotient is nil when it does not fit in 256 bits.
    func divide(_ numerator: UnsafeMutableBufferPointer<UInt64>) -> (quotient: UInt256?, remainder: UInt256) {
        for index in stride(from: numerator.count - 1, to: 0, by: -1) {
            numerator[index] = Self.shifted(numerator[index], numerator[index - 1], shift)
        }
        numerator[0] = numerator[0] &<< shift
        var quotient: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        var fits = true
        for position in stride(from: numerator.count - 1 - size, through: 0, by: -1) {
            let digit = nextDigit(numerator, at: position)
            switch position {
            case 0: quotient.0 = digit
            case 1: quotient.1 = digit
            case 2: quotient.2 = digit
            case 3: quotient.3 = digit
            default: fits = fits && digit == 0
            }
        }
        let remainder = UInt256(
            limbs: Self.unshifted(numerator[0], numerator[1], shift),
            Self.unshifted(numerator[1], numerator[2], shift),
            Self.unshifted(numerator[2], numerator[3], shift),
            Self.unshifted(numerator[3], numerator[4], shift))
        return (fits ? UInt256(limbs: quotient.0, quotient.1, quotient.2, quotient.3) : nil, remainder)
    }

    /// Steps D3 to D6: one digit of the quotient, its multiple of the divisor taken off the numerator.
    private func nextDigit(_ numerator: UnsafeMutableBufferPointer<UInt64>, at position: Int) -> UInt64 {
        var digit = estimate(numerator, at: position)
        var carry: UInt64 = 0
        var borrow: UInt64 = 0
        for index in 0..<size {
            let product = digit.multipliedFullWidth(by: limb(index))
            let (low, passed) = product.low.addingReportingOverflow(carry)
            carry = product.high &+ (passed ? 1 : 0)
            numerator[position + index] = UInt256.subtract(numerator[position + index], low, &borrow)
        }
        numerator[position + size] = UInt256.subtract(numerator[position + size], carry, &borrow)
        if borrow != 0 {
            digit &-= 1
            var back: UInt64 = 0
            for index in 0..<size {
                numerator[position + index] = UInt256.add(numerator[position + index], limb(index), &back)
            }
            numerator[position + size] &+= back
        }
        return digit
    }

    /// Step D3: the digit from the top limbs alone, at most one too large.
    private func estimate(_ numerator: UnsafeMutableBufferPointer<UInt64>, at position: Int) -> UInt64 {
        let top = numerator[position + size]
        let next = numerator[position + size - 1]
        let first = limb(size - 1)
        var digit: UInt64 = .max
        var rest: UInt64
        if top < first {
            (digit, rest) = first.dividingFullWidth((top, next))
        } else {
            let (sum, overflow) = next.addingReportingOverflow(first)
            if overflow { return digit }
            rest = sum
        }
        guard size > 1 else { return digit }
        let second = limb(size - 2)
        let third = numerator[position + size - 2]
        while true {
            let product = digit.multipliedFullWidth(by: second)
            guard product.high > rest || (product.high == rest && product.low > third) else { return digit }
            digit &-= 1
            let (sum, overflow) = rest.addingReportingOverflow(first)
            if overflow { return digit }
            rest = sum
        }
    }

    @inline(__always)
    private func limb(_ index: Int) -> UInt64 {
        switch index {
        case 0: divisor.0
        case 1: divisor.1
        case 2: divisor.2
        default: divisor.3
        }
    }

    /// The limb of a number shifted up by less than 64 bits, from itself and the limb below.
    @inline(__always)
    private static func shifted(_ limb: UInt64, _ below: UInt64, _ shift: UInt64) -> UInt64 {
        limb &<< shift | (below >> 1) &>> (63 &- shift)
    }

    /// The limb of a number shifted down by less than 64 bits, from itself and the limb above.
    @inline(__always)
    private static func unshifted(_ limb: UInt64, _ above: UInt64, _ shift: UInt64) -> UInt64 {
        limb &>> shift | (above &<< 1) &<< (63 &- shift)
    }
}
