public import Ethereum
public import Market
public import StrictJSON

/// The JSON of offers: one encoding for REST, Redis and WebSocket.
public enum BookRow {
    /// A row of the book without pricing: the offer's fields flat, then its state.
    public static func encode(_ state: OfferState) -> [UInt8] {
        var json = JSONWriter()
        json.bytes.reserveCapacity(900)
        json.beginObject()
        json.key("offerHash")
        json.hash(state.offerHash)
        json.key("seq")
        json.integer(state.seq)
        json.offerFields(state.offer)
        json.key("remaining")
        json.uint256(state.remaining)
        json.key("filled")
        json.uint256(state.filled)
        // Absent where all of it is: a row's bytes do not change for offers that are funded.
        json.fundable(state.funding)
        json.key("remainingPremiumPerDay")
        json.uint256(state.remainingPremiumPerDay)
        json.endObject()
        return json.bytes
    }
}

extension JSONWriter {
    /// The eleven fields in the order in which they are signed.
    public mutating func offerFields(_ offer: Offer) {
        key("writer")
        address(offer.writer)
        key("underlying")
        address(offer.underlying)
        key("collateralAmount")
        uint256(offer.collateralAmount)
        key("stablecoin")
        address(offer.stablecoin)
        key("isCall")
        bool(offer.isCall)
        key("premiumPerDay")
        uint256(offer.premiumPerDay)
        key("minDuration")
        integer(UInt64(offer.minDuration))
        key("maxDuration")
        integer(UInt64(offer.maxDuration))
        key("minFillAmount")
        uint256(offer.minFillAmount)
        key("deadline")
        integer(offer.deadline)
        key("configHash")
        hash(offer.configHash)
    }

    /// A `0x` string of 64 hex digits.
    public mutating func hash(_ hash: Bytes32) { ascii { hash.appendHex(to: &$0) } }
    /// An address in its EIP-55 form.
    public mutating func address(_ address: Address) { ascii { address.appendChecksummed(to: &$0) } }
    /// A decimal string.
    public mutating func uint256(_ value: UInt256) { ascii { value.appendDecimal(to: &$0) } }
}
