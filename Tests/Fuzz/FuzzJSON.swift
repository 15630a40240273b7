/// What is accepted is UTF-8, is written, read again as the same value, and then written the same; what is refused names
/// a byte of the input. Compiled together with Sources/StrictJSON by `run`.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    do throws(JSONError) {
        let value = try JSONValue.parse(bytes)
        precondition(String(validating: bytes, as: UTF8.self) != nil, "accepted what is not UTF-8")
        let written = write(value)
        let again = try reread(written)
        precondition(same(value, again), "another value after writing")
        precondition(write(again) == written, "written differently the second time")
    } catch {
        precondition((0...bytes.count).contains(error.offset), "an offset outside the input")
        precondition(error.field.utf8.count < 20_000 && !error.detail.isEmpty)
    }
    return 0
}

private func write(_ value: JSONValue) -> [UInt8] {
    var writer = JSONWriter()
    writer.value(value)
    return writer.bytes
}

private func reread(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
    guard let value = try? JSONValue.parse(bytes) else { preconditionFailure("refused what was written") }
    return value
}

private func same(_ left: JSONValue, _ right: JSONValue) -> Bool {
    switch (left, right) {
    case (.null, .null): true
    case (.bool(let one), .bool(let other)): one == other
    case (.number(let one), .number(let other)), (.string(let one), .string(let other)): one == other
    case (.array(let one), .array(let other)): one.count == other.count && zip(one, other).allSatisfy(same)
    case (.object(let one), .object(let other)):
        one.members.count == other.members.count
            && zip(one.members, other.members).allSatisfy { $0.key == $1.key && same($0.value, $1.value) }
    default: false
    }
}
