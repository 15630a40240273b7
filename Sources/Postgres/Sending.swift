import CPostgres

/// What a statement does to the transaction it is in.
enum Verb {
    case begin
    case commit
    case other
}

extension Query {
    /// Told by the first word after spaces and comments.
    var verb: Verb {
        let letters = Self.withoutComments(sql.utf8[...]).prefix { Self.isLetter($0) }
        switch letters.count {
        case 3 where letters.elementsEqual("end".utf8, by: Self.sameLetter): return .commit
        case 5 where letters.elementsEqual("begin".utf8, by: Self.sameLetter): return .begin
        case 5 where letters.elementsEqual("start".utf8, by: Self.sameLetter): return .begin
        case 6 where letters.elementsEqual("commit".utf8, by: Self.sameLetter): return .commit
        default: return .other
        }
    }

    private static func withoutComments(_ text: Substring.UTF8View) -> Substring.UTF8View {
        var rest = text.drop { $0 <= 0x20 }
        while true {
            if rest.starts(with: "--".utf8) {
                rest = rest.drop { $0 != 0x0A && $0 != 0x0D }
            } else if rest.starts(with: "/*".utf8) {
                var depth = 0
                repeat {
                    let isStart = rest.starts(with: "/*".utf8)
                    let isEnd = rest.starts(with: "*/".utf8)
                    if isStart { depth += 1 }
                    if isEnd { depth -= 1 }
                    rest = rest.dropFirst(isStart || isEnd ? 2 : 1)
                } while depth > 0 && !rest.isEmpty
            } else {
                return rest
            }
            rest = rest.drop { $0 <= 0x20 }
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        let lower = byte | 0x20
        return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z")
    }

    private static func sameLetter(_ byte: UInt8, _ lower: UInt8) -> Bool { byte | 0x20 == lower }

    /// The largest number of parameters the protocol can carry.
    static let maximumParameters = 65_535
}

extension PostgresConnection {
    /// Sends a query by the name it was prepared under, or (nil) with its text.
    func send(_ query: Query, name: String?) -> Bool {
        withParameters(of: query) { count, values, lengths, formats in
            if let name {
                return PQsendQueryPrepared(handle.raw, name, count, values, lengths, formats, 1) == 1
            }
            return PQsendQueryParams(handle.raw, query.sql, count, query.types, values, lengths, formats, 1) == 1
        }
    }

    func sendPrepare(_ query: Query, name: String) -> Bool {
        PQsendPrepare(handle.raw, name, query.sql, Int32(clamping: query.types.count), query.types) == 1
    }

    /// Throws for what libpq would refuse half-way.
    func check(_ query: Query) throws(PostgresError) {
        if query.parameterCount > Query.maximumParameters {
            throw PostgresError(.misuse, "a statement has more than \(Query.maximumParameters) values")
        }
        if query.sql.utf8.contains(0) { throw PostgresError(.misuse, "a statement holds a zero byte") }
    }

    /// libpq's parallel arrays; the pointers are into the query's bytes.
    private func withParameters<Value>(
        of query: Query,
        _ body: (
            Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
        ) -> Value
    ) -> Value {
        let count = query.ranges.count
        return query.bytes.withUnsafeBytes { bytes in
            withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { values in
                withUnsafeTemporaryAllocation(of: Int32.self, capacity: count * 2 + 1) { numbers in
                    // Lengths, then formats: 1 is binary. The last one stays, so that empty values have an address.
                    numbers.initialize(repeating: 1)
                    let somewhere = UnsafeRawPointer(numbers.baseAddress)
                    for (index, range) in query.ranges.enumerated() {
                        let start = range.flatMap { range in
                            (bytes.baseAddress ?? somewhere)?.advanced(by: range.lowerBound)
                        }
                        values.initializeElement(at: index, to: start?.assumingMemoryBound(to: CChar.self))
                        numbers[index] = Int32(clamping: range?.count ?? 0)
                    }
                    let formats = numbers.baseAddress.map { UnsafePointer($0 + count) }
                    return body(
                        Int32(clamping: count), values.baseAddress.map { UnsafePointer($0) }, numbers.baseAddress,
                        formats)
                }
            }
        }
    }
}
