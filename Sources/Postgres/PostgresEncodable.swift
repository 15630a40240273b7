/// A value that can be bound to a query, in PostgreSQL's binary format.
///
/// `[T]` is bound as the one-dimensional array of T's type (for `unnest`), `[UInt8]` as `bytea`, `T?` as T's type or NULL.
public protocol PostgresEncodable: Sendable {
    /// The type's object id, e.g. 20 for `bigint`.
    static var oid: UInt32 { get }
    /// The object id of the array of this type, e.g. 1016 for `bigint[]`.
    static var arrayOID: UInt32 { get }
    /// Whether this value is NULL; nothing is encoded then.
    var isNull: Bool { get }
    /// Appends the binary format, without a length.
    func encode(into bytes: inout [UInt8])
    /// Appends the binary format of an array of values. Only bytes themselves differ from the default.
    static func encodeArray(_ values: [Self], into bytes: inout [UInt8])
}

extension PostgresEncodable {
    /// Not NULL.
    @inlinable public var isNull: Bool { false }

    /// One dimension, lower bound 1, each element with its length.
    @inlinable public static func encodeArray(_ values: [Self], into bytes: inout [UInt8]) {
        bytes.appendBigEndian(Int32(values.isEmpty ? 0 : 1))
        bytes.appendBigEndian(Int32(values.contains { $0.isNull } ? 1 : 0))
        bytes.appendBigEndian(oid)
        if values.isEmpty { return }
        bytes.appendBigEndian(Int32(clamping: values.count))
        bytes.appendBigEndian(Int32(1))
        for value in values {
            if value.isNull {
                bytes.appendBigEndian(Int32(-1))
                continue
            }
            let start = bytes.count
            bytes.appendBigEndian(Int32(0))
            value.encode(into: &bytes)
            bytes.setBigEndian(Int32(clamping: bytes.count - start - 4), at: start)
        }
    }
}

extension [UInt8] {
    /// Appends the integer's bytes, most significant first.
    @inlinable mutating func appendBigEndian(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    /// Overwrites four bytes at `offset`, which must exist.
    @inlinable mutating func setBigEndian(_ value: Int32, at offset: Int) {
        withUnsafeMutableBytes { $0.storeBytes(of: value.bigEndian, toByteOffset: offset, as: Int32.self) }
    }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    /// The wrapped type's.
    @inlinable public static var oid: UInt32 { Wrapped.oid }
    /// The wrapped type's.
    @inlinable public static var arrayOID: UInt32 { Wrapped.arrayOID }
    /// Nil is NULL.
    @inlinable public var isNull: Bool { self?.isNull ?? true }
    /// Appends the wrapped value, or nothing.
    @inlinable public func encode(into bytes: inout [UInt8]) { self?.encode(into: &bytes) }
}

extension Array: PostgresEncodable where Element: PostgresEncodable {
    /// The element's array type.
    @inlinable public static var oid: UInt32 { Element.arrayOID }
    /// `bytea[]` for bytes; 0 (the server refuses it) for arrays of arrays.
    @inlinable public static var arrayOID: UInt32 { Element.self == UInt8.self ? 1001 : 0 }
    /// Appends the array.
    @inlinable public func encode(into bytes: inout [UInt8]) { Element.encodeArray(self, into: &bytes) }
}
