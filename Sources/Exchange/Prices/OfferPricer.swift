public import Ethereum
public import Market
public import Pricing
public import StrictJSON

/// Prices offers of the book by a `PricingMoment`.
///
/// Rows are priced when they are rendered and not before: of a hundred thousand offers few are looked at within a second,
/// and a row costs about as much as encoding it did. What was made is kept in the row until the next moment.
public struct OfferPricer: Sendable {
    private let tokens: TokenList
    private let moments: PricingMoments

    /// Prices offers in `tokens` by the newest of `moments`.
    public init(tokens: TokenList, moments: PricingMoments) {
        self.tokens = tokens
        self.moments = moments
    }

    /// By what offers are priced now.
    public var moment: PricingMoment { moments.current }
    /// The generation of `moment`.
    public var generation: UInt64 { moments.generation }

    /// An offer's fair value by `moment`; nil where the price, the volatility or, for a call, the decimals are not known.
    public func pricing(of offer: Offer, by moment: PricingMoment) -> OfferPricing? {
        guard let point = moment.points[offer.underlying], let volatility = point.volatility else { return nil }
        let (underlying, stablecoin) = (tokens[offer.underlying], tokens[offer.stablecoin])
        if offer.isCall, underlying == nil || stablecoin == nil { return nil }
        return OfferPricing(
            type: offer.isCall ? .call : .put, collateral: offer.collateralAmount.approximation,
            premiumPerDay: offer.premiumPerDay.approximation,
            underlyingDecimals: Int(underlying?.decimals ?? 0), stablecoinDecimals: Int(stablecoin?.decimals ?? 0),
            spot: PriceScale.value(point.spotE8), volatility: volatility)
    }

    /// The `pricing` of a row for `days`, or for the shortest time of the offer; `null` where no price is known.
    public func rowJSON(_ entry: BookEntry, days: UInt16?, by moment: PricingMoment) -> [UInt8] {
        let days = days ?? entry.state.offer.minDuration
        return entry.pricingJSON(generation: moment.generation, days: days) {
            let offer = entry.state.offer
            var json = JSONWriter(capacity: 320)
            guard let pricing = pricing(of: offer, by: moment), let point = moment.points[offer.underlying] else {
                json.null()
                return json.bytes
            }
            json.beginObject()
            Self.write(pricing, days: days, to: &json)
            json.key("spotE8")
            json.ascii { $0.append(contentsOf: String(point.spotE8).utf8) }
            json.key("asOf")
            json.timestamp(micros: moment.asOfMillis * 1_000)
            json.endObject()
            return json.bytes
        }
    }

    /// Writes what an offer is worth for the shortest and the longest time it can be taken for and some between: `null`
    /// where no price is known.
    public func write(_ offer: Offer, to json: inout JSONWriter) {
        let moment = moment
        guard let pricing = pricing(of: offer, by: moment), let point = moment.points[offer.underlying] else {
            return json.null()
        }
        json.beginObject()
        json.key("spotE8")
        json.string(String(point.spotE8))
        json.key("volatility")
        json.double(pricing.volatility)
        json.key("asOf")
        json.timestamp(micros: moment.asOfMillis * 1_000)
        json.key("byDuration")
        json.beginArray()
        for days in Self.durations(from: offer.minDuration, to: offer.maxDuration) {
            json.beginObject()
            Self.write(pricing, days: days, to: &json)
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }

    /// The durations of interest within a range of days, ascending; both ends among them.
    public static func durations(from shortest: UInt16, to longest: UInt16) -> [UInt16] {
        let usual: [UInt16] = [1, 7, 14, 30, 60, 90, 180, 365]
        let ends = shortest == longest ? [shortest] : [shortest, longest]
        return (ends + usual.filter { $0 > shortest && $0 < longest }).sorted()
    }

    /// Writes the members that depend on the duration. The Greeks are those of the option on one unit of the underlying,
    /// struck at the spot; theta is a year's.
    public static func write(_ pricing: OfferPricing, days: UInt16, to json: inout JSONWriter) {
        let time = Double(days)
        let option = pricing.option(days: time).closedForm()
        json.key("fairPremiumPerDay")
        if let fair = UInt256(flooring: pricing.fairPremiumPerDay(days: time)) {
            json.uint256(fair)
        } else {
            json.null()
        }
        json.key("impliedVolatility")
        if case .value(let volatility) = pricing.impliedVolatility(days: time) {
            json.double(volatility)
        } else {
            json.null()
        }
        json.key("delta")
        json.double(option.delta)
        json.key("gamma")
        json.double(option.gamma)
        json.key("vega")
        json.double(option.vega)
        json.key("theta")
        json.double(option.theta)
        json.key("days")
        json.integer(days)
    }

    /// What taking `amount` of an offer for `days` is worth by `moment`, in the stablecoin's smallest unit, rounded down.
    public func fairPremium(
        of offer: Offer, amount: UInt256, days: UInt16, by moment: PricingMoment
    ) -> UInt256? {
        guard let pricing = pricing(of: offer, by: moment) else { return nil }
        let share = amount.approximation / pricing.collateral
        return UInt256(flooring: pricing.fairPremiumPerDay(days: Double(days)) * Double(days) * share)
    }
}

extension UInt256 {
    /// The nearest double.
    public var approximation: Double {
        let words = limbs
        return ((Double(words.3) * 0x1p64 + Double(words.2)) * 0x1p64 + Double(words.1)) * 0x1p64 + Double(words.0)
    }

    /// The whole part of a double; nil for what is none of 0…2^256 − 1.
    public init?(flooring value: Double) {
        guard value >= 0, value < 0x1p256 else { return nil }
        guard value >= 1 else {
            self = .zero
            return
        }
        let shift = Int(value.exponent) - 52
        let significand = value.significandBitPattern | 1 << 52
        guard shift > 0 else {
            self = UInt256(significand >> UInt64(-shift))
            return
        }
        let (word, bits) = (shift / 64, UInt64(shift % 64))
        var words = [UInt64](repeating: 0, count: 5)
        words[word] = significand << bits
        words[word + 1] = bits == 0 ? 0 : significand >> (64 - bits)
        self = UInt256(limbs: words[0], words[1], words[2], words[3])
    }
}
