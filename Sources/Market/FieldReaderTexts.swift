public import StrictJSON

extension FieldReader {
    /// The value of a field that may be absent; `null` counts as absent.
    public func present(_ name: StaticString) -> JSONValue? {
        guard let value = object[name], !value.isNull else { return nil }
        return value
    }

    /// A string of so many bytes of UTF-8.
    public func text(_ name: StaticString, _ place: Int, bytes: ClosedRange<Int>) throws(Rejection) -> String {
        try Self.text(try value(name, place), name, bytes: bytes)
    }

    /// The same of a value at hand.
    public static func text(
        _ value: JSONValue, _ name: StaticString, bytes: ClosedRange<Int>
    ) throws(Rejection) -> String {
        guard let text = value.string else { throw wrongType(name, "a string") }
        guard bytes.contains(text.count) else {
            throw Rejection(
                .malformed, .invalidLength, field: name.description,
                "\(name) must have \(bytes.lowerBound) to \(bytes.upperBound) bytes of UTF-8; it has \(text.count).")
        }
        return String(decoding: text, as: UTF8.self)
    }
}
