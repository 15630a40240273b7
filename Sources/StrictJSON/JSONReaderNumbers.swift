extension JSONReader {
    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`, kept as it is.
    mutating func number() throws(JSONError) -> ArraySlice<UInt8> {
        let start = index
        if next == UInt8(ascii: "-") { index += 1 }
        if next == UInt8(ascii: "0") {
            index += 1
            if nextIsDigit { throw failure(.badNumber) }
        } else {
            try digits()
        }
        if next == UInt8(ascii: ".") {
            index += 1
            try digits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            index += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { index += 1 }
            try digits()
        }
        return bytes[start..<index]
    }

    /// One digit or more.
    private mutating func digits() throws(JSONError) {
        if next == nil { throw failure(.unexpectedEnd) }
        guard nextIsDigit else { throw failure(.badNumber) }
        while nextIsDigit { index += 1 }
    }

    @inline(__always)
    private var nextIsDigit: Bool {
        guard let byte = next else { return false }
        return byte &- UInt8(ascii: "0") < 10
    }
}
