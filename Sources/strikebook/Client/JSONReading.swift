import Ethereum
import StrictJSON

/// Reading what a service answered: a field that is absent or of another type is nil.
extension JSONValue {
    subscript(_ key: StaticString) -> JSONValue? { object?[key] }

    /// A string.
    var text: String? { string.map { String(decoding: $0, as: UTF8.self) } }
    /// A decimal string or a plain integer.
    var uint256: UInt256? { (string ?? number).flatMap { UInt256(decimal: $0) } }
    /// A decimal string or a plain integer below 2^64.
    var uint64: UInt64? { uint256?.asUInt64 }
    /// An address in any case that EIP-55 allows.
    var address: Address? { string.flatMap { try? Address.parse($0) } }
    /// A hash.
    var hash: Bytes32? { string.flatMap { Bytes32(hexBytes: $0) } }
}
