import StrictJSON

/// A row of the products' record store, in the store's own words.
public struct ContractRecord: Sendable, Hashable {
    private static let names: [StaticString] = ["id", "type", "parameters", "created_at", "is_active", "duration"]
    /// Bytes of an id and of a type at most.
    private static let longestText = 128
    /// The last millisecond of the year 9999.
    private static let latestMillis: UInt64 = 253_402_300_799_999

    /// `id`
    public let id: String
    /// `type`: `LuckyLadder`, `MomentumCatcher`, or any other word.
    public let type: String
    /// `parameters`: a JSON object.
    public let parameters: [UInt8]
    /// `created_at`, ms since 1970; nil when a record to be stored does not say.
    public let createdAtMillis: Int64?
    /// `is_active`
    public let isActive: Bool
    /// `duration`, ms, above 0.
    public let durationMillis: Int64

    /// A record as it was stored.
    public init(
        id: String, type: String, parameters: [UInt8], createdAtMillis: Int64?, isActive: Bool, durationMillis: Int64
    ) {
        self.id = id
        self.type = type
        self.parameters = parameters
        self.createdAtMillis = createdAtMillis
        self.isActive = isActive
        self.durationMillis = durationMillis
    }

    /// Reads a record to be stored; `created_at` may be left out and is the moment of storing then, `is_active` is true.
    public static func parse(_ body: [UInt8]) throws(Rejection) -> ContractRecord {
        let fields = try FieldReader(try parse(json: body), name: nil, keys: names)
        guard let parameters = try fields.value("parameters", 2).object else {
            throw fields.wrongType("parameters", "a JSON object")
        }
        var json = JSONWriter()
        json.value(.object(parameters))
        let duration = try fields.int64("duration", 5)
        guard duration > 0 else {
            throw Rejection(.malformed, .invalidDuration, field: "duration", "duration must be above 0 milliseconds.")
        }
        var createdAt: Int64?
        if fields.object["created_at"] != nil {
            let millis = try fields.uint64("created_at", 3)
            guard millis <= latestMillis else {
                throw Rejection(
                    .malformed, .integerOutOfRange, field: "created_at",
                    "created_at must be milliseconds since 1970, before the year 10000.")
            }
            createdAt = Int64(millis)
        }
        return ContractRecord(
            id: try text("id", 0, fields), type: try text("type", 1, fields), parameters: json.bytes,
            createdAtMillis: createdAt,
            isActive: fields.object["is_active"] == nil ? true : try fields.bool("is_active", 4),
            durationMillis: duration)
    }

    /// Reads the confirmation without which the store is not emptied.
    public static func confirmCleaning(_ body: [UInt8]) throws(Rejection) {
        let fields = try FieldReader(try parse(json: body), name: nil, keys: ["confirm"])
        guard try fields.value("confirm", 0).string?.isEqual(to: "delete all contracts") == true else {
            throw Rejection(
                .malformed, .cleaningNotConfirmed, field: "confirm",
                "This deletes every contract. Send {\"confirm\": \"delete all contracts\"} if that is what you want.")
        }
    }

    private static func text(_ name: StaticString, _ place: Int, _ fields: FieldReader) throws(Rejection) -> String {
        guard let text = try fields.value(name, place).string, (1...longestText).contains(text.count) else {
            throw fields.wrongType(name, "a string of 1 to \(longestText) bytes")
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func parse(json body: [UInt8]) throws(Rejection) -> JSONValue {
        do {
            return try JSONValue.parse(body)
        } catch {
            throw Rejection(error)
        }
    }
}
