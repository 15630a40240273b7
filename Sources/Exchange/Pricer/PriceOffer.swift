import Ethereum
import Market
import Pricing
import StrictJSON

extension PriceBatch {
    private static let offerFields: [StaticString] = [
        "id", "kind", "offerHash", "offer", "spot", "volatility", "rate", "dividendYield", "duration",
        "underlyingDecimals", "stablecoinDecimals",
    ]

    /// An offer's fair premium a day by duration, the volatility that its premium implies, and the Greeks of one unit
    /// at the chosen duration (the shortest unless `duration` says otherwise).
    func offer(_ object: JSONObject) throws(Rejection) -> PriceAnswer {
        let fields = try PriceFields(object, allowed: Self.offerFields)
        let offer = try offer(fields)
        let pricing = try pricing(offer, fields)
        let shortest = Int(offer.minDuration)
        let longest = Int(offer.maxDuration)
        guard shortest >= 1, shortest <= longest else {
            throw PriceFields.outOfRange("minDuration", "must be 1 or more and at most maxDuration")
        }
        let chosen = try fields.integer("duration", in: shortest...longest) ?? shortest
        let durations = [shortest, chosen, longest].reduce(into: [Int]()) { if !$0.contains($1) { $0.append($1) } }
        var answer = PriceAnswer()
        answer.add(
            "fairPremiumPerDay",
            .byDays(durations.map { ($0, pricing.fairPremiumPerDay(days: Double($0))) }))
        answer.add("impliedVolatility", Self.volatility(pricing, chosen).map { .number($0) } ?? .null)
        answer.add("impliedVolatilityByDuration", .byDays(durations.map { ($0, Self.volatility(pricing, $0)) }))
        answer.add("dailyRate", pricing.dailyRate)
        answer.add("duration", .integer(UInt64(chosen)))
        answer.add("spot", pricing.spot)
        answer.add("volatility", pricing.volatility)
        answer.add(pricing.option(days: Double(chosen)).closedForm())
        return answer
    }

    private static func volatility(_ pricing: OfferPricing, _ days: Int) -> Double? {
        if case .value(let value) = pricing.impliedVolatility(days: Double(days)) { value } else { nil }
    }

    /// The offer given, or that of the hash.
    private func offer(_ fields: PriceFields) throws(Rejection) -> Offer {
        if let given = fields.object["offer"] {
            guard fields.object["offerHash"] == nil else {
                throw Rejection(
                    .malformed, code: "invalid_value", field: "offerHash",
                    detail: "Give either offerHash or offer, not both.")
            }
            return try OfferBody.offer(given)
        }
        guard let text = try fields.value("offerHash").string, let hash = Bytes32(hexBytes: text) else {
            throw PriceFields.wrongType("offerHash", "a string of 0x and 64 hex digits")
        }
        guard let offer = sources.offer(hash) else {
            throw Rejection(
                .notFound, code: "offer_not_found", field: "offerHash",
                detail: "No open offer has this hash here; give the offer itself as offer.")
        }
        return offer
    }

    private func pricing(_ offer: Offer, _ fields: PriceFields) throws(Rejection) -> OfferPricing {
        guard !offer.collateralAmount.isZero else {
            throw PriceFields.outOfRange("collateralAmount", "must be above 0")
        }
        let market = sources.market(offer.underlying)
        return OfferPricing(
            type: offer.isCall ? .call : .put, collateral: Self.double(offer.collateralAmount),
            premiumPerDay: Self.double(offer.premiumPerDay),
            underlyingDecimals: try decimals(offer.isCall ? offer.underlying : nil, "underlyingDecimals", fields),
            stablecoinDecimals: try decimals(offer.isCall ? offer.stablecoin : nil, "stablecoinDecimals", fields),
            spot: try known(market?.spot, "spot", .positive, fields),
            volatility: try known(market?.volatility, "volatility", .nonnegative, fields),
            rate: try fields.number("rate", .any, or: 0), dividendYield: try fields.number("dividendYield", .any, or: 0)
        )
    }

    /// A number that is given, or else known; it is missing if neither.
    private func known(
        _ value: Double?, _ name: StaticString, _ range: PriceFields.Range, _ fields: PriceFields
    ) throws(Rejection) -> Double {
        guard fields.object[name] == nil, let value else { return try fields.number(name, range) }
        return value
    }

    /// A token's decimal places, given or known; a put's do not matter (no token).
    private func decimals(
        _ token: Address?, _ name: StaticString, _ fields: PriceFields
    ) throws(Rejection) -> Int {
        if let given = try fields.integer(name, in: 0...36) { return given }
        guard let token else { return 0 }
        guard let known = sources.decimals(token) else {
            throw Rejection(
                .malformed, code: "missing_field", field: "\(name)",
                detail: "\(name) is missing, and the token's decimal places are not known here.")
        }
        return Int(known)
    }

    /// The nearest double.
    private static func double(_ amount: UInt256) -> Double { Double(amount.decimalString) ?? 0 }
}
