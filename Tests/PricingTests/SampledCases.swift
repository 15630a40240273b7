@testable import Pricing

/// A product, how it is sampled, and its true value.
struct SampledCase: Sendable, CustomStringConvertible {
    let description: String
    let truth: Double
    /// Steps were asked for where none are needed.
    var isVariant: Bool { description.hasSuffix("steps") }
    let sample: @Sendable (MonteCarlo) throws(SamplingError) -> SampledValue

    private static let dynamics = Dynamics(rate: 0.05, dividendYield: 0.02, volatility: 0.3, years: 0.5)
    private static let looks = 12

    /// Every kind, always looked at where that exists, and with 12 looks. The truths are closed forms (reflection and
    /// images) or, with looks, Gauss–Legendre recursions over them in independent code, right to all digits shown.
    static let all: [SampledCase] = options + touches + ladders + momenta

    private static let options: [SampledCase] = [
        SampledCase(description: "call", truth: 6.912657169510219) { engine throws(SamplingError) in
            try engine.priceAlone(EuropeanOption(type: .call, spot: 100, strike: 105, dynamics: dynamics)).price
        },
        SampledCase(description: "put", truth: 5.309910139224883) { engine throws(SamplingError) in
            try engine.priceAlone(EuropeanOption(type: .put, spot: 100, strike: 95, dynamics: dynamics)).price
        },
        SampledCase(description: "call in 4 steps", truth: 6.912657169510219) { engine throws(SamplingError) in
            var sampling = engine.sampling
            sampling.steps = 4
            return try MonteCarlo(sampling).priceAlone(
                EuropeanOption(type: .call, spot: 100, strike: 105, dynamics: dynamics)
            ).price
        },
    ]

    private static func touch(
        _ direction: TouchDirection, _ barrier: Double, payAt: PaymentTime = .expiry, _ observations: Int? = nil
    ) -> OneTouch {
        OneTouch(
            direction: direction, spot: 100, barrier: barrier, dynamics: dynamics, payAt: payAt,
            observations: observations)
    }

    private static let touches: [SampledCase] = [
        SampledCase(description: "touch", truth: 0.49813033348771113) { engine throws(SamplingError) in
            try engine.price(touch(.up, 115)).probability
        },
        SampledCase(description: "touch in 3 steps", truth: 0.49813033348771113) { engine throws(SamplingError) in
            var sampling = engine.sampling
            sampling.steps = 3
            return try MonteCarlo(sampling).price(touch(.up, 115)).probability
        },
        SampledCase(description: "touch, 12 looks", truth: 0.4577497764548276) { engine throws(SamplingError) in
            try engine.price(touch(.down, 88, looks)).probability
        },
        SampledCase(description: "touch paid at hit", truth: 0.4932385086531344) { engine throws(SamplingError) in
            try engine.price(touch(.up, 115, payAt: .hit)).price
        },
        SampledCase(description: "touch paid at hit, 12 looks", truth: 0.3961888757927965) {
            engine throws(SamplingError) in try engine.price(touch(.up, 115, payAt: .hit, looks)).price
        },
        SampledCase(description: "double no touch", truth: 0.41731268050630016) { engine throws(SamplingError) in
            try engine.price(DoubleNoTouch(spot: 100, lower: 80, upper: 125, dynamics: dynamics)).probability
        },
        SampledCase(description: "double no touch in 3 steps", truth: 0.41731268050630016) {
            engine throws(SamplingError) in
            var sampling = engine.sampling
            sampling.steps = 3
            return try MonteCarlo(sampling).price(
                DoubleNoTouch(spot: 100, lower: 80, upper: 125, dynamics: dynamics)
            ).probability
        },
        SampledCase(description: "double no touch, 12 looks", truth: 0.5457714315956361) {
            engine throws(SamplingError) in
            try engine.price(
                DoubleNoTouch(spot: 100, lower: 80, upper: 125, dynamics: dynamics, observations: looks)
            ).probability
        },
    ]

    /// Rungs on both sides and at the spot; a price, a rung's and a count's chance.
    static let ladder = LadderStrip(
        spot: 100, rungs: [85, 92, 100, 108, 118, 130], payouts: [3, 1, 2, 1, 2, 5], dynamics: dynamics)
    static let rungProbabilities = [
        0.4556583654686083, 0.7038713316586491, 1, 0.707511903856094, 0.42328752395823366, 0.20683698569586167,
    ]
    static let countDistribution = [
        0, 0.00022533773611932645, 0.05259445921212921, 0.4826017926515127, 0.38555105668691647, 0.07242187250506879,
        0.006605481208253494,
    ]

    private static let ladders: [SampledCase] = [
        SampledCase(
            description: "ladder",
            truth: zip(ladder.payouts, rungProbabilities).map(*).reduce(0, +) * 0.9753099120283326
        ) { engine throws(SamplingError) in try engine.price(ladder).price },
        SampledCase(description: "ladder's four hits", truth: countDistribution[4]) {
            engine throws(SamplingError) in try engine.price(ladder).countDistribution[4]
        },
    ]

    private static func momentum(_ measure: MomentumMeasure, _ target: Double, _ observations: Int?) -> Momentum {
        Momentum(measure: measure, target: target, spot: 100, dynamics: dynamics, observations: observations)
    }

    private static let momenta: [SampledCase] = [
        (MomentumMeasure.net, 15, nil, 0.8885768879613305), (.net, 15, looks, 0.7495451002286574),
        (.path, 30, 3, 0.4280366924686898), (.tick, 14, looks, 0.2617009811946597),
        (.logPath, 0.6, looks, 0.4389570842),
        (.logUpMove, 0.35, looks, 0.2923902895), (.realisedVariance, 0.045, looks, 0.4457800263456269),
        (.drawup, 0.25, looks, 0.26568223082463827), (.drawup, 0.3, nil, 0.303939424),
    ].map { measure, target, observations, truth in
        SampledCase(description: "\(measure), \(observations.map { "\($0) looks" } ?? "always")", truth: truth) {
            engine throws(SamplingError) in
            var sampling = engine.sampling
            // Fewer than it would take by itself; they do here.
            if measure == .drawup, observations == nil { sampling.steps = 24 }
            return try MonteCarlo(sampling).price(momentum(measure, target, observations)).probability
        }
    }
}
