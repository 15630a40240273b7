import Market
import Pricing
import StrictJSON

extension PriceBatch {
    /// Equally spaced looks of one product.
    static let observations = 1...1_000_000_000
    /// The most rungs of a ladder.
    static let mostRungs = 64

    private static let marketFields: [StaticString] = [
        "id", "kind", "spot", "rate", "dividendYield", "volatility", "years", "observations", "method", "paths",
        "steps", "seed", "antithetic", "controlVariate", "sobol",
    ]

    /// The value of 1 paid for a touch.
    func oneTouch(_ object: JSONObject) throws(Rejection) -> PriceAnswer {
        let fields = try PriceFields(object, allowed: Self.marketFields + ["direction", "barrier", "payAt"])
        let touch = OneTouch(
            direction: try fields.word("direction", as: TouchDirection.self),
            spot: try fields.number("spot", .positive), barrier: try fields.number("barrier", .positive),
            dynamics: try fields.dynamics(),
            payAt: try fields.optionalWord("payAt", as: PaymentTime.self) ?? .expiry,
            observations: try fields.integer("observations", in: Self.observations))
        if let sampling = try sampling(fields) { return try sampled(touch, sampling) }
        return PriceAnswer(touch.value())
    }

    /// The value of 1 paid at the end if no barrier was touched.
    func doubleNoTouch(_ object: JSONObject) throws(Rejection) -> PriceAnswer {
        let fields = try PriceFields(object, allowed: Self.marketFields + ["lower", "upper"])
        let lower = try fields.number("lower", .nonnegative)
        let upper = try fields.number("upper", .positive)
        guard lower < upper else { throw PriceFields.outOfRange("lower", "must be below upper") }
        let product = DoubleNoTouch(
            spot: try fields.number("spot", .positive), lower: lower, upper: upper, dynamics: try fields.dynamics(),
            observations: try fields.integer("observations", in: Self.observations))
        if let sampling = try sampling(fields) { return try sampled(product, sampling) }
        return PriceAnswer(product.value())
    }

    /// The value of a ladder's rungs.
    func ladder(_ object: JSONObject) throws(Rejection) -> PriceAnswer {
        let fields = try PriceFields(object, allowed: Self.marketFields + ["rungs", "payouts"])
        let rungs = try fields.numbers("rungs", .positive, most: Self.mostRungs)
        let payouts = try fields.numbers("payouts", .any, most: Self.mostRungs)
        guard payouts.count == rungs.count else {
            throw PriceFields.outOfRange("payouts", "must hold one number for each rung (\(rungs.count))")
        }
        let strip = LadderStrip(
            spot: try fields.number("spot", .positive), rungs: rungs, payouts: payouts,
            dynamics: try fields.dynamics(), observations: try fields.integer("observations", in: Self.observations))
        if let sampling = try sampling(fields) { return try sampled(strip, sampling) }
        let value = strip.value()
        var answer = PriceAnswer()
        answer.add("price", value.price)
        answer.add("rungProbabilities", .numbers(value.rungProbabilities))
        answer.add("countDistribution", .numbers(value.countDistribution))
        answer.add("method", .word(value.method.rawValue))
        return answer
    }

    /// The probability that a path's measure reaches its target.
    func momentum(_ object: JSONObject) throws(Rejection) -> PriceAnswer {
        let fields = try PriceFields(object, allowed: Self.marketFields + ["measure", "target"])
        let measure = try fields.word("measure", as: MomentumMeasure.self)
        let observations = try fields.integer("observations", in: Self.observations)
        guard observations != nil || measure.existsInContinuousTime else {
            throw Rejection(
                .malformed, code: "missing_field", field: "observations",
                detail: "observations is missing: looked at always, \(measure.rawValue) would be infinite.")
        }
        let product = Momentum(
            measure: measure, target: try fields.number("target", .positive),
            spot: try fields.number("spot", .positive), dynamics: try fields.dynamics(), observations: observations)
        if let sampling = try sampling(fields) { return try sampled(product, sampling) }
        guard let value = product.value() else {
            let isAsked = try fields.optionalWord("method", as: PriceMethod.self) == .closedForm
            guard !isAsked else {
                throw Rejection(
                    .malformed, code: "no_closed_form", field: "method",
                    detail: "\(measure.rawValue) has no closed form here; leave out method or say monteCarlo.")
            }
            return try sampled(product, try defaultSampling(fields))
        }
        return PriceAnswer(value)
    }
}

extension PriceAnswer {
    /// A product's value.
    init(_ value: ProductValue) {
        self.init()
        add("price", value.price)
        add("probability", value.probability)
        add("method", .word(value.method.rawValue))
    }
}
