import Ethereum
import Exchange
import Market

/// Opaque, authenticated page cursors. A cursor belongs to one log epoch and one query: any other use of it,
/// and any changed byte, is refused.
public struct CursorCodec: Sendable {
    private static let tagLength = 16
    private let key: [UInt8]

    /// Cursors under a secret that all processes of a deployment share.
    public init(key: [UInt8]) {
        self.key = key
    }

    /// The text of a cursor over `payload` for the query that `scope` names.
    func encode(_ payload: [UInt8], scope: [UInt8]) -> String {
        Hex.encode(payload + tag(payload, scope)).dropFirst(2).description
    }

    /// The payload of a cursor that was made for `scope`.
    func decode(_ text: String, scope: [UInt8]) throws(Rejection) -> [UInt8] {
        guard let bytes = Hex.decode(Array("0x\(text)".utf8)), bytes.count > Self.tagLength else { throw Self.forged }
        let payload = Array(bytes.dropLast(Self.tagLength))
        var difference: UInt8 = 0
        for (given, right) in zip(bytes.suffix(Self.tagLength), tag(payload, scope)) { difference |= given ^ right }
        guard difference == 0 else { throw Self.forged }
        return payload
    }

    /// Keccak's sponge needs no HMAC construction: `keccak256(key ‖ length of scope ‖ scope ‖ payload)`, cut.
    private func tag(_ payload: [UInt8], _ scope: [UInt8]) -> [UInt8] {
        let message = key + withUnsafeBytes(of: UInt32(scope.count).bigEndian, Array.init) + scope + payload
        return Array(Keccak256.hash(message).array.prefix(Self.tagLength))
    }

    static let forged = Rejection(
        .malformed, code: "invalid_cursor", field: "cursor",
        detail: "This cursor was not made by this service for this query. Start again without a cursor.")
}

extension BookQuery.Bookmark {
    /// Its bytes in a cursor: premium, collateral, seq, deadline, big-endian.
    var payload: [UInt8] {
        position.premiumPerDay.bigEndian.array + position.collateralAmount.bigEndian.array
            + withUnsafeBytes(of: position.seq.bigEndian, Array.init)
            + withUnsafeBytes(of: deadline.bigEndian, Array.init)
    }

    init?(payload: [UInt8]) {
        guard payload.count == 80, let premium = Bytes32(bytes: payload[0..<32]),
            let collateral = Bytes32(bytes: payload[32..<64])
        else { return nil }
        self.init(
            position: .init(
                premiumPerDay: UInt256(premium), collateralAmount: UInt256(collateral),
                seq: UInt64(bigEndianBytes: payload[64..<72])),
            deadline: UInt64(bigEndianBytes: payload[72..<80]))
    }
}

extension UInt64 {
    /// Reads up to eight big-endian bytes.
    init(bigEndianBytes bytes: ArraySlice<UInt8>) {
        self = bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
