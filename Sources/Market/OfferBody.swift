import Ethereum
public import StrictJSON

/// The body of `POST /offers`: `{"offer": {the eleven fields}, "signature": "0x…"}`, and nothing besides.
public enum OfferBody {
    private static let names: [StaticString] = ["offer", "signature"]
    private static let offerNames: [StaticString] = [
        "writer", "underlying", "collateralAmount", "stablecoin", "isCall", "premiumPerDay", "minDuration",
        "maxDuration", "minFillAmount", "deadline", "configHash",
    ]

    /// The draft in a body that was parsed; unknown, missing and mistyped fields are refused by name.
    public static func read(_ json: JSONValue) throws(Rejection) -> Draft {
        let body = try FieldReader(json, name: nil, keys: names)
        let offer = try offer(try body.value("offer", 0))
        return Draft(offer: offer, signature: try body.signature(1))
    }

    /// The eleven fields of an offer alone.
    public static func offer(_ json: JSONValue) throws(Rejection) -> Offer {
        let fields = try FieldReader(json, name: "offer", keys: offerNames)
        return Offer(
            writer: try fields.address("writer", 0),
            underlying: try fields.address("underlying", 1),
            collateralAmount: try fields.uint256("collateralAmount", 2),
            stablecoin: try fields.address("stablecoin", 3),
            isCall: try fields.bool("isCall", 4),
            premiumPerDay: try fields.uint256("premiumPerDay", 5),
            minDuration: try fields.uint16("minDuration", 6),
            maxDuration: try fields.uint16("maxDuration", 7),
            minFillAmount: try fields.uint256("minFillAmount", 8),
            deadline: try fields.uint64("deadline", 9),
            configHash: try fields.bytes32("configHash", 10))
    }
}
