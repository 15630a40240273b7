import Ethereum

/// Natural numbers of any size by schoolbook arithmetic on base-2^32 digits: the independent reference of `UInt256`.
struct SlowNumber: Equatable, Comparable {
    /// Least significant first, no zero at the top.
    var digits: [UInt32]

    init(digits: [UInt32]) {
        self.digits = digits
        while self.digits.last == 0 { self.digits.removeLast() }
    }

    init(_ number: UInt256) {
        let limbs = number.limbs
        self.init(
            digits: [limbs.0, limbs.1, limbs.2, limbs.3].flatMap {
                [UInt32(truncatingIfNeeded: $0), UInt32($0 >> 32)]
            })
    }

    /// The number, when it has at most 256 bits.
    var asUInt256: UInt256? {
        guard digits.count <= 8 else { return nil }
        let padded = digits + [UInt32](repeating: 0, count: 8 - digits.count)
        let limbs = stride(from: 0, to: 8, by: 2).map { UInt64(padded[$0]) | UInt64(padded[$0 + 1]) << 32 }
        return UInt256(limbs: limbs[0], limbs[1], limbs[2], limbs[3])
    }

    /// 2^256
    static let modulus = SlowNumber(digits: [0, 0, 0, 0, 0, 0, 0, 0, 1])

    static func < (left: SlowNumber, right: SlowNumber) -> Bool {
        if left.digits.count != right.digits.count { return left.digits.count < right.digits.count }
        for (one, other) in zip(left.digits.reversed(), right.digits.reversed()) where one != other {
            return one < other
        }
        return false
    }

    static func + (left: SlowNumber, right: SlowNumber) -> SlowNumber {
        var sum: [UInt32] = []
        var carry: UInt64 = 0
        for index in 0..<max(left.digits.count, right.digits.count) {
            carry += index < left.digits.count ? UInt64(left.digits[index]) : 0
            carry += index < right.digits.count ? UInt64(right.digits[index]) : 0
            sum.append(UInt32(truncatingIfNeeded: carry))
            carry >>= 32
        }
        return SlowNumber(digits: sum + [UInt32(carry)])
    }

    static func * (left: SlowNumber, right: SlowNumber) -> SlowNumber {
        var product = [UInt32](repeating: 0, count: left.digits.count + right.digits.count + 1)
        for (offset, digit) in left.digits.enumerated() {
            var carry: UInt64 = 0
            for (index, other) in right.digits.enumerated() {
                carry += UInt64(product[offset + index]) + UInt64(digit) * UInt64(other)
                product[offset + index] = UInt32(truncatingIfNeeded: carry)
                carry >>= 32
            }
            product[offset + right.digits.count] = UInt32(carry)
        }
        return SlowNumber(digits: product)
    }

    /// Decimal by dividing by ten, digit after digit.
    var decimal: String {
        var rest = digits
        var text: [Character] = []
        while rest.contains(where: { $0 != 0 }) {
            var remainder: UInt64 = 0
            for index in rest.indices.reversed() {
                remainder = remainder << 32 | UInt64(rest[index])
                rest[index] = UInt32(remainder / 10)
                remainder %= 10
            }
            text.append(Character(String(remainder)))
        }
        return text.isEmpty ? "0" : String(text.reversed())
    }
}

extension SplitMix {
    /// Numbers of every width, with the edges of limbs and of the range far more often than chance would have it.
    mutating func number() -> UInt256 {
        switch next() % 8 {
        case 0:
            return [UInt256.zero, .one, .max, UInt256(.max), UInt256(limbs: 0, 1, 0, 0)].randomElement(using: &self)!
        case 1: return power(of: next() % 256)
        case 2: return power(of: next() % 256).subtractingReportingOverflow(.one).partialValue
        case 3, 4: return UInt256(limbs: limb(), limb(), limb(), limb())
        default:
            let width = next() % 257
            let limbs = (0..<4).map { index -> UInt64 in
                let bits = min(64, max(0, Int(width) - index * 64))
                return bits == 0 ? 0 : next() >> UInt64(64 - bits)
            }
            return UInt256(limbs: limbs[0], limbs[1], limbs[2], limbs[3])
        }
    }

    private mutating func limb() -> UInt64 {
        switch next() % 6 {
        case 0: 0
        case 1: .max
        case 2: 1 << 63
        case 3: (1 << 63) - next() % 2
        case 4: next() % 3
        default: next()
        }
    }

    private func power(of exponent: UInt64) -> UInt256 {
        let limbs = (0..<4).map { UInt64($0) == exponent / 64 ? UInt64(1) << (exponent % 64) : 0 }
        return UInt256(limbs: limbs[0], limbs[1], limbs[2], limbs[3])
    }
}
