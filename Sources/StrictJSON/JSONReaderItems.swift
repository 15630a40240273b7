extension JSONValue {
    /// Reads `{"key": [item, …]}` and nothing besides, each item for itself: what is wrong inside one leaves the others.
    ///
    /// - Returns: every item in order, or what is wrong with it, the error's field being seen from the whole text;
    ///   nil when the text is another value than such an object.
    /// - Throws: `JSONError` when the end of a broken item cannot be told, or the text around the items is broken.
    public static func parseItems(
        of key: StaticString, in bytes: [UInt8], maxDepth: Int = 16, maxValues: Int = 200_000
    ) throws(JSONError) -> [Result<JSONValue, JSONError>]? {
        try bytes.withUnsafeBufferPointer { (text) throws(JSONError) in
            var reader = JSONReader(bytes: bytes, text: text, depthLeft: maxDepth, valuesLeft: maxValues)
            return try reader.items(of: key)
        }
    }
}

extension JSONReader {
    fileprivate mutating func items(of key: StaticString) throws(JSONError) -> [Result<JSONValue, JSONError>]? {
        guard try reaches(UInt8(ascii: "{")) else { return nil }
        try open()
        guard next == UInt8(ascii: "\"") else { return nil }
        let name = Array(try string())
        guard name.elementsEqual(UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount)) else {
            return nil
        }
        skipSpace()
        try require(UInt8(ascii: ":"))
        index += 1
        skipSpace()
        guard next == UInt8(ascii: "[") else { return nil }
        let items = try itemsOfArray(named: name[...])
        skipSpace()
        guard try closes(UInt8(ascii: "}")) else { return nil }
        skipSpace()
        if next != nil { throw failure(.trailingBytes) }
        return items
    }

    /// Whether the text begins with `byte`.
    private mutating func reaches(_ byte: UInt8) throws(JSONError) -> Bool {
        if text.starts(with: [0xef, 0xbb, 0xbf]) { throw failure(.bom) }
        skipSpace()
        if next == nil { throw failure(.emptyBody) }
        return next == byte
    }

    private mutating func itemsOfArray(named key: ArraySlice<UInt8>) throws(JSONError) -> [Result<JSONValue, JSONError>]
    {
        try open()
        var items: [Result<JSONValue, JSONError>] = []
        if try closes(UInt8(ascii: "]")) { return items }
        while true {
            let (start, depth) = (index, depthLeft)
            do throws(JSONError) {
                items.append(.success(try value()))
            } catch {
                let error = error.inside(index: items.count).inside(key: key)
                (index, depthLeft) = (start, depth)
                guard error.reason != .tooManyValues, skipsValue(), index > start else { throw error }
                items.append(.failure(error))
            }
            if try separated(closing: UInt8(ascii: "]")) { return items }
        }
    }

    /// Steps over one value by its brackets and quotes alone, whatever else is wrong with it.
    private mutating func skipsValue() -> Bool {
        var depth = 0
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                guard skipsString() else { return false }
                if depth == 0 { return true }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return true }
                depth -= 1
                if depth == 0 {
                    index += 1
                    return true
                }
            case UInt8(ascii: ","):
                if depth == 0 { return true }
            default: break
            }
            index += 1
        }
        return false
    }

    private mutating func skipsString() -> Bool {
        index += 1
        while let byte = next {
            index += byte == UInt8(ascii: "\\") ? 2 : 1
            if byte == UInt8(ascii: "\"") { return true }
        }
        return false
    }
}
