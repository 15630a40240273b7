import Market
import StrictJSON

/// The fields of one request to the pricer. Numbers are JSON numbers; each refusal names its field.
struct PriceFields {
    /// What a number must be.
    enum Range {
        case any
        case nonnegative
        case positive
    }

    let object: JSONObject

    /// Any fields.
    init(_ object: JSONObject) { self.object = object }

    /// - Parameter allowed: every key that this kind of request takes, `id` and `kind` among them.
    init(_ object: JSONObject, allowed: [StaticString]) throws(Rejection) {
        self.object = object
        guard let key = object.firstKey(notIn: allowed) else { return }
        let shown = String(decoding: key.prefix(64).map { $0 < 0x20 || $0 == 0x7f ? 63 : $0 }, as: UTF8.self)
        throw Rejection(
            .malformed, code: "unknown_field", field: shown,
            detail: "\(shown) is not a field of this kind of request; remove or correct it.")
    }

    /// A field that must be there.
    func value(_ name: StaticString) throws(Rejection) -> JSONValue {
        guard let value = object[name] else {
            throw Rejection(.malformed, code: "missing_field", field: "\(name)", detail: "\(name) is missing.")
        }
        return value
    }

    /// A number that must be there.
    func number(_ name: StaticString, _ range: Range) throws(Rejection) -> Double {
        try Self.number(try value(name), name, range)
    }

    /// A number that may be absent.
    func number(_ name: StaticString, _ range: Range, or absent: Double) throws(Rejection) -> Double {
        guard let value = object[name] else { return absent }
        return try Self.number(value, name, range)
    }

    private static func number(_ value: JSONValue, _ name: StaticString, _ range: Range) throws(Rejection) -> Double {
        guard let number = value.double else { throw wrongType(name, "a number") }
        guard number.isFinite else { throw outOfRange(name, "must be a number that a double can hold") }
        switch range {
        case .any: break
        case .nonnegative: if number < 0 { throw outOfRange(name, "must be 0 or more") }
        case .positive: if number <= 0 { throw outOfRange(name, "must be above 0") }
        }
        return number
    }

    /// A list of numbers, at least one and at most `most`.
    func numbers(_ name: StaticString, _ range: Range, most: Int) throws(Rejection) -> [Double] {
        guard let elements = try value(name).array else { throw Self.wrongType(name, "a list of numbers") }
        guard !elements.isEmpty, elements.count <= most else {
            throw Self.outOfRange(name, "must hold 1 to \(most) numbers")
        }
        var numbers: [Double] = []
        for element in elements { numbers.append(try Self.number(element, name, range)) }
        return numbers
    }

    /// A whole number that may be absent.
    func integer(_ name: StaticString, in range: ClosedRange<Int>) throws(Rejection) -> Int? {
        guard let value = object[name] else { return nil }
        guard let number = value.double else { throw Self.wrongType(name, "a whole number") }
        guard number == number.rounded(), let whole = Int(exactly: number), range.contains(whole) else {
            throw Self.outOfRange(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return whole
    }

    /// A whole number of 64 bits that may be absent, as a number or, where readers would round it, a decimal string.
    func unsigned(_ name: StaticString) throws(Rejection) -> UInt64? {
        guard let value = object[name] else { return nil }
        guard let text = value.number ?? value.string else { throw Self.wrongType(name, "a whole number") }
        let digits = String(decoding: text, as: UTF8.self)
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let whole = UInt64(digits) else {
            throw Self.outOfRange(name, "must be a whole number from 0 to 18446744073709551615")
        }
        return whole
    }

    /// `true` or `false`; absent is false.
    func flag(_ name: StaticString) throws(Rejection) -> Bool {
        guard let value = object[name] else { return false }
        guard let flag = value.bool else { throw Self.wrongType(name, "true or false") }
        return flag
    }

    /// One of the words that the type knows.
    func word<Word: RawRepresentable & CaseIterable>(_ name: StaticString, as type: Word.Type) throws(Rejection) -> Word
    where Word.RawValue == String {
        let value = try value(name)
        let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
        guard let text = value.string else { throw Self.wrongType(name, "one of \(words)") }
        guard let word = Word(rawValue: String(decoding: text, as: UTF8.self)) else {
            throw Rejection(
                .malformed, code: "invalid_value", field: "\(name)", detail: "\(name) must be one of \(words).")
        }
        return word
    }

    /// One of the words that the type knows; may be absent.
    func optionalWord<Word: RawRepresentable & CaseIterable>(
        _ name: StaticString, as type: Word.Type
    ) throws(Rejection) -> Word? where Word.RawValue == String {
        object[name] == nil ? nil : try word(name, as: type)
    }

    static func wrongType(_ name: StaticString, _ wanted: String) -> Rejection {
        Rejection(.malformed, code: "invalid_type", field: "\(name)", detail: "\(name) must be \(wanted).")
    }

    static func outOfRange(_ name: StaticString, _ rule: String) -> Rejection {
        Rejection(.malformed, code: "out_of_range", field: "\(name)", detail: "\(name) \(rule).")
    }
}
