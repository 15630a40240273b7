internal import CPricing

/// A European option's sampled value and derivatives.
public struct SampledEuropean: Sendable, Equatable {
    /// Each with its error; a price and seven derivatives.
    public struct Derivatives: Sendable, Equatable {
        /// ∂price/∂spot.
        public var delta: SampledValue
        /// ∂²price/∂spot².
        public var gamma: SampledValue
        /// ∂price/∂volatility.
        public var vega: SampledValue
        /// −∂price/∂years.
        public var theta: SampledValue
        /// ∂price/∂rate.
        public var rho: SampledValue
        /// ∂²price/∂spot∂volatility.
        public var vanna: SampledValue
        /// ∂²price/∂volatility².
        public var volga: SampledValue
    }

    /// The value now.
    public var price: SampledValue
    /// Delta, vega, theta and rho path by path; the second derivatives path by path of the likelihood ratio's first.
    public var pathwise: Derivatives
    /// All by the likelihood ratio alone, which needs no derivative of the payoff.
    public var likelihoodRatio: Derivatives
    /// What was simulated.
    public var run: SampledRun
}

extension MonteCarlo {
    /// A European option's price and derivatives, from one exact step unless `steps` asks for more.
    /// - Throws: `.invalid`, also where volatility or time is 0 (nothing is random then), or `.stopped`.
    public func price(_ option: EuropeanOption) throws(SamplingError) -> SampledEuropean {
        try check(option)
        let functional = EuropeanFunctional(option: option, steps: sampling.steps ?? 1, withDerivatives: true)
        let (values, run) = try run(functional, looks: .each)
        return SampledEuropean(
            price: values[0], pathwise: Self.derivatives(values[1...]), likelihoodRatio: Self.derivatives(values[8...]),
            run: run)
    }

    /// The price alone, several times faster.
    /// - Throws: as `price`.
    public func priceAlone(
        _ option: EuropeanOption
    ) throws(SamplingError) -> (price: SampledValue, run: SampledRun) {
        try check(option)
        let functional = EuropeanFunctional(option: option, steps: sampling.steps ?? 1, withDerivatives: false)
        let (values, run) = try run(functional, looks: .each)
        return (values[0], run)
    }

    private func check(_ option: EuropeanOption) throws(SamplingError) {
        try option.dynamics.checkForSampling()
        try requirePositive(option.spot, "spot")
        guard option.strike >= 0, option.strike.isFinite else {
            throw .invalid(field: "strike", reason: "has to be a number, 0 or more")
        }
        for (field, value) in [("volatility", option.dynamics.volatility), ("years", option.dynamics.years)] {
            guard value > 0 else {
                throw .invalid(field: field, reason: "has to be above 0 to be sampled; the closed form answers at 0")
            }
        }
    }

    private static func derivatives(_ values: ArraySlice<SampledValue>) -> SampledEuropean.Derivatives {
        let first = values.startIndex
        return SampledEuropean.Derivatives(
            delta: values[first], gamma: values[first + 1], vega: values[first + 2], theta: values[first + 3],
            rho: values[first + 4], vanna: values[first + 5], volga: values[first + 6])
    }
}

/// The payoff at the end; its control is the discounted price at the end.
struct EuropeanFunctional: SamplingFunctional {
    let option: EuropeanOption
    let steps: Int
    let withDerivatives: Bool

    var uniforms: Int { 0 }
    /// The sum of the normals.
    var stateRows: Int { 1 }

    var quantities: [SampledQuantity] {
        let dynamics = option.dynamics
        let forward = option.spot * pricing_exp(dynamics.drift * dynamics.years)
        let gain = option.type == .call ? forward - option.strike : option.strike - forward
        // Where no path pays, one that does would do so by about strike·deviation, discounted, or less.
        let price = SampledQuantity(
            shift: dynamics.discount * max(gain, 0), controlMean: forward,
            unseen: dynamics.discount * option.strike * min(dynamics.deviation, 1))
        guard withDerivatives else { return [price] }
        let jumps = EuropeanDerivativeTerms(option: option).jumps
        return [price] + jumps.map { SampledQuantity(controlMean: forward, unit: $0) }
            + Array(repeating: SampledQuantity(controlMean: forward), count: 7)
    }

    func begin(_ state: LaneRows) {
        state.fill(0, 0)
    }

    func step(_ number: Int, _ draws: StepDraws, mirror: Double, _ state: LaneRows) {
        pricing_fold_sum(Int32(state.lanes), draws.normal, 0, mirror, state[0])
    }

    func finish(_ state: LaneRows, values: LaneRows, controls: LaneRows) {
        let dynamics = option.dynamics
        let scale = dynamics.deviation / Double(steps).squareRoot()
        pricing_payoffs(
            Int32(state.lanes), state[0], dynamics.logDrift * dynamics.years, scale, option.spot,
            option.type == .call ? 1 : -1, option.strike, dynamics.discount, controls[0], values[0])
        guard withDerivatives else { return }
        for row in 1...14 { controls[row].update(from: controls[0], count: state.lanes) }
        let terms = EuropeanDerivativeTerms(option: option)
        let unit = 1 / Double(steps).squareRoot()
        for lane in 0..<state.lanes {
            terms.write(
                normal: state[0][lane] * unit, end: controls[0][lane], payoff: values[0][lane], values, lane: lane)
        }
    }
}

/// What one path adds to each derivative (Glasserman, "Monte Carlo Methods in Financial Engineering", chapter 7).
struct EuropeanDerivativeTerms {
    let option: EuropeanOption
    private let rootYears: Double
    private let deviation: Double
    private let discount: Double
    private let sign: Double

    init(option: EuropeanOption) {
        self.option = option
        rootYears = option.dynamics.years.squareRoot()
        deviation = option.dynamics.deviation
        discount = option.dynamics.discount
        sign = option.type == .call ? 1 : -1
    }

    /// How far each of the seven path by path jumps where the option begins to pay.
    var jumps: [Double] {
        guard option.strike > 0 else { return Array(repeating: 0, count: 7) }
        let ratio = max(option.strike / option.spot, .leastNormalMagnitude)
        let z = (pricing_log(ratio) - option.dynamics.logDrift * option.dynamics.years) / deviation
        let memory = RowMemory(rows: 15, stride: 1)
        write(normal: z, end: option.strike, payoff: .leastNormalMagnitude, memory.rows, lane: 0)
        return (1...7).map { abs(memory.rows[$0][0]) }
    }

    /// - Parameters:
    ///   - normal: the standard normal z that made the price at the end.
    ///   - payoff: discounted.
    func write(normal z: Double, end: Double, payoff: Double, _ values: LaneRows, lane: Int) {
        let (spot, volatility, years) = (option.spot, option.dynamics.volatility, option.dynamics.years)
        let drift = option.dynamics.logDrift
        // Discounted ∂payoff/∂end times the end, and ∂end/∂volatility over the end.
        let slope = payoff > 0 ? discount * sign * end : 0
        let bend = rootYears * z - volatility * years
        // Scores: derivatives of the density's logarithm by spot, by volatility and by time.
        let bySpot = z / (spot * deviation)
        let byVolatility = (z * z - 1) / volatility - z * rootYears
        let byTime = (z * z - 1) / (2 * years) + drift * z / deviation
        let turn = rootYears - z / volatility
        values[1][lane] = slope / spot
        values[2][lane] = bySpot * (slope - payoff) / spot
        values[3][lane] = slope * bend
        values[4][lane] = option.dynamics.rate * payoff - slope * (drift + volatility * z / (2 * rootYears))
        values[5][lane] = years * (slope - payoff)
        values[6][lane] = bySpot * (slope * bend - payoff / volatility)
        values[7][lane] = slope * bend * byVolatility - payoff * (z * z - 1) / (volatility * volatility)
        values[8][lane] = payoff * bySpot
        values[9][lane] = payoff * ((z * z - 1) / (deviation * deviation) - z / deviation) / (spot * spot)
        values[10][lane] = payoff * byVolatility
        values[11][lane] = payoff * (option.dynamics.rate - byTime)
        values[12][lane] = payoff * (z * rootYears / volatility - years)
        values[13][lane] = payoff * (bySpot * byVolatility + (turn - z / volatility) / (spot * deviation))
        values[14][lane] =
            payoff
            * (byVolatility * byVolatility + (2 * z * turn - (z * z - 1) / volatility) / volatility
                - rootYears * turn)
    }
}
