public import StrictJSON

/// A submission as it was read: typed, its rules not checked yet, its token still a name.
public struct ProductDraft: Sendable, Hashable {
    private static let names: [StaticString] = [
        "type", "requestId", "token", "productType", "rungsE8", "targetMovementE8", "mode", "durationMs", "payoffE8",
    ]
    private static let longestName = 128

    /// An address or a symbol, as it was sent.
    public let token: String
    /// The bet.
    public let bet: ProductTerms.Bet
    /// How long it shall observe, ms.
    public let durationMillis: Int64
    /// What it shall pay at most, 1e-8 units.
    public let payoffE8: Int64

    /// Reads the fields of `submitContract`; each field that is missing, unknown, of a wrong type or of the other
    /// product is refused by its name.
    public static func read(_ submission: JSONObject) throws(Rejection) -> ProductDraft {
        let fields = try FieldReader(.object(submission), name: nil, keys: names)
        if let type = submission["type"], type.string?.isEqual(to: "submitContract") != true {
            throw Rejection(
                .malformed, .invalidType, field: "type", "type, if it is there, must be \"submitContract\".")
        }
        let token = try fields.value("token", 2)
        guard let name = token.string, !name.isEmpty, name.count <= longestName else {
            throw fields.wrongType("token", "a token's address or symbol")
        }
        return ProductDraft(
            token: String(decoding: name, as: UTF8.self), bet: try bet(fields),
            durationMillis: try fields.int64("durationMs", 7),
            payoffE8: try fields.int64("payoffE8", 8))
    }

    private static func bet(_ fields: FieldReader) throws(Rejection) -> ProductTerms.Bet {
        let value = try fields.value("productType", 3)
        guard let text = value.string else { throw fields.wrongType("productType", "a string") }
        switch ProductType(rawValue: String(decoding: text, as: UTF8.self)) {
        case .luckyLadder:
            try fields.refuse(["targetMovementE8", "mode"], in: "LuckyLadder")
            return .luckyLadder(rungsE8: try rungs(try fields.value("rungsE8", 4)))
        case .momentumCatcher:
            try fields.refuse(["rungsE8"], in: "MomentumCatcher")
            return .momentumCatcher(
                targetE8: try fields.int64("targetMovementE8", 5), mode: try mode(fields.object["mode"]))
        case nil:
            throw Rejection(
                .malformed, .invalidProductType, field: "productType",
                "productType must be LuckyLadder or MomentumCatcher.")
        }
    }

    private static func rungs(_ value: JSONValue) throws(Rejection) -> [Int64] {
        guard let values = value.array else {
            throw FieldReader.wrongType("rungsE8", "a list of decimal strings, prices in units of 1e-8")
        }
        var rungs: [Int64] = []
        rungs.reserveCapacity(values.count)
        for value in values { rungs.append(try FieldReader.int64(value, "rungsE8")) }
        return rungs
    }

    private static func mode(_ value: JSONValue?) throws(Rejection) -> MovementMode {
        guard let value else { return .net }
        guard let text = value.string, let mode = MovementMode(rawValue: String(decoding: text, as: UTF8.self)) else {
            throw Rejection(
                .malformed, .invalidMode, field: "mode",
                "mode must be net (the distance from the first price), path (the sum of the steps) or tick (the largest step)."
            )
        }
        return mode
    }
}

extension FieldReader {
    /// A JSON integer or a decimal string, below 2^63 and not negative.
    func int64(_ name: StaticString, _ place: Int) throws(Rejection) -> Int64 {
        try Self.int64(try value(name, place), name)
    }

    /// A JSON integer or a decimal string, below 2^63 and not negative.
    static func int64(_ value: JSONValue, _ name: StaticString) throws(Rejection) -> Int64 {
        guard let number = Int64(exactly: try integer(value, name, bits: 63)) else {
            throw Rejection(.malformed, .integerOutOfRange, field: name.description, "\(name) must be below 2^63.")
        }
        return number
    }

    /// Refuses fields that belong to the other product.
    fileprivate func refuse(_ names: [StaticString], in product: StaticString) throws(Rejection) {
        for name in names where object[name] != nil {
            throw Rejection(
                .malformed, .unknownField, field: name.description, "\(name) is not a field of a \(product); remove it."
            )
        }
    }
}
