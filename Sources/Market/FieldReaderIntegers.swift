public import Ethereum
import StrictJSON

extension FieldReader {
    /// A decimal string below 2^256, or a JSON integer of at most 2^53 − 1.
    public func uint256(_ name: StaticString, _ place: Int) throws(Rejection) -> UInt256 {
        switch try value(name, place) {
        case .string(let text):
            if let value = UInt256(decimal: text) { return value }
            throw Self.broken(text, name, bits: 256)
        case .number(let text):
            return UInt256(try Self.exact(text, name, bits: 256))
        default:
            throw wrongType(name, "a decimal string")
        }
    }

    /// A JSON integer of at most 2^53 − 1 or a decimal string, below 2^64.
    func uint64(_ name: StaticString, _ place: Int) throws(Rejection) -> UInt64 {
        try integer(name, place, bits: 64)
    }

    /// A JSON integer or a decimal string, below 2^16.
    func uint16(_ name: StaticString, _ place: Int) throws(Rejection) -> UInt16 {
        guard let value = UInt16(exactly: try integer(name, place, bits: 16)) else {
            throw Self.outOfRange(name, bits: 16)
        }
        return value
    }

    private func integer(_ name: StaticString, _ place: Int, bits: Int) throws(Rejection) -> UInt64 {
        try Self.integer(try value(name, place), name, bits: bits)
    }

    /// A JSON integer or a decimal string of at most so many bits, up to 64.
    static func integer(_ value: JSONValue, _ name: StaticString, bits: Int) throws(Rejection) -> UInt64 {
        switch value {
        case .string(let text):
            if let value = UInt256(decimal: text)?.asUInt64 { return value }
            throw broken(text, name, bits: bits)
        case .number(let text):
            return try exact(text, name, bits: bits)
        default:
            throw wrongType(name, "an integer or a decimal string")
        }
    }

    /// A JSON number that is written as a plain integer and that every reader keeps exact.
    private static func exact(_ text: ArraySlice<UInt8>, _ name: StaticString, bits: Int) throws(Rejection) -> UInt64 {
        guard let value = UInt256(decimal: text), bits == 256 || value.asUInt64 != nil else {
            throw broken(text, name, bits: bits)
        }
        guard let value = value.asUInt64, value <= maxExactInteger else {
            throw Rejection(
                .malformed, .integerNotExact, field: name.description,
                "\(name) is a JSON number above 2^53 - 1, which many programs round; send it as a decimal string.")
        }
        return value
    }

    /// Digits that are too many or a number too large, or no decimal at all.
    private static func broken(_ text: ArraySlice<UInt8>, _ name: StaticString, bits: Int) -> Rejection {
        let digits = text.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        if digits, let first = text.first, first != UInt8(ascii: "0") { return outOfRange(name, bits: bits) }
        return Rejection(
            .malformed, .invalidInteger, field: name.description,
            "\(name) must be a decimal integer: digits only, no sign, point, exponent, space or leading zero.")
    }

    private static func outOfRange(_ name: StaticString, bits: Int) -> Rejection {
        Rejection(.malformed, .integerOutOfRange, field: name.description, "\(name) must be below 2^\(bits).")
    }
}
