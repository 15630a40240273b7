/// SQL with bound values: `"SELECT seq FROM offers WHERE offer_hash = \(hash)"` sends `$1` and the value beside it.
///
/// What is interpolated is never part of the SQL text, except `\(unsafe: text)` and other queries, whose parameters are
/// renumbered: `"SELECT … WHERE \(filter) ORDER BY \(unsafe: column)"`.
public struct Query: Sendable {
    /// The text sent, with `$1`, `$2`, … for values.
    public private(set) var sql: String
    /// Object ids of the parameters' types, in order.
    private(set) var types: [UInt32] = []
    /// Where each parameter's value is in ``bytes``; nil is NULL.
    private(set) var ranges: [Range<Int>?] = []
    /// All values, binary, one after the other.
    private(set) var bytes: [UInt8] = []
    /// Where the placeholders are in ``sql``, as UTF-8 offsets.
    private var placeholders: [Range<Int>] = []

    /// A query of trusted SQL text without values, e.g. from a file.
    public init(unsafe sql: String) { self.sql = sql }

    /// The number of bound values; PostgreSQL takes at most 65,535.
    public var parameterCount: Int { types.count }

    private mutating func bind<Value: PostgresEncodable>(_ value: Value) {
        types.append(Value.oid)
        if value.isNull {
            ranges.append(nil)
        } else {
            let start = bytes.count
            value.encode(into: &bytes)
            ranges.append(start..<bytes.count)
        }
        appendPlaceholder()
    }

    private mutating func appendPlaceholder() {
        let start = sql.utf8.count
        sql += "$\(types.count)"
        placeholders.append(start..<sql.utf8.count)
    }

    private mutating func append(_ other: Query) {
        let text = other.sql.utf8
        var start = 0
        for (index, placeholder) in other.placeholders.enumerated() {
            append(text, from: start, to: placeholder.lowerBound)
            start = placeholder.upperBound
            types.append(other.types[index])
            let shift = bytes.count
            if let range = other.ranges[index] {
                bytes.append(contentsOf: other.bytes[range])
                ranges.append(shift..<bytes.count)
            } else {
                ranges.append(nil)
            }
            appendPlaceholder()
        }
        append(text, from: start, to: text.count)
    }

    private mutating func append(_ text: String.UTF8View, from start: Int, to end: Int) {
        let from = text.index(text.startIndex, offsetBy: start)
        let to = text.index(text.startIndex, offsetBy: end)
        sql += String(Substring(text[from..<to]))
    }
}

extension Query: ExpressibleByStringInterpolation {
    /// Collects SQL text and values.
    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var query = Query(unsafe: "")

        /// Reserves room for the text.
        public init(literalCapacity: Int, interpolationCount: Int) {
            query.sql.reserveCapacity(literalCapacity + interpolationCount * 3)
        }

        /// SQL as written.
        public mutating func appendLiteral(_ literal: String) { query.sql += literal }

        /// Binds a value.
        public mutating func appendInterpolation(_ value: some PostgresEncodable) { query.bind(value) }

        /// Binds a value or NULL.
        public mutating func appendInterpolation<Value: PostgresEncodable>(_ value: Value?) { query.bind(value) }

        /// Splices another query in, values and all.
        public mutating func appendInterpolation(_ other: Query) { query.append(other) }

        /// Splices trusted SQL text in, e.g. the name of a column chosen from an enum. Never anything from outside.
        public mutating func appendInterpolation(unsafe sql: String) { query.sql += sql }
    }

    /// SQL without values.
    public init(stringLiteral value: String) { self.init(unsafe: value) }

    /// SQL with values.
    public init(stringInterpolation: StringInterpolation) { self = stringInterpolation.query }
}

extension Query: CustomStringConvertible {
    /// The text only: values stay out of logs.
    public var description: String { sql }
}
