extension UInt8: PostgresEncodable {
    /// A lone byte has no type of its own: it goes as `smallint`.
    @inlinable public static var oid: UInt32 { 21 }
    /// An array of bytes is `bytea`.
    @inlinable public static var arrayOID: UInt32 { 17 }
    /// Two bytes.
    @inlinable public func encode(into bytes: inout [UInt8]) { bytes.appendBigEndian(Int16(self)) }
    /// The bytes themselves.
    public static func encodeArray(_ values: [UInt8], into bytes: inout [UInt8]) { bytes.append(contentsOf: values) }
}

extension Int16: PostgresEncodable {
    /// `smallint`
    @inlinable public static var oid: UInt32 { 21 }
    /// `smallint[]`
    @inlinable public static var arrayOID: UInt32 { 1005 }
    /// Two bytes.
    @inlinable public func encode(into bytes: inout [UInt8]) { bytes.appendBigEndian(self) }
}

extension Int32: PostgresEncodable {
    /// `integer`
    @inlinable public static var oid: UInt32 { 23 }
    /// `integer[]`
    @inlinable public static var arrayOID: UInt32 { 1007 }
    /// Four bytes.
    @inlinable public func encode(into bytes: inout [UInt8]) { bytes.appendBigEndian(self) }
}

extension Int64: PostgresEncodable {
    /// `bigint`
    @inlinable public static var oid: UInt32 { 20 }
    /// `bigint[]`
    @inlinable public static var arrayOID: UInt32 { 1016 }
    /// Eight bytes.
    @inlinable public func encode(into bytes: inout [UInt8]) { bytes.appendBigEndian(self) }
}

extension Int: PostgresEncodable {
    /// `bigint`
    @inlinable public static var oid: UInt32 { 20 }
    /// `bigint[]`
    @inlinable public static var arrayOID: UInt32 { 1016 }
    /// Eight bytes.
    @inlinable public func encode(into bytes: inout [UInt8]) { bytes.appendBigEndian(Int64(self)) }
}

extension Double: PostgresEncodable {
    /// `double precision`
    @inlinable public static var oid: UInt32 { 701 }
    /// `double precision[]`
    @inlinable public static var arrayOID: UInt32 { 1022 }
    /// Eight bytes, IEEE 754.
    @inlinable public func encode(into bytes: inout [UInt8]) { bytes.appendBigEndian(bitPattern) }
}

extension Bool: PostgresEncodable {
    /// `boolean`
    @inlinable public static var oid: UInt32 { 16 }
    /// `boolean[]`
    @inlinable public static var arrayOID: UInt32 { 1000 }
    /// One byte.
    @inlinable public func encode(into bytes: inout [UInt8]) { bytes.append(self ? 1 : 0) }
}

extension String: PostgresEncodable {
    /// `text`
    @inlinable public static var oid: UInt32 { 25 }
    /// `text[]`
    @inlinable public static var arrayOID: UInt32 { 1009 }
    /// UTF-8. The server refuses U+0000.
    @inlinable public func encode(into bytes: inout [UInt8]) { bytes.append(contentsOf: utf8) }
}

/// UTF-8 text kept as bytes, bound as `text`; the server checks that it is UTF-8.
public struct PostgresText: PostgresEncodable, Hashable {
    /// The UTF-8 bytes.
    public let utf8: [UInt8]

    /// Text from UTF-8 bytes.
    public init(utf8: [UInt8]) { self.utf8 = utf8 }

    /// `text`
    @inlinable public static var oid: UInt32 { 25 }
    /// `text[]`
    @inlinable public static var arrayOID: UInt32 { 1009 }
    /// The bytes.
    @inlinable public func encode(into bytes: inout [UInt8]) { bytes.append(contentsOf: utf8) }
}

/// A moment, bound as `timestamptz`.
public struct PostgresTimestamp: PostgresEncodable, Hashable {
    /// Microseconds since 1970-01-01 00:00 UTC.
    public let microsecondsSince1970: Int64

    /// A moment, in microseconds since 1970-01-01 00:00 UTC.
    public init(microsecondsSince1970: Int64) { self.microsecondsSince1970 = microsecondsSince1970 }

    /// Microseconds from 1970 to 2000, where PostgreSQL begins to count.
    @usableFromInline static let epoch: Int64 = 946_684_800_000_000

    /// `timestamptz`
    @inlinable public static var oid: UInt32 { 1184 }
    /// `timestamptz[]`
    @inlinable public static var arrayOID: UInt32 { 1185 }
    /// Eight bytes. A moment before PostgreSQL's calendar becomes one the server refuses (the very last value means
    /// `-infinity` and is avoided).
    @inlinable public func encode(into bytes: inout [UInt8]) {
        let (value, overflow) = microsecondsSince1970.subtractingReportingOverflow(Self.epoch)
        bytes.appendBigEndian(overflow ? Int64.min + 1 : value)
    }
}
