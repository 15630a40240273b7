import Ethereum
import Market

/// A call on one whole token of 18 decimals, struck at 2,000 and expired, with the price at 2,499; and what tests vary.
struct SettlementSample {
    static let holder = Samples.key(0x33)
    static let buyer = Samples.key(0x44)
    static let rules = SettlementRules(deployment: Samples.vectors)
    static let expiry: UInt64 = 1_800_000_000
    static let saleValue: UInt256 = 2_499_000_000
    static let floor: UInt256 = 2_374_050_000

    var now: UInt64 = expiry + 100
    var confirmedTime: UInt64? = expiry + 90
    var owner = holder.address
    var isCall = true
    var isConfirmed = true
    var isSettled = false
    var decimals = SettlementDecimals(underlying: 18, stablecoin: 6)
    var strikeE8: UInt256 = 200_000_000_000
    var priceE8: UInt256 = 249_900_000_000
    var hasPrice = true
    var isKnown = true

    var option: SettlementOption {
        SettlementOption(
            tokenId: 1,
            contract: isKnown
                ? .init(
                    isCall: isCall, underlying: Samples.offer.underlying, stablecoin: Samples.offer.stablecoin,
                    decimals: decimals) : nil,
            collateral: 1_000_000_000_000_000_000, strikeE8: strikeE8, expiry: Self.expiry, holder: owner,
            isConfirmed: isConfirmed, isSettled: isSettled)
    }

    var scene: SettlementScene {
        SettlementScene(
            option: option, rules: Self.rules,
            clock: SettlementClock(
                nowMicros: Int64(now) * 1_000_000, chainTime: now, confirmedTime: confirmedTime),
            price: hasPrice
                ? .success(
                    SettlementPrice(priceE8: priceE8, source: "operator", asOfMicros: Int64(now) * 1_000_000))
                : .failure(Rejection(.unavailable, code: "price_unavailable", detail: "There is none.")))
    }

    /// What a consent to the present proposal is, and the approval of the one who owns the option.
    func consent(to settlement: OptionSettlement) -> SettlementConsent {
        SettlementConsent(conditionsHash: settlement.present.proposal.terms.conditionsHash, own: nil)
    }

    var approval: SettlementApproval { SettlementApproval(holder: owner, signature: Array(repeating: 7, count: 65)) }

    /// A settlement in each state, as it comes about.
    func settlement(_ status: SettlementStatus) throws -> OptionSettlement {
        var step = try OptionSettlement.propose(SettlementWish(), over: nil, in: scene)
        var settlement = try step.unwrapped
        if status == .initiated { return settlement }
        if status == .failed {
            var later = self
            later.now += 4_000
            return try settlement.tidied(in: later.scene).unwrapped
        }
        step = try OptionSettlement.approve(consent(to: settlement), approval, over: settlement, in: scene)
        settlement = try step.unwrapped
        if status == .approved { return settlement }
        settlement = try sending(settlement)
        settlement = try settlement.sent(1, .accepted(settlement.present.proposal.uid.bytes), nowMicros: 0).unwrapped
        if status == .submitted { return settlement }
        return try settlement.found(1, .fulfilled(executedBuyAmount: Self.saleValue), in: scene).unwrapped
    }

    /// Asks to submit and begins the first send.
    func sending(_ settlement: OptionSettlement) throws -> OptionSettlement {
        let asked = try OptionSettlement.requestSubmission(of: settlement, in: scene).unwrapped
        return try asked.next(for: asked.present.attempt, in: scene).step.unwrapped
    }
}

/// A step left nothing behind.
struct NoSettlement: Error {}

extension SettlementStep {
    var unwrapped: OptionSettlement {
        get throws {
            guard let settlement else { throw NoSettlement() }
            return settlement
        }
    }
}
