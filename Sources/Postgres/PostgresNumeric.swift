/// An unsigned 256-bit integer as four 64-bit limbs, least significant first, bound as `numeric`.
///
/// The binary format is PostgreSQL's: digits to base 10,000, most significant first, with the weight of the first one.
public struct PostgresNumeric: PostgresEncodable, Hashable {
    /// Least significant limb first.
    public let limbs: (UInt64, UInt64, UInt64, UInt64)

    /// A number from its limbs, least significant first.
    public init(limbs: (UInt64, UInt64, UInt64, UInt64)) { self.limbs = limbs }

    /// A number of at most 64 bits.
    public init(_ value: UInt64) { limbs = (value, 0, 0, 0) }

    /// Whether all limbs are equal.
    public static func == (left: PostgresNumeric, right: PostgresNumeric) -> Bool { left.limbs == right.limbs }

    /// Feeds the limbs.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(limbs.0)
        hasher.combine(limbs.1)
        hasher.combine(limbs.2)
        hasher.combine(limbs.3)
    }

    /// `numeric`
    public static var oid: UInt32 { 1700 }
    /// `numeric[]`
    public static var arrayOID: UInt32 { 1231 }

    /// 10,000 to the fourth: the largest power of the base within 64 bits.
    private static let chunk: UInt64 = 10_000_000_000_000_000

    /// Appends the binary format: at most 20 digits, without zeros at either end.
    public func encode(into bytes: inout [UInt8]) {
        var rest = limbs
        // Four base-10,000 digits each, least significant chunk first: 78 decimal digits fit five.
        var chunks: (UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0)
        chunks.0 = Self.divideByChunk(&rest)
        chunks.1 = Self.divideByChunk(&rest)
        chunks.2 = Self.divideByChunk(&rest)
        chunks.3 = Self.divideByChunk(&rest)
        chunks.4 = Self.divideByChunk(&rest)
        withUnsafeTemporaryAllocation(of: UInt16.self, capacity: 20) { digits in
            func split(_ chunk: UInt64, at index: Int) {
                var value = chunk
                for position in 0..<4 {
                    digits[index + position] = UInt16(truncatingIfNeeded: value % 10_000)
                    value /= 10_000
                }
            }
            split(chunks.0, at: 0)
            split(chunks.1, at: 4)
            split(chunks.2, at: 8)
            split(chunks.3, at: 12)
            split(chunks.4, at: 16)
            var high = 20
            while high > 0, digits[high - 1] == 0 { high -= 1 }
            var low = 0
            while low < high, digits[low] == 0 { low += 1 }
            bytes.appendBigEndian(Int16(truncatingIfNeeded: high - low))
            bytes.appendBigEndian(Int16(truncatingIfNeeded: max(high - 1, 0)))
            bytes.appendBigEndian(UInt32(0))  // positive; no decimals shown
            for index in stride(from: high - 1, through: low, by: -1) { bytes.appendBigEndian(digits[index]) }
        }
    }

    /// Divides by ``chunk`` in place and returns the remainder. Leading zero limbs cost nothing.
    private static func divideByChunk(_ value: inout (UInt64, UInt64, UInt64, UInt64)) -> UInt64 {
        var remainder: UInt64 = 0
        if value.3 != 0 { (value.3, remainder) = chunk.dividingFullWidth((remainder, value.3)) }
        if value.2 != 0 || remainder != 0 { (value.2, remainder) = chunk.dividingFullWidth((remainder, value.2)) }
        if value.1 != 0 || remainder != 0 { (value.1, remainder) = chunk.dividingFullWidth((remainder, value.1)) }
        if value.0 != 0 || remainder != 0 { (value.0, remainder) = chunk.dividingFullWidth((remainder, value.0)) }
        return remainder
    }

    /// Reads the binary format.
    ///
    /// - Returns: nil when it is malformed, negative, NaN, infinite, has a fraction or does not fit 256 bits.
    init?(binary: UnsafeRawBufferPointer) {
        func word(_ index: Int) -> UInt16 {
            UInt16(bigEndian: binary.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
        }
        guard binary.count >= 8, word(2) == 0 else { return nil }
        let count = Int(word(0))
        let weight = Int(Int16(bitPattern: word(1)))
        guard binary.count == 8 + 2 * count else { return nil }
        if count == 0 {
            self.init(0)
            return
        }
        guard weight >= count - 1, weight < 20 else { return nil }
        var value: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        var position = 0
        while position <= weight {
            // Up to four digits at a time; digits that are not stored are zero.
            var part: UInt64 = 0
            var scale: UInt64 = 1
            for _ in 0..<4 where position <= weight {
                let digit = position < count ? UInt64(word(4 + position)) : 0
                guard digit < 10_000 else { return nil }
                part = part * 10_000 + digit
                scale *= 10_000
                position += 1
            }
            guard Self.multiply(&value, by: scale, adding: part) else { return nil }
        }
        self.init(limbs: value)
    }

    /// `value × factor + part` in place; false when it does not fit 256 bits.
    private static func multiply(
        _ value: inout (UInt64, UInt64, UInt64, UInt64), by factor: UInt64, adding part: UInt64
    ) -> Bool {
        func step(_ limb: inout UInt64, _ carry: UInt64) -> UInt64 {
            let product = limb.multipliedFullWidth(by: factor)
            let (sum, overflow) = product.low.addingReportingOverflow(carry)
            limb = sum
            return product.high &+ (overflow ? 1 : 0)  // the high half of a product is at most 2^64 − 2
        }
        var carry = step(&value.0, part)
        carry = step(&value.1, carry)
        carry = step(&value.2, carry)
        return step(&value.3, carry) == 0
    }
}
