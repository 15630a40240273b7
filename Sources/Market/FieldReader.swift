public import Ethereum
public import StrictJSON

/// Reads one JSON object of a fixed shape, field by field, naming the bare field in every refusal.
public struct FieldReader {
    /// 2^53 − 1, the largest integer that every JSON reader keeps exact.
    static let maxExactInteger: UInt64 = 9_007_199_254_740_991
    /// Bytes of the largest signature: a contract wallet's, opaque to this service.
    static let maxSignatureBytes = 4096

    /// The object's members.
    public let object: JSONObject
    /// Whether the members stand in the order of the keys, as programs write them: then a place is a look-up.
    private let isInOrder: Bool

    /// Refuses any key besides these. A mistyped key is named before the one that it leaves missing.
    /// - Parameters:
    ///   - name: what to call the value when it is no object, nil for the body itself.
    ///   - keys: every key there may be, in the usual order.
    public init(_ value: JSONValue, name: StaticString?, keys: [StaticString]) throws(Rejection) {
        guard let object = value.object else {
            throw Rejection(
                .malformed, .invalidType, field: name?.description, "\(name ?? "The body") must be a JSON object.")
        }
        self.object = object
        isInOrder =
            object.members.count <= keys.count
            && object.members.indices.allSatisfy { object.members[$0].key.isEqual(to: keys[$0]) }
        guard !isInOrder, let key = object.firstKey(notIn: keys) else { return }
        let shown = Rejection.shown(key)
        throw Rejection(.malformed, .unknownField, field: shown, "\(shown) is not a field here; remove or correct it.")
    }

    /// The value of a field that must be there; `place` is its place among the keys.
    public func value(_ name: StaticString, _ place: Int) throws(Rejection) -> JSONValue {
        if isInOrder {
            if place < object.members.count { return object.members[place].value }
        } else if let value = object[name] {
            return value
        }
        throw Rejection(.malformed, .missingField, field: name.description, "\(name) is missing.")
    }

    /// `true` or `false`.
    public func bool(_ name: StaticString, _ place: Int) throws(Rejection) -> Bool {
        guard let value = try value(name, place).bool else {
            throw Rejection(.malformed, .invalidType, field: name.description, "\(name) must be true or false.")
        }
        return value
    }

    /// `0x` and 40 hex digits; mixed case must satisfy EIP-55.
    public func address(_ name: StaticString, _ place: Int) throws(Rejection) -> Address {
        guard let text = try value(name, place).string else {
            throw wrongType(name, "a string of 0x and 40 hex digits")
        }
        do {
            return try Address.parse(text)
        } catch {
            switch error {
            case .checksum:
                throw Rejection(
                    .malformed, .invalidChecksum, field: name.description,
                    "\(name) has mixed case that does not satisfy EIP-55; check it for a mistyped digit.")
            case .notHex, .length:
                throw Rejection(
                    .malformed, .invalidAddress, field: name.description, "\(name) must be 0x and 40 hex digits.")
            }
        }
    }

    /// `0x` and 64 hex digits.
    public func bytes32(_ name: StaticString, _ place: Int) throws(Rejection) -> Bytes32 {
        try Self.bytes32(try value(name, place), name)
    }

    static func bytes32(_ value: JSONValue, _ name: StaticString) throws(Rejection) -> Bytes32 {
        guard let text = value.string else { throw wrongType(name, "a string of 0x and 64 hex digits") }
        guard let word = Bytes32(hexBytes: text) else {
            throw Rejection(.malformed, .invalidHex, field: name.description, "\(name) must be 0x and 64 hex digits.")
        }
        return word
    }

    /// The signature's bytes, 0…4096; whether they are a signature is seen later.
    func signature(_ place: Int) throws(Rejection) -> [UInt8] {
        guard let text = try value("signature", place).string else {
            throw wrongType("signature", "a string of 0x and hex digits")
        }
        guard text.count <= 2 + 2 * Self.maxSignatureBytes else {
            throw Rejection(
                .malformed, .signatureTooLong, field: "signature",
                "signature must be at most \(Self.maxSignatureBytes) bytes.")
        }
        guard let bytes = Hex.decode(text) else {
            throw Rejection(
                .malformed, .invalidHex, field: "signature", "signature must be 0x and an even number of hex digits.")
        }
        return bytes
    }

    func wrongType(_ name: StaticString, _ wanted: String) -> Rejection { Self.wrongType(name, wanted) }

    static func wrongType(_ name: StaticString, _ wanted: String) -> Rejection {
        Rejection(.malformed, .invalidType, field: name.description, "\(name) must be \(wanted).")
    }
}
