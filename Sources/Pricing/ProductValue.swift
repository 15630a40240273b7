import Glibc

/// How a product's value was found without sampling.
public enum ClosedMethod: String, Sendable {
    /// By a formula.
    case closedForm
    /// By integrating look after look.
    case exactRecursion
    /// By the formula for a barrier that is looked at always, moved away by 0.5826·σ·√dt.
    case broadieGlassermanKou
}

/// A product's value and the probability of its payment under the dynamics.
public struct ProductValue: Sendable, Equatable {
    /// The expected payment, discounted.
    public let price: Double
    /// The probability that it pays.
    public let probability: Double
    /// How both were found.
    public let method: ClosedMethod
}

/// A path's law in the terms of barriers: the log-price from 0, its mean and deviation at the end.
struct LogPath {
    let dynamics: Dynamics
    /// Nil looks always.
    let looks: Int?

    /// The most looks that are integrated one by one.
    static let mostExactLooks = 1_440

    /// The mean of ln(S(T)/S(0)).
    var mean: Double { dynamics.logDrift * dynamics.years }
    /// The standard deviation of ln(S(T)/S(0)).
    var deviation: Double { dynamics.volatility * dynamics.years.squareRoot() }
    /// What a unit paid at the end is worth now.
    var discount: Double { exp(-dynamics.rate * dynamics.years) }
    /// Whether nothing is left to chance.
    var isCertain: Bool { !(deviation > 0) }

    /// The law for barriers that are looked at always.
    var continuous: TouchProbability { TouchProbability(mean: mean, deviation: deviation) }

    /// How far barriers are to be moved away for the looks there are.
    var shift: Double { looks.map { TouchProbability.shift * deviation / Double(max($0, 1)).squareRoot() } ?? 0 }

    /// The probabilities of being inside at every look so far; nil where that is not integrated.
    func survivals(lower: Double?, upper: Double?) -> [Double]? {
        guard let looks, looks <= Self.mostExactLooks else { return nil }
        let step = deviation / Double(looks).squareRoot()
        return LookRecursion(
            lower: lower.map { $0 / step }, upper: upper.map { $0 / step }, mean: mean / Double(looks) / step,
            looks: looks)?.survivals()
    }

    /// The probability of staying between log-prices `lower` < 0 < `upper` (nil for no barrier).
    func staying(above lower: Double?, below upper: Double?) -> (probability: Double, method: ClosedMethod) {
        if isCertain {
            let isInside = lower.map { min(mean, 0) > $0 } ?? true && upper.map { max(mean, 0) < $0 } ?? true
            return (isInside ? 1 : 0, .closedForm)
        }
        if lower == nil && upper == nil { return (1, .closedForm) }
        if let last = survivals(lower: lower, upper: upper)?.last { return (last, .exactRecursion) }
        return (shifted(lower, upper), looks == nil ? .closedForm : .broadieGlassermanKou)
    }

    /// The same by the formulas for barriers that are looked at always, moved away for looks.
    func shifted(_ lower: Double?, _ upper: Double?) -> Double {
        switch (lower.map { $0 - shift }, upper.map { $0 + shift }) {
        case (nil, nil): 1
        case (let lower?, nil): 1 - TouchProbability(mean: -mean, deviation: deviation).reaching(-lower)
        case (nil, let upper?): 1 - continuous.reaching(upper)
        case (let lower?, let upper?): continuous.staying(above: lower, below: upper)
        }
    }
}
