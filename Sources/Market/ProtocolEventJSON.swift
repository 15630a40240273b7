import Ethereum
public import StrictJSON

extension ProtocolEvent {
    /// The arguments as JSON: names as in the contract, integers as decimal strings.
    public var argumentsJSON: [UInt8] {
        var json = JSONWriter(capacity: 384)
        json.beginObject()
        // In the order of their keys, which makes the text canonical.
        switch self {
        case .optionTaken(let taken):
            json.number("duration", UInt256(UInt64(taken.duration)))
            json.number("fillAmount", taken.fillAmount)
            json.hex("offerHash", taken.offerHash)
            json.number("strikePrice", taken.strikePrice)
            json.account("taker", taken.taker)
            json.number("tokenId", taken.tokenId)
        case .optionSettled(let tokenId, let profit, let settler):
            json.number("profit", profit)
            json.account("settler", settler)
            json.number("tokenId", tokenId)
        case .settlementInitiated(let tokenId, let cowOrderHash, let minBuyAmount):
            json.hex("cowOrderHash", cowOrderHash)
            json.number("minBuyAmount", minBuyAmount)
            json.number("tokenId", tokenId)
        case .settlementApproved(let tokenId, let approver):
            json.account("approver", approver)
            json.number("tokenId", tokenId)
        case .settlementExecuted(let tokenId, let proceeds, let settler):
            json.number("proceedsReceived", proceeds)
            json.account("settler", settler)
            json.number("tokenId", tokenId)
        case .offerCancelled(let offerHash, let writer):
            json.hex("offerHash", offerHash)
            json.account("writer", writer)
        case .transfer(let from, let to, let tokenId):
            json.account("from", from)
            json.account("to", to)
            json.number("tokenId", tokenId)
        }
        json.endObject()
        return json.bytes
    }

    /// Reads the arguments of the event called `name`; every one must be there and nothing besides.
    /// - Throws: the first field at fault. A `duration` outside 1…65535 or a `fillAmount` of 0 is `garbled_event`.
    public static func parse(_ name: Name, arguments: JSONValue) throws(Rejection) -> ProtocolEvent {
        let fields = try FieldReader(arguments, name: "args", keys: name.argumentNames)
        switch name {
        case .optionTaken: return .optionTaken(try taken(fields))
        case .optionSettled:
            return .optionSettled(
                tokenId: try fields.uint256("tokenId", 0), profit: try fields.uint256("profit", 1),
                settler: try fields.address("settler", 2))
        case .settlementInitiated:
            return .settlementInitiated(
                tokenId: try fields.uint256("tokenId", 0), cowOrderHash: try fields.bytes32("cowOrderHash", 1),
                minBuyAmount: try fields.uint256("minBuyAmount", 2))
        case .settlementApproved:
            return .settlementApproved(
                tokenId: try fields.uint256("tokenId", 0), approver: try fields.address("approver", 1))
        case .settlementExecuted:
            return .settlementExecuted(
                tokenId: try fields.uint256("tokenId", 0),
                proceedsReceived: try fields.uint256("proceedsReceived", 1),
                settler: try fields.address("settler", 2))
        case .offerCancelled:
            return .offerCancelled(
                offerHash: try fields.bytes32("offerHash", 0), writer: try fields.address("writer", 1))
        case .transfer:
            return .transfer(
                from: try fields.address("from", 0), to: try fields.address("to", 1),
                tokenId: try fields.uint256("tokenId", 2))
        }
    }

    private static func taken(_ fields: FieldReader) throws(Rejection) -> OptionTaken {
        let amount = try fields.uint256("fillAmount", 3)
        let days = try fields.uint256("duration", 5)
        guard !amount.isZero else { throw garbled("fillAmount", "fillAmount is 0") }
        guard let duration = days.asUInt64.flatMap(UInt16.init(exactly:)), duration > 0 else {
            throw garbled("duration", "duration is \(days), not 1 to 65535 days")
        }
        return OptionTaken(
            tokenId: try fields.uint256("tokenId", 0), offerHash: try fields.bytes32("offerHash", 1),
            taker: try fields.address("taker", 2), fillAmount: amount,
            strikePrice: try fields.uint256("strikePrice", 4), duration: duration)
    }

    private static func garbled(_ field: String, _ detail: String) -> Rejection {
        Rejection(.malformed, .garbledEvent, field: field, detail)
    }
}

extension ProtocolEvent.Name {
    /// The arguments in the contract's order.
    fileprivate var argumentNames: [StaticString] {
        switch self {
        case .optionTaken: ["tokenId", "offerHash", "taker", "fillAmount", "strikePrice", "duration"]
        case .optionSettled: ["tokenId", "profit", "settler"]
        case .settlementInitiated: ["tokenId", "cowOrderHash", "minBuyAmount"]
        case .settlementApproved: ["tokenId", "approver"]
        case .settlementExecuted: ["tokenId", "proceedsReceived", "settler"]
        case .offerCancelled: ["offerHash", "writer"]
        case .transfer: ["from", "to", "tokenId"]
        }
    }
}

extension JSONWriter {
    fileprivate mutating func number(_ name: StaticString, _ value: UInt256) {
        key(name)
        ascii { value.appendDecimal(to: &$0) }
    }

    fileprivate mutating func hex(_ name: StaticString, _ value: Bytes32) {
        key(name)
        ascii { value.appendHex(to: &$0) }
    }

    fileprivate mutating func account(_ name: StaticString, _ value: Address) {
        key(name)
        ascii { value.appendChecksummed(to: &$0) }
    }
}
