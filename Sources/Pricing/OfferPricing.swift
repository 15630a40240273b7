/// What an offer's premium is worth: strike = spot at take, a premium for each whole day, paid in a stablecoin.
///
/// A call's collateral is the underlying, so it is on `collateral·10^−dU` units and worth `S·c(1, d)` each; a put's
/// collateral is the stablecoin that pays its strike, so it is on `collateral/S` units and worth `p(1, d)` of the
/// collateral. c and p are per unit of spot.
public struct OfferPricing: Sendable, Equatable {
    /// Days of a year here.
    public static let daysPerYear = 365.0

    /// Call or put.
    public var type: OptionType
    /// The collateral in its token's smallest unit.
    public var collateral: Double
    /// The asked premium in the stablecoin's smallest unit.
    public var premiumPerDay: Double
    /// 10^(dS − dU): what a smallest unit of the underlying weighs in the stablecoin's; of no concern to a put.
    public var unitScale: Double
    /// The underlying's price in stablecoins.
    public var spot: Double
    /// The volatility a year that the fair premium is made with.
    public var volatility: Double
    /// The rate a year.
    public var rate: Double
    /// The underlying's yield a year.
    public var dividendYield: Double

    /// An offer and a market.
    /// - Parameters:
    ///   - underlyingDecimals: decimal places of the underlying.
    ///   - stablecoinDecimals: decimal places of the stablecoin.
    public init(
        type: OptionType, collateral: Double, premiumPerDay: Double, underlyingDecimals: Int, stablecoinDecimals: Int,
        spot: Double, volatility: Double, rate: Double = 0, dividendYield: Double = 0
    ) {
        self.type = type
        self.collateral = collateral
        self.premiumPerDay = premiumPerDay
        var scale = 1.0
        for _ in 0..<min(abs(stablecoinDecimals - underlyingDecimals), 255) { scale *= 10 }
        unitScale = stablecoinDecimals >= underlyingDecimals ? scale : 1 / scale
        self.spot = spot
        self.volatility = volatility
        self.rate = rate
        self.dividendYield = dividendYield
    }

    /// The whole collateral's worth in the stablecoin's smallest unit.
    public var notional: Double { type == .call ? spot * collateral * unitScale : collateral }

    /// The option for some days on one unit of the underlying, struck at the spot.
    public func option(days: Double) -> EuropeanOption { option(days: days, spot: spot) }

    /// The fair premium a day, in the stablecoin's smallest unit, when the offer is taken whole for some days > 0.
    public func fairPremiumPerDay(days: Double) -> Double {
        option(days: days, spot: 1).closedForm().price * notional / days
    }

    /// Fair premium a day and, for one unit of the underlying struck at the spot, price and Greeks: one computation.
    public func values(days: Double) -> (fairPremiumPerDay: Double, unit: EuropeanValues) {
        let unit = option(days: days).closedForm()
        return (unit.price / spot * notional / days, unit)
    }

    /// The asked premium a day as a fraction of the spot (of the collateral for a put).
    public var dailyRate: Double { premiumPerDay / notional }

    /// The volatility that the asked premium implies when the offer is taken for some days > 0.
    public func impliedVolatility(days: Double) -> ImpliedVolatility {
        option(days: days, spot: 1).impliedVolatility(price: dailyRate * days)
    }

    /// What a flat premium of `dailyRate` a day implies, about: σ ≈ q·√(2π·365·days). Dear at a month, cheap at a day.
    public func roughVolatility(days: Double) -> Double {
        dailyRate * (2 * Double.pi * Self.daysPerYear * days).squareRoot()
    }

    private func option(days: Double, spot: Double) -> EuropeanOption {
        EuropeanOption(
            type: type, spot: spot, strike: spot,
            dynamics: Dynamics(
                rate: rate, dividendYield: dividendYield, volatility: volatility, years: days / Self.daysPerYear))
    }
}
