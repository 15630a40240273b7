import Ethereum
import Exchange
import Market
import StrictJSON

/// A signed offer as files hold it: the body that is posted, with or without what a service or its predecessor noted
/// beside it, or all of that flat in one object.
struct OfferRecord: Sendable {
    let draft: Draft
    /// The hash it was filed under, by any of the three.
    let statedHash: Bytes32?
    /// When it was accepted, µs since 1970.
    let createdAtMicros: Int64?
    /// How it stood, in the words of a service.
    let status: OfferStatus?
    /// Whether its writer withdrew it, whatever else became of it.
    let isCancelled: Bool
    /// How much of it was taken.
    let filled: UInt256?

    private static let fields: [StaticString] = [
        "writer", "underlying", "collateralAmount", "stablecoin", "isCall", "premiumPerDay", "minDuration",
        "maxDuration", "minFillAmount", "deadline", "configHash",
    ]
    private static let notes: [StaticString] = [
        "signature", "offerHash", "structHash", "encodedHash", "hash", "id", "seq", "status", "filled", "filledAmount",
        "remaining", "remainingAmount", "remainingPremiumPerDay", "createdAt", "cancelledAt", "expiresAt", "updatedAt",
        "pricing", "fundable",
    ]

    /// Reads any of the forms, each as strictly as the service reads a post: an unknown key is refused by name.
    static func read(_ json: JSONValue) throws(Rejection) -> OfferRecord {
        guard let object = json.object, object.members.count > 2 else {
            return OfferRecord(
                draft: try OfferBody.read(json), statedHash: nil, createdAtMicros: nil, status: nil, isCancelled: false,
                filled: nil)
        }
        let isFlat = object["offer"] == nil
        if let key = object.firstKey(notIn: isFlat ? fields + notes : ["offer"] + notes) {
            let name = Refusal.shown(String(decoding: key.prefix(64), as: UTF8.self))
            throw Rejection(
                .malformed, code: Rejection.Code.unknownField.rawValue, field: name,
                detail: "\(name) is not a field here; remove or correct it.")
        }
        let status = try status(object["status"])
        let cancelledAt = object["cancelledAt"].map { !$0.isNull } ?? false
        return OfferRecord(
            draft: try draft(object, isFlat: isFlat),
            statedHash: try hash(object["offerHash"] ?? object["hash"] ?? object["id"]),
            createdAtMicros: try moment(object["createdAt"]), status: status,
            isCancelled: status == .cancelled || cancelledAt,
            filled: try amount(object["filled"] ?? object["filledAmount"]))
    }

    /// Whether it was filed under one of its own hashes, where it says under which.
    func isFiledRightly(_ signed: SignedOffer) -> Bool {
        guard let statedHash else { return true }
        return [signed.hashes.offerHash, signed.hashes.structHash, signed.encodedHash].contains(statedHash)
    }

    /// The refusal of an offer under a hash that is none of its own.
    static func misfiled(_ stated: Bytes32, _ hashes: OfferHashes) -> Rejection {
        Rejection(
            .malformed, code: "hash_mismatch", field: "offerHash",
            detail: "It is filed under \(stated.hex), but its fields hash to \(hashes.offerHash.hex).")
    }

    /// The body that would be posted, read by the one reader of posts.
    private static func draft(_ object: JSONObject, isFlat: Bool) throws(Rejection) -> Draft {
        var body = JSONWriter(capacity: 1_024)
        body.beginObject()
        if isFlat {
            body.key("offer")
            body.beginObject()
            for name in fields {
                guard let value = object[name] else { continue }
                body.key(name)
                body.value(value)
            }
            body.endObject()
        } else if let offer = object["offer"] {
            body.key("offer")
            body.value(offer)
        }
        if let signature = object["signature"] {
            body.key("signature")
            body.value(signature)
        }
        body.endObject()
        return try Draft.parse(body.bytes)
    }

    private static func hash(_ json: JSONValue?) throws(Rejection) -> Bytes32? {
        guard let json else { return nil }
        guard let hash = json.hash else { throw broken("offerHash", .invalidHex, "must be 0x and 64 hex digits") }
        return hash
    }

    /// Queued was open as far as anybody could tell.
    private static func status(_ json: JSONValue?) throws(Rejection) -> OfferStatus? {
        guard let json, !json.isNull else { return nil }
        let text = json.text?.lowercased()
        guard let status = text == "queued" ? .open : text.flatMap({ OfferStatus(rawValue: $0) }) else {
            throw broken(
                "status", .invalidType, "must be one of " + OfferStatus.allCases.map(\.rawValue).joined(separator: ", ")
            )
        }
        return status
    }

    private static func amount(_ json: JSONValue?) throws(Rejection) -> UInt256? {
        guard let json, !json.isNull else { return nil }
        guard let amount = json.uint256 else { throw broken("filled", .invalidInteger, "must be a decimal integer") }
        return amount
    }

    /// RFC 3339, unix seconds, or milliseconds.
    private static func moment(_ json: JSONValue?) throws(Rejection) -> Int64? {
        guard let json, !json.isNull else { return nil }
        if let number = json.uint64, number < 1 << 43 {
            return Int64(number) * (number < 100_000_000_000 ? 1_000_000 : 1_000)
        }
        guard let micros = json.text.flatMap({ Timestamp.micros(of: $0) }) else {
            throw broken("createdAt", .invalidType, "must be a time as 2030-01-31T12:00:00.000Z, or unix seconds")
        }
        return micros
    }

    private static func broken(_ field: String, _ code: Rejection.Code, _ what: String) -> Rejection {
        Rejection(.malformed, code: code.rawValue, field: field, detail: "\(field) \(what).")
    }
}

/// The values in a file that a command is given: one, a list of them, or one a line.
enum OfferFile {
    private static let limit = 256 << 20
    private static let mostValues = 20_000_000

    /// - Parameter path: `-` is standard input.
    static func values(_ path: String) throws -> [JSONValue] {
        let file = try FileInput(path)
        let bytes = try file.readAll(limit: limit)
        do throws(JSONError) {
            let value = try JSONValue.parse(bytes, maxValues: mostValues)
            return value.array ?? [value]
        } catch {
            guard error.reason == .trailingBytes else { throw invalid(file.name, error.detail) }
        }
        return try bytes.split(separator: UInt8(ascii: "\n")).enumerated().compactMap { number, line in
            guard line.contains(where: { !$0.isJSONSpace }) else { return nil }
            do throws(JSONError) {
                return try JSONValue.parse(Array(line))
            } catch {
                throw invalid("\(file.name), line \(number + 1),", error.detail)
            }
        }
    }

    private static func invalid(_ place: String, _ detail: String) -> CommandFailure {
        CommandFailure(.failure, "\(place) is not valid JSON: \(detail)")
    }
}

extension UInt8 {
    /// White space between JSON's parts.
    var isJSONSpace: Bool { self == 0x20 || self == 0x09 || self == 0x0a || self == 0x0d }
}
