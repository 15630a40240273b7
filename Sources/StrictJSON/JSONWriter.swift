/// Writes JSON as bytes. Commas come by themselves; keys, values and brackets come in the order they are asked for.
///
///     var json = JSONWriter()
///     json.beginObject()
///     json.key("offerHash")
///     json.ascii { hash.appendHex(to: &$0) }
///     json.key("seq")
///     json.integer(7)
///     json.endObject()
public struct JSONWriter: Sendable {
    /// What has been written.
    public var bytes: [UInt8]
    /// Whether a value stands before the place where the next one goes, in the same object or array.
    private var needsComma = false

    /// An empty writer with room for some bytes.
    public init(capacity: Int = 256) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// `{`
    public mutating func beginObject() { open(UInt8(ascii: "{")) }
    /// `}`
    public mutating func endObject() { close(UInt8(ascii: "}")) }
    /// `[`
    public mutating func beginArray() { open(UInt8(ascii: "[")) }
    /// `]`
    public mutating func endArray() { close(UInt8(ascii: "]")) }

    /// A member's key and colon.
    public mutating func key(_ name: StaticString) {
        separate()
        name.withUTF8Buffer { quote(UnsafeRawBufferPointer($0)) }
        colon()
    }

    /// A member's key and colon, from UTF-8.
    public mutating func key(_ name: ArraySlice<UInt8>) {
        separate()
        name.withUnsafeBytes { quote($0) }
        colon()
    }

    /// A member's key and colon.
    public mutating func key(_ name: String) {
        key(Array(name.utf8)[...])
    }

    /// A string.
    public mutating func string(_ text: String) {
        var text = text
        separate()
        text.withUTF8 { quote(UnsafeRawBufferPointer($0)) }
        needsComma = true
    }

    /// A string.
    public mutating func string(_ text: StaticString) {
        separate()
        text.withUTF8Buffer { quote(UnsafeRawBufferPointer($0)) }
        needsComma = true
    }

    /// A string from UTF-8; bytes that are none become U+FFFD.
    public mutating func string(_ utf8: ArraySlice<UInt8>) {
        separate()
        utf8.withUnsafeBytes { quote($0) }
        needsComma = true
    }

    /// A string from UTF-8; bytes that are none become U+FFFD.
    public mutating func string(_ utf8: [UInt8]) {
        string(utf8[...])
    }

    /// A string whose characters the closure appends: printable ASCII that needs no escape, as hex and decimals.
    @inlinable
    public mutating func ascii(_ append: (inout [UInt8]) -> Void) {
        raw { bytes in
            bytes.append(UInt8(ascii: "\""))
            append(&bytes)
            bytes.append(UInt8(ascii: "\""))
        }
    }

    /// A number.
    public mutating func integer(_ value: some FixedWidthInteger) {
        separate()
        bytes.append(contentsOf: String(value).utf8)
        needsComma = true
    }

    /// A number that is not whole, by the shortest text that reads back as the same double: `0.1`, `100`, `3.1e-78`.
    /// Infinity and NaN have no JSON and become null.
    public mutating func double(_ value: Double) {
        guard value.isFinite else { return null() }
        separate()
        bytes.append(contentsOf: value.description.utf8)
        if bytes.suffix(2) == [UInt8(ascii: "."), UInt8(ascii: "0")] { bytes.removeLast(2) }
        needsComma = true
    }

    /// `true` or `false`
    public mutating func bool(_ value: Bool) { literal(value ? "true" : "false") }
    /// `null`
    public mutating func null() { literal("null") }

    /// A value that is JSON already.
    public mutating func raw(_ json: some Sequence<UInt8>) {
        separate()
        bytes.append(contentsOf: json)
        needsComma = true
    }

    /// A value that the closure appends as JSON.
    public mutating func raw(_ append: (inout [UInt8]) -> Void) {
        separate()
        append(&bytes)
        needsComma = true
    }

    /// A value that was read.
    public mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let value): bool(value)
        case .number(let text): raw(text)
        case .string(let bytes): string(bytes)
        case .array(let elements):
            beginArray()
            for element in elements { self.value(element) }
            endArray()
        case .object(let object):
            beginObject()
            for member in object.members {
                key(member.key)
                self.value(member.value)
            }
            endObject()
        }
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func colon() {
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    private mutating func literal(_ text: StaticString) {
        separate()
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
        needsComma = true
    }
}
