/// One JSON value as it was sent. Numbers stay raw text, so that the field decides what it takes; strings are unescaped
/// UTF-8. Slices share the input's memory wherever there was no escape.
public enum JSONValue: Sendable {
    /// `null`
    case null
    /// `true` or `false`
    case bool(Bool)
    /// The number's own characters, in RFC 8259's grammar: `1`, `-0`, `1e3`.
    case number(ArraySlice<UInt8>)
    /// The string's unescaped UTF-8.
    case string(ArraySlice<UInt8>)
    /// The elements in order.
    case array([JSONValue])
    /// The members in order; no two keys are equal.
    case object(JSONObject)

    /// The members when this is an object.
    public var object: JSONObject? { if case .object(let object) = self { object } else { nil } }
    /// The elements when this is an array.
    public var array: [JSONValue]? { if case .array(let array) = self { array } else { nil } }
    /// The unescaped UTF-8 when this is a string.
    public var string: ArraySlice<UInt8>? { if case .string(let bytes) = self { bytes } else { nil } }
    /// The raw text when this is a number.
    public var number: ArraySlice<UInt8>? { if case .number(let text) = self { text } else { nil } }
    /// The truth value when this is one.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// Whether this is `null`.
    public var isNull: Bool { if case .null = self { true } else { false } }
    /// The nearest double when this is a number, infinite when none is near.
    public var double: Double? { number.flatMap { Double(String(decoding: $0, as: UTF8.self)) } }
}
