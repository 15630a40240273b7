import Glibc

extension OneTouch {
    /// The value of 1 paid for a touch, and the touch's probability. A barrier at or beyond the spot is touched already.
    ///
    /// Looked at always by Reiner and Rubinstein (1991); with looks exactly up to 1,440 of them, beyond by the formula
    /// with the barrier moved away (Broadie, Glasserman, Kou 1997).
    public func value() -> ProductValue {
        let path = LogPath(dynamics: dynamics, looks: observations)
        let isTouched = direction == .up ? spot >= barrier : spot <= barrier
        if isTouched { return ProductValue(price: payment(path, 0), probability: 1, method: .closedForm) }
        let level = abs(log(barrier / spot))
        let mean = direction == .up ? path.mean : -path.mean
        if path.isCertain { return certain(path, mean: mean, level: level) }
        let survivals =
            direction == .up
            ? path.survivals(lower: nil, upper: level) : path.survivals(lower: -level, upper: nil)
        if let survivals { return exact(path, survivals) }
        let law = TouchProbability(mean: mean, deviation: path.deviation)
        let probability = law.reaching(level + path.shift)
        let price =
            payAt == .expiry
            ? path.discount * probability
            : law.discountedReaching(level + path.shift, discounting: dynamics.rate * dynamics.years)
        return ProductValue(
            price: price, probability: probability, method: observations == nil ? .closedForm : .broadieGlassermanKou)
    }

    /// What a payment is worth now whose touch comes after a part of the time.
    private func payment(_ path: LogPath, _ part: Double) -> Double {
        payAt == .expiry ? path.discount : exp(-dynamics.rate * dynamics.years * part)
    }

    private func certain(_ path: LogPath, mean: Double, level: Double) -> ProductValue {
        guard mean >= level else { return ProductValue(price: 0, probability: 0, method: .closedForm) }
        let part = level / mean
        let seen = observations.map { (part * Double($0)).rounded(.up) / Double($0) } ?? part
        return ProductValue(price: payment(path, min(seen, 1)), probability: 1, method: .closedForm)
    }

    private func exact(_ path: LogPath, _ survivals: [Double]) -> ProductValue {
        let probability = 1 - (survivals.last ?? 1)
        guard payAt == .hit else {
            return ProductValue(price: path.discount * probability, probability: probability, method: .exactRecursion)
        }
        var price = 0.0
        var before = 1.0
        for (index, survival) in survivals.enumerated() {
            price += (before - survival) * payment(path, Double(index + 1) / Double(survivals.count))
            before = survival
        }
        return ProductValue(price: price, probability: probability, method: .exactRecursion)
    }
}

extension DoubleNoTouch {
    /// The value of 1 paid at the end if neither barrier is touched, and the probability of that.
    ///
    /// Looked at always by images or eigenfunctions, whichever converges; with looks as a one-touch.
    public func value() -> ProductValue {
        let path = LogPath(dynamics: dynamics, looks: observations)
        guard lower < spot, spot < upper else { return ProductValue(price: 0, probability: 0, method: .closedForm) }
        let result = path.staying(above: lower > 0 ? log(lower / spot) : nil, below: log(upper / spot))
        return ProductValue(
            price: path.discount * result.probability, probability: result.probability, method: result.method)
    }
}
