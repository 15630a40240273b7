import Ethereum
public import Market
import Pricing
public import StrictJSON

/// The JSON of options, as every route shows them.
public enum OptionJSON {
    /// The fields of an option with its mark, inside an object.
    public static func encodeFields(_ option: OptionState, mark: OptionMark?, to json: inout JSONWriter) {
        let terms = option.terms
        json.key("tokenId")
        json.uint256(option.tokenId)
        optional("offerHash", terms?.offerHash, to: &json) { $1.hash($0) }
        json.key("namedHash")
        json.hash(option.taken.offerHash)
        optional("writer", terms?.writer, to: &json) { $1.address($0) }
        json.key("taker")
        json.address(option.taken.taker)
        json.key("holder")
        json.address(option.holder)
        optional("underlying", terms?.underlying, to: &json) { $1.address($0) }
        optional("stablecoin", terms?.stablecoin, to: &json) { $1.address($0) }
        optional("isCall", terms?.isCall, to: &json) { $1.bool($0) }
        json.key("collateralLocked")
        json.uint256(option.taken.fillAmount)
        json.key("strikePriceE8")
        json.uint256(option.taken.strikePrice)
        optional("premium", terms?.premium, to: &json) { $1.uint256($0) }
        json.key("startTime")
        json.timestamp(seconds: option.startTime)
        json.key("expiryTime")
        json.timestamp(seconds: option.expiryTime)
        json.key("durationDays")
        json.integer(UInt64(option.taken.duration))
        json.key("status")
        json.string(option.status.rawValue)
        json.key("settled")
        json.bool(option.settledAt != nil)
        optional("settledAt", option.settledAt, to: &json) { $1.timestamp(seconds: $0) }
        json.key("txHash")
        json.hash(option.origin.txHash)
        json.key("blockNumber")
        json.integer(option.origin.blockNumber)
        optional("mark", mark, to: &json) { encode($0, to: &$1) }
    }

    /// What the position has brought so far: for the holder the value less the premium paid, for the writer the reverse.
    /// In the stablecoin's smallest unit, signed; nil while either is unknown.
    public static func profitAndLoss(_ option: OptionState, mark: OptionMark?, asWriter: Bool) -> String? {
        guard let value = mark?.value, let premium = option.terms?.premium else { return nil }
        let (gain, cost) = asWriter ? (premium, value) : (value, premium)
        let (difference, isNegative) = gain.subtractingReportingOverflow(cost)
        return isNegative
            ? "-" + cost.subtractingReportingOverflow(gain).partialValue.decimalString : difference.decimalString
    }

    private static func encode(_ mark: OptionMark, to json: inout JSONWriter) {
        json.beginObject()
        json.key("priceE8")
        json.uint256(mark.priceE8)
        optional("value", mark.value, to: &json) { $1.uint256($0) }
        json.key("payoff")
        json.uint256(mark.payoff)
        let greeks = mark.greeks
        for (name, number) in [
            ("delta", greeks?.delta), ("gamma", greeks?.gamma), ("vega", greeks?.vega), ("theta", greeks?.theta),
        ] {
            json.key(name)
            if let number, number.isFinite { json.raw("\(number)".utf8) } else { json.null() }
        }
        json.endObject()
    }

    private static func optional<Value>(
        _ name: StaticString, _ value: Value?, to json: inout JSONWriter, _ write: (Value, inout JSONWriter) -> Void
    ) {
        json.key(name)
        if let value { write(value, &json) } else { json.null() }
    }
}
