extension JSONValue {
    /// Reads one JSON text (RFC 8259) and nothing besides: UTF-8 without a byte order mark, no duplicate keys at any
    /// depth, no NUL, no lone surrogates, no trailing bytes. Time and memory are linear in the input.
    /// - Parameters:
    ///   - maxDepth: how many objects and arrays may be open at once.
    ///   - maxValues: how many values the text may hold in all.
    public static func parse(
        _ bytes: [UInt8], maxDepth: Int = 16, maxValues: Int = 200_000
    ) throws(JSONError) -> JSONValue {
        try bytes.withUnsafeBufferPointer { (text) throws(JSONError) in
            var reader = JSONReader(bytes: bytes, text: text, depthLeft: maxDepth, valuesLeft: maxValues)
            return try reader.document()
        }
    }
}

/// A recursive-descent reader over the input's bytes; `index` is the next byte to look at.
///
/// Bytes are looked at through `next` alone, or after a comparison with `text.count`: memory beyond the input is
/// never read. Slices are taken of the array, which they share.
struct JSONReader {
    let bytes: [UInt8]
    let text: UnsafeBufferPointer<UInt8>
    var index = 0
    var depthLeft: Int
    var valuesLeft: Int

    init(bytes: [UInt8], text: UnsafeBufferPointer<UInt8>, depthLeft: Int, valuesLeft: Int) {
        self.bytes = bytes
        self.text = text
        self.depthLeft = depthLeft
        self.valuesLeft = valuesLeft
    }

    /// The byte at `index`, nil at the end.
    @inline(__always)
    var next: UInt8? { index < text.count ? text[index] : nil }

    mutating func document() throws(JSONError) -> JSONValue {
        if text.starts(with: [0xef, 0xbb, 0xbf]) { throw failure(.bom) }
        skipSpace()
        if next == nil { throw failure(.emptyBody) }
        let root = try value()
        skipSpace()
        if next != nil { throw failure(.trailingBytes) }
        return root
    }

    /// The value at `index`.
    mutating func value() throws(JSONError) -> JSONValue {
        guard let first = next else { throw failure(.unexpectedEnd) }
        guard valuesLeft > 0 else { throw failure(.tooManyValues) }
        valuesLeft -= 1
        switch first {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"): return .object(try members())
        case UInt8(ascii: "["): return .array(try elements())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: throw failure(.unexpectedByte)
        }
    }

    /// `{ … }`
    private mutating func members() throws(JSONError) -> JSONObject {
        try open()
        var object = JSONObject()
        if try closes(UInt8(ascii: "}")) { return object }
        object.reserve(12)
        var keys = KeyTable()
        while true {
            let start = index
            try require(UInt8(ascii: "\""))
            let key = JSONKey(try string())
            guard keys.isNew(key, in: object) else {
                throw JSONError(field: JSONError.shown(key.bytes), offset: start, reason: .duplicateKey)
            }
            object.append(key: consume key)
            do throws(JSONError) {
                skipSpace()
                try require(UInt8(ascii: ":"))
                index += 1
                skipSpace()
                object.append(value: try value())
            } catch {
                throw error.inside(key: object.lastKey)
            }
            if try separated(closing: UInt8(ascii: "}")) { return object }
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
    mutating func open() throws(JSONError) {
        guard depthLeft > 0 else { throw failure(.tooDeep) }
        depthLeft -= 1
        index += 1
        skipSpace()
    }

    /// Steps over a closing bracket if it is there.
    mutating func closes(_ bracket: UInt8) throws(JSONError) -> Bool {
        guard let found = next else { throw failure(.unexpectedEnd) }
        guard found == bracket else { return false }
        depthLeft += 1
        index += 1
        return true
    }

    /// After an element: true behind the closing bracket, false behind a comma and the space that follows it.
    mutating func separated(closing bracket: UInt8) throws(JSONError) -> Bool {
        skipSpace()
        if try closes(bracket) { return true }
        try require(UInt8(ascii: ","))
        index += 1
        skipSpace()
        return false
    }

    /// Throws unless this byte comes next; does not step over it.
    func require(_ byte: UInt8) throws(JSONError) {
        guard let found = next else { throw failure(.unexpectedEnd) }
        guard found == byte else { throw failure(.unexpectedByte) }
    }

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for offset in 0..<word.utf8CodeUnitCount {
            try require(word.utf8Start[offset])
            index += 1
        }
        return value
    }

    @inline(__always)
    mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { index += 1 }
    }

    /// An error at `index`.
    @inline(never)
    func failure(_ reason: JSONError.Reason) -> JSONError {
        JSONError(field: "", offset: index, reason: reason)
    }
}
