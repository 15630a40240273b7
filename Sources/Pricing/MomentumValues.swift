import Glibc

extension Momentum {
    /// The probability of the target and the value of 1 paid for it at the end, by formula or integration; nil for
    /// `path`, for measures that do not exist when looked at always, and where integration would cost too much: sample.
    public func value() -> ProductValue? {
        let path = LogPath(dynamics: dynamics, looks: observations)
        guard observations.map({ $0 > 0 }) ?? measure.existsInContinuousTime else { return nil }
        let result: (probability: Double, method: ClosedMethod)?
        if path.isCertain {
            result = (certainMeasure(path) >= target ? 1 : 0, .closedForm)
        } else if measure == .net {
            let lower = target < spot ? log1p(-target / spot) : nil
            let inside = path.staying(above: lower, below: log1p(target / spot))
            result = (1 - inside.probability, inside.method)
        } else if measure == .drawup {
            result = drawup(path)
        } else if let looks = observations {
            result = stepwise(path, looks)
        } else {
            result = nil
        }
        return result.map { found in
            let probability = min(max(found.probability, 0), 1)
            return ProductValue(
                price: path.discount * probability, probability: probability, method: found.method)
        }
    }

    /// Measures that are decided by independent steps.
    private func stepwise(_ path: LogPath, _ looks: Int) -> (Double, ClosedMethod)? {
        let step = path.deviation / Double(looks).squareRoot()
        let law = StepLaw(mean: path.mean / Double(looks) / step, steps: looks)
        switch measure {
        case .tick:
            let recursion = TickRecursion(
                target: target / spot, mean: path.mean / Double(looks), deviation: step, steps: looks)
            return recursion.map { (1 - $0.survival(), .exactRecursion) }
        case .realisedVariance: return law.squares(reaching: target / (step * step)).map { ($0, .closedForm) }
        case .logPath: return law.sum(of: .size, reaching: target / step).map { ($0, .exactRecursion) }
        case .logUpMove: return law.sum(of: .rise, reaching: target / step).map { ($0, .exactRecursion) }
        case .net, .path, .drawup: return nil
        }
    }

    /// The largest rise above the running minimum.
    private func drawup(_ path: LogPath) -> (Double, ClosedMethod)? {
        if let looks = observations, looks <= LogPath.mostExactLooks {
            let step = path.deviation / Double(looks).squareRoot()
            let recursion = LookRecursion(
                lower: 0, upper: target / step, mean: path.mean / Double(looks) / step, looks: looks, reflecting: true)
            if let last = recursion?.survivals().last { return (1 - last, .exactRecursion) }
        }
        // Both the maximum and the minimum are seen too late: Siegmund (1985).
        let level = target + 2 * path.shift
        return DrawupLaw(mean: path.mean, deviation: path.deviation).survival(below: level).map {
            (1 - $0, observations == nil ? .closedForm : .broadieGlassermanKou)
        }
    }

    /// The measure of a path without volatility.
    private func certainMeasure(_ path: LogPath) -> Double {
        let looks = Double(observations ?? 1)
        let mean = path.mean
        let move = spot * expm1(mean)
        switch measure {
        case .net, .path: return abs(move)
        case .tick:
            let step = mean / looks
            return max(spot * abs(expm1(step)), spot * exp(mean - step) * abs(expm1(step)))
        case .logPath: return abs(mean)
        case .logUpMove, .drawup: return max(mean, 0)
        case .realisedVariance: return mean * mean / looks
        }
    }
}
