/// A whole number from 0 to 2^256 − 1, the EVM's word.
///
/// No operation traps on its values: sums, differences and products report overflow, divisions by zero are nil.
@frozen
public struct UInt256: Sendable, Hashable {
    /// Least significant first.
    @usableFromInline let l0: UInt64
    @usableFromInline let l1: UInt64
    @usableFromInline let l2: UInt64
    @usableFromInline let l3: UInt64

    /// From four 64-bit limbs, the least significant first.
    @inlinable
    public init(limbs l0: UInt64, _ l1: UInt64, _ l2: UInt64, _ l3: UInt64) {
        self.l0 = l0
        self.l1 = l1
        self.l2 = l2
        self.l3 = l3
    }

    /// The number itself.
    @inlinable
    public init(_ value: UInt64) {
        self.init(limbs: value, 0, 0, 0)
    }

    /// The big-endian reading of 32 bytes.
    @inlinable
    public init(_ word: Bytes32) {
        self.init(limbs: word.w3, word.w2, word.w1, word.w0)
    }

    /// 0.
    @inlinable public static var zero: UInt256 { UInt256(0) }
    /// 1.
    @inlinable public static var one: UInt256 { UInt256(1) }
    /// 2^256 − 1.
    @inlinable public static var max: UInt256 { UInt256(limbs: .max, .max, .max, .max) }

    /// The four 64-bit limbs, the least significant first.
    @inlinable public var limbs: (UInt64, UInt64, UInt64, UInt64) { (l0, l1, l2, l3) }

    /// The number as 32 bytes, most significant first: its ABI word.
    @inlinable public var bigEndian: Bytes32 { Bytes32(words: l3, l2, l1, l0) }

    /// Whether the number is 0.
    @inlinable public var isZero: Bool { l0 | l1 | l2 | l3 == 0 }

    /// The number when it is below 2^64, else nil.
    @inlinable public var asUInt64: UInt64? { l1 | l2 | l3 == 0 ? l0 : nil }

    /// Zero bits before the first one bit: 256 for 0.
    @inlinable public var leadingZeroBitCount: Int {
        if l3 != 0 { return l3.leadingZeroBitCount }
        if l2 != 0 { return 64 + l2.leadingZeroBitCount }
        if l1 != 0 { return 128 + l1.leadingZeroBitCount }
        return 192 + l0.leadingZeroBitCount
    }
}

extension UInt256: Comparable {
    /// By value.
    @inlinable
    public static func < (left: UInt256, right: UInt256) -> Bool {
        if left.l3 != right.l3 { return left.l3 < right.l3 }
        if left.l2 != right.l2 { return left.l2 < right.l2 }
        if left.l1 != right.l1 { return left.l1 < right.l1 }
        return left.l0 < right.l0
    }
}

extension UInt256: ExpressibleByIntegerLiteral {
    /// A literal below 2^64.
    @inlinable
    public init(integerLiteral value: UInt64) {
        self.init(value)
    }
}

extension UInt256: CustomStringConvertible {
    /// Decimal.
    public var description: String { decimalString }
}
