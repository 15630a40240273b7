import Ethereum
public import Market
public import StrictJSON

/// The JSON of settlements, as replies, Redis and the WebSocket show them.
public enum SettlementJSON {
    /// What `POST /settlement/initiate` answers: the order and what is to be signed. It says nothing that changes, so the
    /// same terms have the same bytes.
    public static func encodeProposal(
        _ proposal: SettlementProposal, _ deployment: Deployment, to json: inout JSONWriter
    ) {
        json.beginObject()
        json.key("tokenId")
        json.uint256(proposal.tokenId)
        orderFields(proposal, to: &json)
        json.key("termsToSign")
        encodeTypedData(proposal.terms, deployment, to: &json)
        json.endObject()
    }

    /// A settlement as `GET /settlement/{tokenId}` shows it.
    public static func encode(_ stored: StoredSettlement, to json: inout JSONWriter) {
        let settlement = stored.settlement
        let present = settlement.present
        json.beginObject()
        json.key("tokenId")
        json.uint256(settlement.tokenId)
        json.key("status")
        json.string(settlement.status.rawValue)
        json.key("submitting")
        json.bool(settlement.isSubmitting)
        json.key("holder")
        json.address(stored.holder)
        json.key("attempt")
        json.integer(present.attempt)
        orderFields(present.proposal, to: &json)
        json.key("approvedBy")
        if let approval = settlement.approval { json.address(approval.holder) } else { json.null() }
        json.key("attempts")
        json.integer(present.sends)
        json.key("reason")
        if let failure = settlement.failure { json.string(failure.reason.rawValue) } else { json.null() }
        json.key("lastError")
        if let words = settlement.failure.map({ "\($0.reason.rawValue): \($0.words)" }) ?? present.lastError {
            json.string(words)
        } else {
            json.null()
        }
        completionFields(settlement, to: &json)
        json.key("earlierOrders")
        json.beginArray()
        for order in settlement.orders.dropLast() { json.string(order.proposal.uid.hex) }
        json.endArray()
        json.key("createdAt")
        json.timestamp(micros: stored.createdAtMicros)
        json.key("updatedAt")
        json.timestamp(micros: stored.updatedAtMicros)
        json.key("seq")
        json.integer(stored.seq)
        json.endObject()
    }

    /// How what there is is shared.
    public static func encode(_ payout: Payout, to json: inout JSONWriter) {
        json.beginObject()
        json.key("total")
        json.uint256(payout.total)
        json.key("payoff")
        json.uint256(payout.payoff)
        json.key("fee")
        json.uint256(payout.fee)
        json.key("taker")
        json.uint256(payout.taker)
        json.key("writer")
        json.uint256(payout.writer)
        json.key("priceE8")
        json.uint256(payout.priceE8)
        json.endObject()
    }

    private static func completionFields(_ settlement: OptionSettlement, to json: inout JSONWriter) {
        let completion = settlement.completion
        json.key("proceeds")
        if let completion { json.uint256(completion.proceeds) } else { json.null() }
        json.key("payout")
        if let completion { encode(completion.payout, to: &json) } else { json.null() }
        json.key("filledOrderUid")
        if let order = completion.flatMap({ settlement.order($0.attempt) }) {
            json.string(order.proposal.uid.hex)
        } else {
            json.null()
        }
    }

    private static func orderFields(_ proposal: SettlementProposal, to json: inout JSONWriter) {
        json.key("order")
        encodeOrder(proposal, to: &json)
        json.key("orderHash")
        json.hash(proposal.uid.orderHash)
        json.key("orderUid")
        json.string(proposal.uid.hex)
        json.key("settlementConditionsHash")
        json.hash(proposal.terms.conditionsHash)
        json.key("minBuyAmount")
        json.uint256(proposal.order.buyAmount)
        json.key("validTo")
        json.integer(proposal.order.validTo)
        json.key("priceE8")
        json.uint256(proposal.price.priceE8)
        json.key("priceSource")
        json.string(proposal.price.source)
        json.key("priceAsOf")
        json.timestamp(micros: proposal.price.asOfMicros)
    }

    /// The order with the words that CoW's API uses; `appData` is the hash, `fullAppData` the document.
    public static func encodeOrder(_ proposal: SettlementProposal, to json: inout JSONWriter) {
        json.beginObject()
        gpv2Fields(proposal.order, to: &json)
        json.key("appData")
        json.hash(proposal.order.appData)
        json.key("fullAppData")
        json.string(SettlementAppData.document(tokenId: proposal.tokenId))
        json.key("owner")
        json.address(proposal.uid.owner)
        json.endObject()
    }

    /// What an order's hash is made of, but for `appData`, which is a hash here and a document there.
    public static func gpv2Fields(_ order: GPv2Order, to json: inout JSONWriter) {
        json.key("sellToken")
        json.address(order.sellToken)
        json.key("buyToken")
        json.address(order.buyToken)
        json.key("receiver")
        json.address(order.receiver)
        json.key("sellAmount")
        json.uint256(order.sellAmount)
        json.key("buyAmount")
        json.uint256(order.buyAmount)
        json.key("validTo")
        json.integer(order.validTo)
        json.key("feeAmount")
        json.uint256(order.feeAmount)
        json.key("kind")
        json.string(GPv2Order.kind)
        json.key("partiallyFillable")
        json.bool(order.partiallyFillable)
        json.key("sellTokenBalance")
        json.string(GPv2Order.balance)
        json.key("buyTokenBalance")
        json.string(GPv2Order.balance)
    }
}

extension SettlementJSON {
    /// The terms as typed data, ready for a wallet's `eth_signTypedData_v4`.
    public static func encodeTypedData(
        _ terms: SettlementTerms, _ deployment: Deployment, to json: inout JSONWriter
    ) {
        json.beginObject()
        json.key("types")
        json.beginObject()
        json.key("EIP712Domain")
        fields(
            [
                ("name", "string"), ("version", "string"), ("chainId", "uint256"),
                ("verifyingContract", "address"),
            ], to: &json)
        json.key("SettlementTerms")
        fields(
            [
                ("tokenId", "uint256"), ("orderHash", "bytes32"), ("minBuyAmount", "uint256"),
                ("validTo", "uint64"),
            ], to: &json)
        json.endObject()
        json.key("primaryType")
        json.string("SettlementTerms")
        json.key("domain")
        json.beginObject()
        json.key("name")
        json.string(Deployment.domainName)
        json.key("version")
        json.string(Deployment.domainVersion)
        json.key("chainId")
        // Wallets compare it with their own as a number; beyond 2^53 only a string is exact.
        if let chainId = deployment.chainId.asUInt64, chainId <= 1 << 53 {
            json.integer(chainId)
        } else {
            json.uint256(deployment.chainId)
        }
        json.key("verifyingContract")
        json.address(deployment.verifyingContract)
        json.endObject()
        json.key("message")
        json.beginObject()
        json.key("tokenId")
        json.uint256(terms.tokenId)
        json.key("orderHash")
        json.hash(terms.orderHash)
        json.key("minBuyAmount")
        json.uint256(terms.minBuyAmount)
        json.key("validTo")
        json.integer(terms.validTo)
        json.endObject()
        json.endObject()
    }

    private static func fields(_ fields: [(StaticString, StaticString)], to json: inout JSONWriter) {
        json.beginArray()
        for (name, type) in fields {
            json.beginObject()
            json.key("name")
            json.string(name)
            json.key("type")
            json.string(type)
            json.endObject()
        }
        json.endArray()
    }
}
