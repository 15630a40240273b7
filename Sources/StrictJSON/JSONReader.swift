extension JSONValue {
    /// Reads one JSON text (RFC 8259) and nothing besides: UTF-8 without a byte order mark, no duplicate keys at any
    /// depth, no NUL, no lone surrogates, no trailing bytes. Time and memory are linear in the input.
    /// - Parameters:
    ///   - maxDepth: how many objects and arrays may be open at once.
    ///   - maxValues: how many values the text may hold in all.
    public static func parse(
        _ bytes: [UInt8], maxDepth: Int = 16, maxValues: Int = 200_000
    ) throws(JSONError) -> JSONValue {
        var reader = JSONReader(bytes: bytes, depthLeft: maxDepth, valuesLeft: maxValues)
        return try reader.document()
    }
}

/// A recursive-descent reader over the input's bytes; `index` is the next byte to look at.
struct JSONReader {
    let bytes: [UInt8]
    var index = 0
    var depthLeft: Int
    var valuesLeft: Int

    init(bytes: [UInt8], depthLeft: Int, valuesLeft: Int) {
        self.bytes = bytes
        self.depthLeft = depthLeft
        self.valuesLeft = valuesLeft
    }

    mutating func document() throws(JSONError) -> JSONValue {
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { throw failure(.bom) }
        skipSpace()
        if index == bytes.count { throw failure(.emptyBody) }
        let value = try value()
        skipSpace()
        if index < bytes.count { throw failure(.trailingBytes) }
        return value
    }

    /// A value at `index`, which is no white space.
    mutating func value() throws(JSONError) -> JSONValue {
        guard index < bytes.count else { throw failure(.unexpectedEnd) }
        guard valuesLeft > 0 else { throw failure(.tooManyValues) }
        valuesLeft -= 1
        switch bytes[index] {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"): return .object(JSONObject(members: try members()))
        case UInt8(ascii: "["): return .array(try elements())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: throw failure(.unexpectedByte)
        }
    }

    /// `{ … }`
    private mutating func members() throws(JSONError) -> [(key: ArraySlice<UInt8>, value: JSONValue)] {
        try open()
        var members: [(key: ArraySlice<UInt8>, value: JSONValue)] = []
        var keys = KeySet()
        if try closes(UInt8(ascii: "}")) { return members }
        members.reserveCapacity(12)
        while true {
            let start = index
            guard try peek() == UInt8(ascii: "\"") else { throw failure(.unexpectedByte) }
            let key = try string()
            guard keys.insert(key, among: members) else {
                throw JSONError(field: JSONError.shown(key), offset: start, reason: .duplicateKey)
            }
            do throws(JSONError) {
                skipSpace()
                guard try peek() == UInt8(ascii: ":") else { throw failure(.unexpectedByte) }
                index += 1
                skipSpace()
                members.append((key, try value()))
            } catch {
                throw error.inside(key: key)
            }
            if try separated(closing: UInt8(ascii: "}")) { return members }
        }
    }

    /// `[ … ]`
    private mutating func elements() throws(JSONError) -> [JSONValue] {
        try open()
        var elements: [JSONValue] = []
        if try closes(UInt8(ascii: "]")) { return elements }
        while true {
            do throws(JSONError) {
                elements.append(try value())
            } catch {
                throw error.inside(index: elements.count)
            }
            if try separated(closing: UInt8(ascii: "]")) { return elements }
        }
    }

    /// Steps over an opening bracket and the space behind it.
    private mutating func open() throws(JSONError) {
        guard depthLeft > 0 else { throw failure(.tooDeep) }
        depthLeft -= 1
        index += 1
        skipSpace()
    }

    /// Steps over a closing bracket if it is there.
    private mutating func closes(_ bracket: UInt8) throws(JSONError) -> Bool {
        guard try peek() == bracket else { return false }
        depthLeft += 1
        index += 1
        return true
    }

    /// After an element: true behind the closing bracket, false behind a comma and the space that follows it.
    private mutating func separated(closing bracket: UInt8) throws(JSONError) -> Bool {
        skipSpace()
        if try closes(bracket) { return true }
        guard bytes[index] == UInt8(ascii: ",") else { throw failure(.unexpectedByte) }
        index += 1
        skipSpace()
        return false
    }

    private mutating func literal(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for offset in 0..<text.utf8CodeUnitCount {
            guard index < bytes.count else { throw failure(.unexpectedEnd) }
            guard bytes[index] == text.utf8Start[offset] else { throw failure(.unexpectedByte) }
            index += 1
        }
        return value
    }

    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`
    private mutating func number() throws(JSONError) -> ArraySlice<UInt8> {
        let start = index
        if bytes[index] == UInt8(ascii: "-") { index += 1 }
        if index < bytes.count, bytes[index] == UInt8(ascii: "0") {
            index += 1
            if index < bytes.count, isDigit(bytes[index]) { throw failure(.badNumber) }
        } else {
            try digits()
        }
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            index += 1
            try digits()
        }
        if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < bytes.count, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") {
                index += 1
            }
            try digits()
        }
        return bytes[start..<index]
    }

    /// One digit or more.
    private mutating func digits() throws(JSONError) {
        guard index < bytes.count else { throw failure(.unexpectedEnd) }
        guard isDigit(bytes[index]) else { throw failure(.badNumber) }
        while index < bytes.count, isDigit(bytes[index]) { index += 1 }
    }

    private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    private mutating func skipSpace() {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x09, 0x0a, 0x0d: index += 1
            default: return
            }
        }
    }

    private func peek() throws(JSONError) -> UInt8 {
        guard index < bytes.count else { throw failure(.unexpectedEnd) }
        return bytes[index]
    }

    /// An error at `index`.
    func failure(_ reason: JSONError.Reason) -> JSONError {
        JSONError(field: "", offset: index, reason: reason)
    }
}
