public import Ethereum

/// What may be settled, and on which terms (protocol.md §6 and §7).
public struct SettlementRules: Sendable {
    /// How long an order lives by default, seconds.
    public static let usualLife: UInt64 = 3_600
    /// The shortest life that CoW takes, seconds.
    public static let shortestLife: UInt64 = 60
    /// The longest life that CoW takes, seconds.
    public static let longestLife: UInt64 = 365 * 86_400
    /// A price older than this settles nothing, seconds.
    public static let oldestPrice: Int64 = 60

    private static let wholeBps = UInt256(10_000)

    /// The deployment whose options are settled.
    public let deployment: Deployment
    /// Who owns the collateral, and the orders that sell it: the protocol contract, or a vault.
    public let owner: Address
    /// The protocol's part of a payoff, basis points.
    public let feeBps: UInt16
    /// The least that a sale may be allowed to bring, basis points of its value.
    public let floorBps: UInt16
    /// CoW's signing domain on the deployment's chain.
    public let domain: EIP712Domain

    /// Rules of a deployment; without an `owner` its contract holds the collateral.
    public init(deployment: Deployment, owner: Address? = nil, feeBps: UInt16 = 10, floorBps: UInt16 = 9_500) {
        self.deployment = deployment
        self.owner = owner ?? deployment.verifyingContract
        self.feeBps = feeBps
        self.floorBps = floorBps
        domain = GPv2Order.domain(chainId: deployment.chainId)
    }

    /// Whether the option can be settled at all now.
    /// - Throws: 409 `not_confirmed`, `already_settled`, `offer_unknown`; 400 `not_expired`.
    /// - Returns: its tokens.
    public func check(_ option: SettlementOption, at clock: SettlementClock) throws(Rejection)
        -> SettlementOption
        .Contract
    {
        guard option.isConfirmed else {
            throw Rejection(
                .conflict, .notConfirmed,
                "Option \(option.tokenId) waits for confirmations on the chain. Try again in a few blocks.")
        }
        guard !option.isSettled else { throw Self.settled(option.tokenId) }
        guard let contract = option.contract else {
            throw Rejection(
                .conflict, .offerUnknown,
                "The offer behind option \(option.tokenId) was never posted here, so its tokens are unknown. Post it.")
        }
        guard clock.chainTime >= option.expiry else {
            throw Rejection(
                .malformed, .notExpired, field: "tokenId",
                "Option \(option.tokenId) expires at \(option.expiry) (unix seconds); it is \(clock.chainTime) now.")
        }
        return contract
    }

    static func settled(_ tokenId: UInt256) -> Rejection {
        Rejection(.conflict, .alreadySettled, "Option \(tokenId) was settled; there is nothing left to do.")
    }

    /// A put's shares at a price.
    public func putPayout(_ option: SettlementOption, price: SettlementPrice) -> Payout {
        .put(
            collateral: option.collateral, strikeE8: option.strikeE8, priceE8: price.priceE8, feeBps: feeBps)
    }

    /// A call's shares of what the sale brought.
    public func callPayout(
        _ option: SettlementOption, decimals: SettlementDecimals, price: SettlementPrice, proceeds: UInt256
    ) -> Payout {
        .call(
            collateral: option.collateral, strikeE8: option.strikeE8, priceE8: price.priceE8, proceeds: proceeds,
            decimals: decimals, feeBps: feeBps)
    }

    /// The order that settles a call on these terms.
    /// - Parameter earlier: the largest validTo of the option's earlier orders; the new one must be later.
    /// - Throws: 409 `put_settles_directly`, `decimals_unknown`, `nothing_to_settle`, `amount_out_of_range`; 400
    ///   naming minBuyAmount or validTo.
    public func proposal(
        _ option: SettlementOption, _ contract: SettlementOption.Contract, price: SettlementPrice,
        wish: SettlementWish, now: UInt64, after earlier: UInt32?
    ) throws(Rejection) -> SettlementProposal {
        guard contract.isCall else { throw Self.put(option.tokenId) }
        let bounds = try bounds(option, contract, price: price)
        let minBuyAmount = wish.minBuyAmount ?? bounds.lowerBound
        guard bounds.contains(minBuyAmount) else {
            throw Rejection(
                .malformed, .invalidMinBuyAmount, field: "minBuyAmount",
                "minBuyAmount must be from \(bounds.lowerBound) to \(bounds.upperBound), the sale's value at price "
                    + "\(price.priceE8) (8 decimals); it is \(minBuyAmount).")
        }
        let order = GPv2Order(
            sellToken: contract.underlying, buyToken: contract.stablecoin, receiver: owner,
            sellAmount: option.collateral, buyAmount: minBuyAmount,
            validTo: try validTo(wish.validTo, now: now, after: earlier),
            appData: SettlementAppData.hash(tokenId: option.tokenId))
        return SettlementProposal(tokenId: option.tokenId, order: order, owner: owner, domain: domain, price: price)
    }

    /// The refusal of an order for a put.
    public static func put(_ tokenId: UInt256) -> Rejection {
        Rejection(
            .conflict, .putSettlesDirectly,
            "Option \(tokenId) is a put: its collateral is the stablecoin already, so no order is needed. Settle it in "
                + "the contract; the shares are in payout.")
    }

    /// What minBuyAmount may be: from the floor to the sale's value.
    func bounds(
        _ option: SettlementOption, _ contract: SettlementOption.Contract, price: SettlementPrice
    ) throws(Rejection) -> ClosedRange<UInt256> {
        guard let decimals = contract.decimals else {
            throw Rejection(
                .conflict, .decimalsUnknown,
                "The decimals of \(contract.underlying) or \(contract.stablecoin) are not known here; configure the "
                    + "token.")
        }
        guard price.priceE8 > option.strikeE8 else {
            throw Rejection(
                .conflict, .nothingToSettle,
                "Option \(option.tokenId) is worth nothing: the price \(price.priceE8) is not above the strike "
                    + "\(option.strikeE8) (both 8 decimals).")
        }
        guard let value = decimals.value(of: option.collateral, priceE8: price.priceE8) else {
            throw Rejection(
                .conflict, .amountOutOfRange, "The sale's value is 2^256 or more; the decimals or the price are wrong.")
        }
        let payoff = callPayout(option, decimals: decimals, price: price, proceeds: value).payoff
        let floor = UInt256.mulDivFloor(value, UInt256(UInt64(floorBps)), Self.wholeBps) ?? value
        guard !payoff.isZero, !value.isZero else {
            throw Rejection(
                .conflict, .nothingToSettle,
                "Option \(option.tokenId) is worth less than the stablecoin's smallest unit.")
        }
        // CoW takes no order over an amount of 0.
        return max(min(floor, value), .one)...value
    }

    private func validTo(_ wish: UInt64?, now: UInt64, after earlier: UInt32?) throws(Rejection) -> UInt32 {
        let first = max(now + Self.shortestLife, UInt64(earlier ?? 0) + 1)
        let last = min(now + Self.longestLife, UInt64(UInt32.max))
        let validTo = wish ?? max(now + Self.usualLife, first)
        guard validTo >= first, validTo <= last else {
            let reason = UInt64(earlier ?? 0) >= now + Self.shortestLife ? ", after every earlier order's" : ""
            throw Rejection(
                .malformed, .invalidValidTo, field: "validTo",
                "validTo must be from \(first) to \(last) (unix seconds)\(reason); it is \(validTo).")
        }
        return UInt32(truncatingIfNeeded: validTo)
    }
}
