public import Ethereum
public import Postgres

/// Bound as `bytea`; column type `hash32`.
extension Bytes32: PostgresEncodable {
    /// `bytea`
    public static var oid: UInt32 { 17 }
    /// `bytea[]`
    public static var arrayOID: UInt32 { 1001 }
    /// The 32 bytes.
    public func encode(into bytes: inout [UInt8]) { withUnsafeBytes { bytes.append(contentsOf: $0) } }
}

/// Bound as `bytea`; column type `address`.
extension Address: PostgresEncodable {
    /// `bytea`
    public static var oid: UInt32 { 17 }
    /// `bytea[]`
    public static var arrayOID: UInt32 { 1001 }
    /// The 20 bytes.
    public func encode(into bytes: inout [UInt8]) { withUnsafeBytes { bytes.append(contentsOf: $0) } }
}

/// Bound as `numeric`; column type `uint256`.
extension UInt256: PostgresEncodable {
    /// `numeric`
    public static var oid: UInt32 { 1700 }
    /// `numeric[]`
    public static var arrayOID: UInt32 { 1231 }
    /// The number's base-10,000 digits.
    public func encode(into bytes: inout [UInt8]) { PostgresNumeric(limbs: limbs).encode(into: &bytes) }
}

extension Row {
    /// A `hash32`.
    func bytes32(_ column: some PostgresColumn) throws -> Bytes32 {
        guard let value = Bytes32(bytes: try bytes(column)) else { throw Self.unexpected(column, "32 bytes") }
        return value
    }

    /// An `address`.
    func address(_ column: some PostgresColumn) throws -> Address {
        guard let value = Address(bytes: try bytes(column)) else { throw Self.unexpected(column, "20 bytes") }
        return value
    }

    /// A `uint256`.
    func uint256(_ column: some PostgresColumn) throws -> UInt256 {
        let limbs = try numericLimbs(column)
        return UInt256(limbs: limbs.0, limbs.1, limbs.2, limbs.3)
    }

    /// A `bigint` that is never negative: a position in the log, a deadline, a count.
    func uint64(_ column: some PostgresColumn) throws -> UInt64 {
        guard let value = UInt64(exactly: try int64(column)) else { throw Self.unexpected(column, "not negative") }
        return value
    }

    /// An `integer` that fits 16 bits: a number of days.
    func uint16(_ column: some PostgresColumn) throws -> UInt16 {
        guard let value = UInt16(exactly: try int32(column)) else { throw Self.unexpected(column, "16 bits") }
        return value
    }

    /// The error for a value the schema does not allow.
    static func unexpected(_ column: some PostgresColumn, _ wanted: String) -> PostgresError {
        PostgresError(.decoding, "column \(column) is not \(wanted)")
    }
}
