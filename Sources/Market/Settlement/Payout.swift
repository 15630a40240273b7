public import Ethereum

/// How what an option's collateral brings is shared, in the stablecoin's smallest unit (protocol.md §6). Every part is
/// rounded down but the writer's, who gets the rest: `taker + fee + writer = total`, always.
public struct Payout: Sendable, Hashable {
    /// What there is to share: a call's proceeds, a put's collateral.
    public let total: UInt256
    /// What the option is worth; at most `total`.
    public let payoff: UInt256
    /// The protocol's part of the payoff.
    public let fee: UInt256
    /// The holder's part.
    public let taker: UInt256
    /// The writer's part.
    public let writer: UInt256
    /// The price it was reckoned at, 8 decimals.
    public let priceE8: UInt256

    /// Shares `total`; a payoff above it is cut to it, a fee above 10,000 basis points to all of the payoff.
    public init(total: UInt256, payoff: UInt256, feeBps: UInt16, priceE8: UInt256) {
        let payoff = min(payoff, total)
        let fee = UInt256.mulDivFloor(payoff, UInt256(UInt64(min(feeBps, Self.wholeBps))), Self.whole) ?? .zero
        self.total = total
        self.payoff = payoff
        self.fee = fee
        self.priceE8 = priceE8
        taker = payoff &- fee
        writer = total &- payoff
    }

    /// Shares as stored; the parts must be those that were computed once.
    @_spi(Store)
    public init(total: UInt256, payoff: UInt256, fee: UInt256, priceE8: UInt256) {
        self.total = total
        self.payoff = payoff
        self.fee = fee
        self.priceE8 = priceE8
        taker = payoff &- fee
        writer = total &- payoff
    }

    /// A call's: what the sale brought, and the option's worth at `priceE8`.
    public static func call(
        collateral: UInt256, strikeE8: UInt256, priceE8: UInt256, proceeds: UInt256, decimals: SettlementDecimals,
        feeBps: UInt16
    ) -> Payout {
        let gain = priceE8 > strikeE8 ? priceE8 &- strikeE8 : .zero
        // Beyond 2^256 it is beyond any proceeds as well.
        let payoff = decimals.value(of: collateral, priceE8: gain) ?? .max
        return Payout(total: proceeds, payoff: payoff, feeBps: feeBps, priceE8: priceE8)
    }

    /// A put's, which holds the stablecoin already: floor(collateral × max(K − S, 0) ÷ K).
    public static func put(collateral: UInt256, strikeE8: UInt256, priceE8: UInt256, feeBps: UInt16) -> Payout {
        let gain = strikeE8 > priceE8 ? strikeE8 &- priceE8 : .zero
        let payoff = UInt256.mulDivFloor(collateral, gain, strikeE8) ?? .zero
        return Payout(total: collateral, payoff: payoff, feeBps: feeBps, priceE8: priceE8)
    }

    private static let wholeBps: UInt16 = 10_000
    private static let whole = UInt256(UInt64(wholeBps))
}

/// The decimals of both tokens of an option, 0…36 each.
public struct SettlementDecimals: Sendable, Hashable {
    /// What a token may have.
    public static let range: ClosedRange<UInt8> = 0...36

    /// dU, of the underlying.
    public let underlying: UInt8
    /// dS, of the stablecoin.
    public let stablecoin: UInt8

    /// Both; nil when one is out of range.
    public init?(underlying: UInt8, stablecoin: UInt8) {
        guard Self.range.contains(underlying), Self.range.contains(stablecoin) else { return nil }
        self.underlying = underlying
        self.stablecoin = stablecoin
    }

    /// floor(amount × priceE8 × 10^dS ÷ 10^(dU+8)): an amount of the underlying in the stablecoin's smallest unit; nil
    /// when that is 2^256 or more. The product is 768 bits wide.
    public func value(of amount: UInt256, priceE8: UInt256) -> UInt256? {
        UInt256.mulDivFloor(amount, priceE8, Self.power(stablecoin), Self.power(underlying + 8))
    }

    /// 10^exponent, which is below 2^256 for the exponents there are here.
    private static func power(_ exponent: UInt8) -> UInt256 {
        var power = UInt256.one
        for _ in 0..<exponent { power = power &* UInt256(10) }
        return power
    }
}
