import Ethereum
public import StrictJSON

extension CancelMessage {
    private static let names: [StaticString] = ["offerHashes", "writer", "issuedBefore"]

    /// The message as JSON in its one canonical form, for storage: sorted keys, no white space, EIP-55 addresses,
    /// lower-case hashes, issuedBefore a number up to 2^53 − 1 and a decimal string above.
    public var canonicalJSON: [UInt8] {
        var json = JSONWriter(capacity: 128)
        json.beginObject()
        switch self {
        case .offers(let hashes):
            json.key("offerHashes")
            json.beginArray()
            for hash in hashes { json.ascii { hash.appendHex(to: &$0) } }
            json.endArray()
        case .all(let writer, let issuedBefore):
            json.key("issuedBefore")
            if issuedBefore <= FieldReader.maxExactInteger {
                json.integer(issuedBefore)
            } else {
                json.ascii { UInt256(issuedBefore).appendDecimal(to: &$0) }
            }
            json.key("writer")
            json.ascii { writer.appendChecksummed(to: &$0) }
        }
        json.endObject()
        return json.bytes
    }

    /// Reads a message from JSON text, as `canonicalJSON` wrote it.
    public static func parse(_ text: [UInt8]) throws(Rejection) -> CancelMessage {
        let json: JSONValue
        do {
            json = try JSONValue.parse(text)
        } catch {
            throw Rejection(error)
        }
        return try read(json)
    }

    /// Reads `{"offerHashes": […]}` or `{"writer": …, "issuedBefore": …}`.
    public static func read(_ json: JSONValue) throws(Rejection) -> CancelMessage {
        let fields = try FieldReader(json, name: "message", keys: names)
        guard let hashes = fields.object["offerHashes"] else {
            if fields.object.members.isEmpty {
                throw Rejection(
                    .malformed, .invalidMessage, field: "message",
                    "message must hold offerHashes, or writer and issuedBefore.")
            }
            return .all(
                writer: try fields.address("writer", 1), issuedBefore: try fields.uint64("issuedBefore", 2))
        }
        guard fields.object.members.count == 1 else {
            throw Rejection(
                .malformed, .invalidMessage, field: "message",
                "message must hold either offerHashes or writer and issuedBefore, not both.")
        }
        return .offers(try offerHashes(hashes))
    }

    private static func offerHashes(_ json: JSONValue) throws(Rejection) -> [Bytes32] {
        guard let elements = json.array else {
            throw FieldReader.wrongType("offerHashes", "an array of strings")
        }
        guard (1...maxOffers).contains(elements.count) else {
            throw Rejection(
                .malformed, .invalidHashCount, field: "offerHashes",
                "offerHashes must hold 1 to \(maxOffers) hashes, not \(elements.count).")
        }
        var hashes: [Bytes32] = []
        hashes.reserveCapacity(elements.count)
        var seen = Set<Bytes32>(minimumCapacity: elements.count)
        for element in elements {
            let hash = try FieldReader.bytes32(element, "offerHashes")
            guard seen.insert(hash).inserted else {
                throw Rejection(
                    .malformed, .duplicateHash, field: "offerHashes", "offerHashes names \(hash) twice.")
            }
            hashes.append(hash)
        }
        return hashes
    }
}
