public import Ethereum

/// floor(premiumPerDay × days × fill ÷ collateral), as the contract computes it but without its overflow: the product
/// is 768 bits wide.
/// - Returns: stablecoin units for the whole duration; nil when that is 2^256 or more or collateral is 0.
///   0 is a result, and a fill at that premium is refused.
public func premium(perDay: UInt256, days: UInt16, fill: UInt256, collateral: UInt256) -> UInt256? {
    UInt256.mulDivFloor(perDay, UInt256(UInt64(days)), fill, collateral)
}

/// Which fills of an offer are legal and what they cost.
public struct FillRule: Sendable, Hashable {
    /// Stablecoin units a day for the whole collateral.
    public let premiumPerDay: UInt256
    /// Collateral in all.
    public let collateralAmount: UInt256
    /// Collateral not taken yet.
    public let remaining: UInt256
    /// The least a fill may take, but for the tail.
    public let minFillAmount: UInt256
    /// Whether a remainder below minFillAmount may be taken whole.
    public let tailFill: Bool
    /// The most that the writer can deliver; what remains, or less.
    public let fundable: UInt256

    /// The rule of an offer's present state.
    public init(
        premiumPerDay: UInt256, collateralAmount: UInt256, remaining: UInt256, minFillAmount: UInt256,
        tailFill: Bool = true, fundable: UInt256? = nil
    ) {
        self.premiumPerDay = premiumPerDay
        self.collateralAmount = collateralAmount
        self.remaining = remaining
        self.minFillAmount = minFillAmount
        self.tailFill = tailFill
        self.fundable = min(remaining, fundable ?? remaining)
    }

    /// The rule of an offer's present state.
    public init(_ state: OfferState, tailFill: Bool = true) {
        self.init(
            premiumPerDay: state.offer.premiumPerDay, collateralAmount: state.offer.collateralAmount,
            remaining: state.remaining, minFillAmount: state.offer.minFillAmount, tailFill: tailFill,
            fundable: state.fundable)
    }

    /// The premium of a fill for some days; nil when that is 2^256 or more.
    public func premium(of fill: UInt256, days: UInt16) -> UInt256? {
        Market.premium(perDay: premiumPerDay, days: days, fill: fill, collateral: collateralAmount)
    }

    /// The sizes that minFillAmount, what can be delivered and the tail rule allow; nil when none is.
    public var sizes: ClosedRange<UInt256>? {
        if fundable.isZero { return nil }
        if minFillAmount <= fundable { return max(minFillAmount, .one)...fundable }
        return tailFill && fundable == remaining ? remaining...remaining : nil
    }

    /// Whether a fill's size is allowed and its premium is a number from 1 to 2^256 − 1.
    public func allows(_ fill: UInt256, days: UInt16) -> Bool {
        guard let sizes, sizes.contains(fill), let premium = premium(of: fill, days: days) else { return false }
        return !premium.isZero
    }

    /// The least fill whose premium is not 0: ceil(collateralAmount ÷ (premiumPerDay × days)); nil when there is none.
    public func leastPayingFill(days: UInt16) -> UInt256? {
        let (whole, overflow) = premiumPerDay.multipliedReportingOverflow(by: UInt256(UInt64(days)))
        if overflow || whole >= collateralAmount { return .one }
        guard let (quotient, remainder) = collateralAmount.quotientAndRemainder(dividingBy: whole) else { return nil }
        return remainder.isZero ? quotient : quotient.addingReportingOverflow(.one).partialValue
    }
}

extension Offer {
    /// The premium of a fill for some days, stablecoin units; nil when that is 2^256 or more.
    public func premium(fill: UInt256, days: UInt16) -> UInt256? {
        Market.premium(perDay: premiumPerDay, days: days, fill: fill, collateral: collateralAmount)
    }
}
