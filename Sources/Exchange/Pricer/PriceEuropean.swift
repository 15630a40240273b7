import Market
import Pricing
import StrictJSON

extension PriceBatch {
    private static let europeanFields: [StaticString] = [
        "id", "kind", "type", "spot", "strike", "rate", "dividendYield", "volatility", "years", "method", "paths",
        "steps", "seed", "antithetic", "controlVariate", "sobol",
    ]
    private static let impliedFields: [StaticString] = [
        "id", "kind", "type", "spot", "strike", "rate", "dividendYield", "years", "price",
    ]

    /// The value of an option and its Greeks.
    func european(_ object: JSONObject) throws(Rejection) -> PriceAnswer {
        let fields = try PriceFields(object, allowed: Self.europeanFields)
        let option = EuropeanOption(
            type: try fields.word("type", as: OptionType.self), spot: try fields.number("spot", .nonnegative),
            strike: try fields.number("strike", .nonnegative), dynamics: try fields.dynamics())
        if let sampling = try sampling(fields) { return try sampled(option, sampling) }
        var answer = PriceAnswer()
        answer.add(option.closedForm())
        answer.add("method", .word(PriceMethod.closedForm.rawValue))
        return answer
    }

    /// The volatility that a price implies.
    func impliedVolatility(_ object: JSONObject) throws(Rejection) -> PriceAnswer {
        let fields = try PriceFields(object, allowed: Self.impliedFields)
        let years = try fields.number("years", .any)
        let option = EuropeanOption(
            type: try fields.word("type", as: OptionType.self), spot: try fields.number("spot", .nonnegative),
            strike: try fields.number("strike", .nonnegative),
            dynamics: Dynamics(
                rate: try fields.number("rate", .any, or: 0),
                dividendYield: try fields.number("dividendYield", .any, or: 0),
                volatility: 0, years: years))
        let volatility = option.impliedVolatility(price: try fields.number("price", .any))
        guard case .value(let volatility) = volatility else { throw Self.refusal(volatility) }
        var answer = PriceAnswer()
        answer.add("impliedVolatility", volatility)
        return answer
    }

    /// Why a price has no volatility.
    static func refusal(_ outcome: ImpliedVolatility) -> Rejection {
        let (code, detail) =
            switch outcome {
            case .belowIntrinsic:
                ("below_intrinsic", "The price is below the intrinsic value: no volatility is low enough.")
            case .aboveMaximum:
                ("above_maximum", "The price is as high as an infinite volatility would make it, or higher.")
            case .expired: ("expired", "No time is left (years is 0 or less), so a price implies no volatility.")
            case .atIntrinsic, .value:
                ("at_intrinsic", "The price is the intrinsic value: every volatility low enough gives it.")
            }
        return Rejection(.malformed, code: code, field: code == "expired" ? "years" : "price", detail: detail)
    }
}

extension PriceFields {
    /// The market's coefficients; rate and dividend yield are 0 when absent.
    func dynamics() throws(Rejection) -> Dynamics {
        Dynamics(
            rate: try number("rate", .any, or: 0), dividendYield: try number("dividendYield", .any, or: 0),
            volatility: try number("volatility", .nonnegative), years: try number("years", .nonnegative))
    }
}

extension PriceAnswer {
    /// Price and Greeks.
    mutating func add(_ values: EuropeanValues) {
        add("price", values.price)
        add("delta", values.delta)
        add("gamma", values.gamma)
        add("vega", values.vega)
        add("theta", values.theta)
        add("rho", values.rho)
        add("vanna", values.vanna)
        add("volga", values.volga)
    }
}
