import Ethereum
public import Market
public import StrictJSON

/// The JSON of a whole offer, as `GET /offers/{hash}` and every listing show it.
public enum OfferJSON {
    /// The offer, its signature, its three hashes and its state at `now` (unix seconds).
    public static func encode(_ state: OfferState, now: UInt64, to json: inout JSONWriter) {
        json.beginObject()
        encodeFields(state, now: now, to: &json)
        json.endObject()
    }

    /// The same members, for an object that holds more.
    public static func encodeFields(_ state: OfferState, now: UInt64, to json: inout JSONWriter) {
        json.key("offer")
        json.beginObject()
        json.offerFields(state.offer)
        json.endObject()
        json.key("signature")
        json.bytes(state.signed.signature)
        json.key("offerHash")
        json.hash(state.offerHash)
        json.key("structHash")
        json.hash(state.signed.hashes.structHash)
        json.key("encodedHash")
        json.hash(state.signed.encodedHash)
        json.key("seq")
        json.integer(state.seq)
        json.key("status")
        json.string(state.status(now: now).rawValue)
        json.key("filled")
        json.uint256(state.filled)
        json.key("remaining")
        json.uint256(state.remaining)
        if state.closed == nil { json.fundable(state.funding) }
        json.key("createdAt")
        json.timestamp(micros: state.createdAtMicros)
        json.key("cancelledAt")
        if let cancelledAt = state.cancelledAtMicros { json.timestamp(micros: cancelledAt) } else { json.null() }
        json.key("expiresAt")
        json.timestamp(seconds: state.offer.deadline)
    }

    /// What a poster is answered.
    public static func encodeReceipt(_ state: OfferState, now: UInt64, to json: inout JSONWriter) {
        json.beginObject()
        encodeReceiptFields(state, now: now, to: &json)
        json.endObject()
    }

    /// The fields of a receipt, for objects that hold more.
    public static func encodeReceiptFields(_ state: OfferState, now: UInt64, to json: inout JSONWriter) {
        json.key("offerHash")
        json.hash(state.offerHash)
        json.key("seq")
        json.integer(state.seq)
        json.key("status")
        json.string(state.status(now: now).rawValue)
        json.key("createdAt")
        json.timestamp(micros: state.createdAtMicros)
        json.key("remaining")
        json.uint256(state.remaining)
        json.key("filled")
        json.uint256(state.filled)
    }
}

extension JSONWriter {
    /// Bytes as a `0x` string.
    public mutating func bytes(_ bytes: [UInt8]) { ascii { Hex.append(bytes, to: &$0) } }
}
