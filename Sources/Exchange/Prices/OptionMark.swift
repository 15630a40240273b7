public import Ethereum
public import Market
public import Pricing

/// What an option is worth now: the payoff by the protocol's integers, the value and its Greeks by the pricer.
public struct OptionMark: Sendable {
    private static let millisPerYear = 365.0 * 86_400_000

    /// The underlying's price, 8 decimals.
    public let priceE8: UInt256
    /// The payoff if it expired now, in the stablecoin's smallest unit (protocol.md §6).
    public let payoff: UInt256
    /// The value in the stablecoin's smallest unit, rounded down; the payoff once expired. Nil without a volatility.
    public let value: UInt256?
    /// Per unit of the underlying; nil without a volatility.
    public let greeks: EuropeanValues?

    /// The mark of `option` by the latest price; nil where no price or no decimals are known, and once it was paid out.
    public init?(_ option: OptionState, board: PriceBoard, tokens: TokenList, nowMillis: Int64) {
        guard let terms = option.terms, option.settledAt == nil, let tick = board.latest(terms.underlying),
            let token = tokens[terms.underlying], let stablecoin = tokens[terms.stablecoin],
            let decimals = SettlementDecimals(underlying: token.decimals, stablecoin: stablecoin.decimals)
        else { return nil }
        let price = UInt256(UInt64(clamping: tick.priceE8))
        let (collateral, strike) = (option.taken.fillAmount, option.taken.strikePrice)
        priceE8 = price
        payoff =
            terms.isCall
            ? Payout.call(
                collateral: collateral, strikeE8: strike, priceE8: price,
                proceeds: decimals.value(of: collateral, priceE8: price) ?? .max, decimals: decimals, feeBps: 0
            ).payoff
            : Payout.put(collateral: collateral, strikeE8: strike, priceE8: price, feeBps: 0).payoff
        let left = Double(Int64(clamping: option.expiryTime)) * 1_000 - Double(nowMillis)
        guard left > 0 else {
            (value, greeks) = (payoff, nil)
            return
        }
        guard let volatility = OfferVolatility(token, board.feed(of: terms.underlying)) else {
            (value, greeks) = (nil, nil)
            return
        }
        let values = EuropeanOption(
            type: terms.isCall ? .call : .put, spot: PriceScale.value(tick.priceE8), strike: Self.double(strike) / 1e8,
            dynamics: Dynamics(volatility: volatility.annual, years: left / Self.millisPerYear)
        ).closedForm()
        greeks = values
        // A put's size in the underlying is its collateral over the strike.
        let size =
            terms.isCall
            ? Self.double(collateral) / Self.power(token.decimals) * Self.power(stablecoin.decimals)
            : Self.double(collateral) / max(Self.double(strike) / 1e8, .leastNormalMagnitude)
        value = Self.whole(size * values.price)
    }

    private static func power(_ decimals: UInt8) -> Double { (0..<decimals).reduce(1.0) { power, _ in power * 10 } }

    private static func double(_ number: UInt256) -> Double {
        let limbs = number.limbs
        return ((Double(limbs.3) * 0x1p64 + Double(limbs.2)) * 0x1p64 + Double(limbs.1)) * 0x1p64 + Double(limbs.0)
    }

    /// Rounded down; what passes 2^128 stops there.
    private static func whole(_ number: Double) -> UInt256 {
        guard number >= 1 else { return .zero }
        let high = (number / 0x1p64).rounded(.down)
        guard high < 0x1p64 else { return UInt256(limbs: .max, .max, 0, 0) }
        return UInt256(limbs: UInt64(number - high * 0x1p64), UInt64(high), 0, 0)
    }
}
