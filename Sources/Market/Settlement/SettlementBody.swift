public import Ethereum
import StrictJSON

/// The bodies of `POST /settlement/initiate`, `approve` and `submit`; unknown, missing and mistyped fields are refused by
/// name.
public enum SettlementBody {
    private static let initiateNames: [StaticString] = ["tokenId", "minBuyAmount", "validTo"]
    private static let approveNames: [StaticString] = [
        "tokenId", "settlementConditionsHash", "signature", "minBuyAmount", "validTo",
    ]
    private static let submitNames: [StaticString] = ["tokenId"]

    /// `{tokenId, minBuyAmount?, validTo?}`
    public static func initiate(_ body: [UInt8]) throws(Rejection) -> (tokenId: UInt256, wish: SettlementWish) {
        let fields = try FieldReader(try parse(body), name: nil, keys: initiateNames)
        return (
            try fields.uint256("tokenId", 0),
            SettlementWish(
                minBuyAmount: try fields.has("minBuyAmount") ? fields.uint256("minBuyAmount", 1) : nil,
                validTo: try fields.has("validTo") ? fields.uint64("validTo", 2) : nil)
        )
    }

    /// `{tokenId, settlementConditionsHash, signature, minBuyAmount?, validTo?}`; of the last two both or none.
    public static func approve(
        _ body: [UInt8]
    ) throws(Rejection) -> (tokenId: UInt256, consent: SettlementConsent, signature: [UInt8]) {
        let fields = try FieldReader(try parse(body), name: nil, keys: approveNames)
        let isOwn = fields.has("minBuyAmount") || fields.has("validTo")
        let consent = SettlementConsent(
            conditionsHash: try fields.bytes32("settlementConditionsHash", 1),
            own: isOwn
                ? SettlementWish(
                    minBuyAmount: try fields.uint256("minBuyAmount", 3), validTo: try fields.uint64("validTo", 4))
                : nil)
        return (try fields.uint256("tokenId", 0), consent, try fields.signature(2))
    }

    /// `{tokenId}`
    public static func submit(_ body: [UInt8]) throws(Rejection) -> UInt256 {
        try FieldReader(try parse(body), name: nil, keys: submitNames).uint256("tokenId", 0)
    }

    private static func parse(_ body: [UInt8]) throws(Rejection) -> JSONValue {
        do {
            return try JSONValue.parse(body)
        } catch {
            throw Rejection(error)
        }
    }
}

extension FieldReader {
    /// Whether a field that may be absent is there. `null` is not absence.
    fileprivate func has(_ name: StaticString) -> Bool { object[name] != nil }
}
