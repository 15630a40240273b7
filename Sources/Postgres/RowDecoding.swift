import CPostgres

/// Object ids of the types a row can be read as.
private enum TypeID {
    static let bool: UInt32 = 16
    static let bytea: UInt32 = 17
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let float8: UInt32 = 701
    static let timestamp: UInt32 = 1114
    static let timestamptz: UInt32 = 1184
    static let numeric: UInt32 = 1700
    static let jsonb: UInt32 = 3802
}

extension Row {
    /// Whether the value is NULL. A column that does not exist is NULL too; reading it throws.
    public func isNull(_ column: some PostgresColumn) -> Bool {
        guard let position = column.position(in: self) else { return true }
        return PQgetisnull(handle.raw, index, Int32(position)) == 1
    }

    /// Reads a column that may be NULL: `row.ifPresent("closed_seq") { try $0.int64($1) }`.
    public func ifPresent<Column: PostgresColumn, Value>(
        _ column: Column, _ read: (Row, Column) throws -> Value
    ) throws -> Value? {
        if column.position(in: self) != nil, isNull(column) { return nil }
        return try read(self, column)
    }

    /// A `smallint`, or a larger integer that fits.
    public func int16(_ column: some PostgresColumn) throws(PostgresError) -> Int16 {
        try decode(column, "an Int16") { integer($0, $1).flatMap(Int16.init(exactly:)) }
    }

    /// An `integer` or smaller, or a larger one that fits.
    public func int32(_ column: some PostgresColumn) throws(PostgresError) -> Int32 {
        try decode(column, "an Int32") { integer($0, $1).flatMap(Int32.init(exactly:)) }
    }

    /// A `bigint` or smaller.
    public func int64(_ column: some PostgresColumn) throws(PostgresError) -> Int64 {
        try decode(column, "an integer", integer)
    }

    /// A `boolean`.
    public func bool(_ column: some PostgresColumn) throws(PostgresError) -> Bool {
        try decode(column, "a boolean") { $0 == TypeID.bool ? $1.first.map { $0 != 0 } : nil }
    }

    /// A `double precision`.
    public func double(_ column: some PostgresColumn) throws(PostgresError) -> Double {
        try decode(column, "a double") { type, value in
            type == TypeID.float8 ? value.bigEndian(UInt64.self).map(Double.init(bitPattern:)) : nil
        }
    }

    /// A `text`, `varchar`, `json` or `jsonb`.
    public func text(_ column: some PostgresColumn) throws(PostgresError) -> String {
        try decode(column, "text") { type, value in
            plainText(type, value).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// A `bytea`, or the UTF-8 of a text.
    public func bytes(_ column: some PostgresColumn) throws(PostgresError) -> [UInt8] {
        try decode(column, "bytes") { type, value in
            type == TypeID.bytea ? Array(value) : plainText(type, value).map { Array($0) }
        }
    }

    /// A `timestamptz` (or `timestamp`, taken as UTC) in microseconds since 1970-01-01 00:00 UTC.
    public func timestampMicros(_ column: some PostgresColumn) throws(PostgresError) -> Int64 {
        try decode(column, "a finite timestamp") { type, value in
            guard type == TypeID.timestamptz || type == TypeID.timestamp else { return nil }
            guard let micros = value.bigEndian(Int64.self), micros != .min else { return nil }
            let (sum, overflow) = micros.addingReportingOverflow(PostgresTimestamp.epoch)
            return overflow ? nil : sum
        }
    }

    /// A `numeric` or integer as four limbs, least significant first; negative, fractional, larger numbers and NaN throw.
    public func numericLimbs(
        _ column: some PostgresColumn
    ) throws(PostgresError) -> (UInt64, UInt64, UInt64, UInt64) {
        try decode(column, "an unsigned 256-bit integer") { type, value in
            if type == TypeID.numeric { return PostgresNumeric(binary: value)?.limbs }
            guard let small = integer(type, value).flatMap(UInt64.init(exactly:)) else { return nil }
            return (small, 0, 0, 0)
        }
    }

    /// Hands the value's type and bytes, which live as long as the result, to `read`; nil from it is a decoding error.
    @inline(__always)
    private func decode<Value>(
        _ column: some PostgresColumn, _ wanted: StaticString,
        _ read: (UInt32, UnsafeRawBufferPointer) -> Value?
    ) throws(PostgresError) -> Value {
        guard let position = column.position(in: self) else {
            throw PostgresError(.decoding, "the result has no column \(column)")
        }
        let number = Int32(position)
        let type = PQftype(handle.raw, number)
        if PQgetisnull(handle.raw, index, number) == 1 {
            throw PostgresError(.decoding, "column \(column) is NULL, not \(wanted)")
        }
        let value = withExtendedLifetime(handle) {
            let start = PQgetvalue(handle.raw, index, number)
            return read(type, UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(handle.raw, index, number))))
        }
        guard let value else { throw PostgresError(.decoding, "column \(column) (type \(type)) is not \(wanted)") }
        return value
    }
}

private func integer(_ type: UInt32, _ value: UnsafeRawBufferPointer) -> Int64? {
    switch type {
    case TypeID.int8: value.bigEndian(Int64.self)
    case TypeID.int4: value.bigEndian(Int32.self).map(Int64.init)
    case TypeID.int2: value.bigEndian(Int16.self).map(Int64.init)
    default: nil
    }
}

private func plainText(_ type: UInt32, _ value: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    switch type {
    case 25, 1043, 1042, 19, 114, 18, 705: value  // text, varchar, bpchar, name, json, "char", unknown
    // jsonb is its text after one byte of version.
    case TypeID.jsonb where value.first == 1: UnsafeRawBufferPointer(rebasing: value.dropFirst())
    default: nil
    }
}

extension UnsafeRawBufferPointer {
    /// The whole buffer as one integer, or nil when it has another size.
    fileprivate func bigEndian<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type) -> Value? {
        count == MemoryLayout<Value>.size ? Value(bigEndian: loadUnaligned(as: type)) : nil
    }
}
