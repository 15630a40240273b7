extension UInt256 {
    /// 10^19, the largest power of ten below 2^64.
    private static let chunk: UInt64 = 10_000_000_000_000_000_000
    private static let chunkDigits = 19
    /// Decimal digits of 2^256 − 1.
    private static let maxDigits = 78

    /// ASCII decimal, strictly: `0` or digits without a leading zero, nothing else, below 2^256; else nil.
    @inlinable
    public init?(decimal: some Collection<UInt8>) {
        let parsed = decimal.withContiguousStorageIfAvailable { UInt256(decimalDigits: UnsafeRawBufferPointer($0)) }
        guard let value = parsed ?? Array(decimal).withUnsafeBytes({ UInt256(decimalDigits: $0) }) else { return nil }
        self = value
    }

    /// Decimal, strictly: `0` or ASCII digits without a leading zero, nothing else, below 2^256; else nil.
    public init?(decimal text: String) {
        self.init(decimal: text.utf8)
    }

    /// `0x` and 1 to 64 hex digits of either case (leading zeros allowed); else nil.
    @inlinable
    public init?(hex: some Collection<UInt8>) {
        let parsed = hex.withContiguousStorageIfAvailable { UInt256(hexDigits: UnsafeRawBufferPointer($0)) }
        guard let value = parsed ?? Array(hex).withUnsafeBytes({ UInt256(hexDigits: $0) }) else { return nil }
        self = value
    }

    /// `0x` and 1 to 64 hex digits of either case (leading zeros allowed); else nil.
    public init?(hex text: String) {
        self.init(hex: text.utf8)
    }

    /// The number in decimal.
    public var decimalString: String {
        var ascii: [UInt8] = []
        appendDecimal(to: &ascii)
        return String(decoding: ascii, as: UTF8.self)
    }

    /// Appends the number in ASCII decimal.
    public func appendDecimal(to ascii: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.maxDigits + Self.chunkDigits) { digits in
            var start = digits.count
            var rest = self
            while true {
                var group = rest.divideByChunk()
                let last = rest.isZero
                for _ in 0..<Self.chunkDigits where !last || group > 0 {
                    start -= 1
                    digits.initializeElement(at: start, to: UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: group % 10))
                    group /= 10
                }
                if last { break }
            }
            if start == digits.count {
                start -= 1
                digits.initializeElement(at: start, to: UInt8(ascii: "0"))
            }
            ascii.append(contentsOf: UnsafeMutableBufferPointer(rebasing: digits[start...]))
        }
    }

    @usableFromInline
    init?(decimalDigits ascii: UnsafeRawBufferPointer) {
        guard let first = ascii.first, ascii.count <= Self.maxDigits, first != UInt8(ascii: "0") || ascii.count == 1
        else { return nil }
        var value = UInt256.zero
        var index = 0
        while index < ascii.count {
            // The first group takes what makes the rest whole groups.
            let end = index + ((ascii.count - index - 1) % Self.chunkDigits + 1)
            var group: UInt64 = 0
            while index < end {
                let digit = ascii[index] &- UInt8(ascii: "0")
                guard digit < 10 else { return nil }
                group = group &* 10 &+ UInt64(digit)
                index += 1
            }
            guard value.appendChunk(group) else { return nil }
        }
        self = value
    }

    @usableFromInline
    init?(hexDigits ascii: UnsafeRawBufferPointer) {
        guard (3...66).contains(ascii.count), Hex.hasPrefix(ascii) else { return nil }
        var limbs: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        var end = ascii.count
        for index in 0..<4 where end > 2 {
            let start = Swift.max(2, end - 16)
            guard let limb = Hex.word(ascii, at: start, digits: end - start) else { return nil }
            switch index {
            case 0: limbs.0 = limb
            case 1: limbs.1 = limb
            case 2: limbs.2 = limb
            default: limbs.3 = limb
            }
            end = start
        }
        self.init(limbs: limbs.0, limbs.1, limbs.2, limbs.3)
    }

    /// self × 10^19 + group; false when that passes 2^256.
    private mutating func appendChunk(_ group: UInt64) -> Bool {
        let (product, high) = Self.row(self, Self.chunk)
        let (sum, overflow) = product.addingReportingOverflow(UInt256(group))
        self = sum
        return high == 0 && !overflow
    }

    /// Divides by 10^19 in place and returns the remainder.
    private mutating func divideByChunk() -> UInt64 {
        let q3 = l3.quotientAndRemainder(dividingBy: Self.chunk)
        let q2 = Self.chunk.dividingFullWidth((q3.remainder, l2))
        let q1 = Self.chunk.dividingFullWidth((q2.remainder, l1))
        let q0 = Self.chunk.dividingFullWidth((q1.remainder, l0))
        self = UInt256(limbs: q0.quotient, q1.quotient, q2.quotient, q3.quotient)
        return q0.remainder
    }
}
