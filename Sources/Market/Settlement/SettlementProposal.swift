public import Ethereum

/// An order that would settle an option, and the price at which it was made.
public struct SettlementProposal: Sendable, Hashable {
    /// The option.
    public let tokenId: UInt256
    /// The sale of its collateral.
    public let order: GPv2Order
    /// The order's id.
    public let uid: OrderUID
    /// The price at initiation.
    public let price: SettlementPrice

    /// An order of `owner`'s in CoW's `domain`.
    public init(
        tokenId: UInt256, order: GPv2Order, owner: Address, domain: EIP712Domain, price: SettlementPrice
    ) {
        self.init(
            tokenId: tokenId, order: order,
            uid: OrderUID(orderHash: order.hash(in: domain), owner: owner, validTo: order.validTo), price: price)
    }

    /// An order whose id was computed before.
    public init(tokenId: UInt256, order: GPv2Order, uid: OrderUID, price: SettlementPrice) {
        self.tokenId = tokenId
        self.order = order
        self.uid = uid
        self.price = price
    }

    /// What the holder signs.
    public var terms: SettlementTerms {
        SettlementTerms(
            tokenId: tokenId, orderHash: uid.orderHash, minBuyAmount: order.buyAmount, validTo: UInt64(order.validTo))
    }
}

/// What a proposer may choose; what is absent gets its default.
public struct SettlementWish: Sendable, Hashable {
    /// The least that the sale must bring; by default the floor.
    public var minBuyAmount: UInt256?
    /// Unix seconds, the last at which the order can fill; by default an hour from now.
    public var validTo: UInt64?

    /// A wish; absent parts are left to the rules.
    public init(minBuyAmount: UInt256? = nil, validTo: UInt64? = nil) {
        self.minBuyAmount = minBuyAmount
        self.validTo = validTo
    }
}
