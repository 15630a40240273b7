/// Sums over samples of a quantity y and its control c, both shifted: of y, y², c, c² and y·c.
struct SampledMoments: Sendable, Equatable {
    static let sums = 5

    var count: Double
    let sum: ArraySlice<Double>

    /// The mean, its standard error and interval; with `isControlled` the regression's value where c has its known mean.
    /// - Parameters:
    ///   - shift: what was taken from y.
    ///   - resolution: the least standard error: what one sample more or less beyond a jump would change. Strata that place
    ///     a jump alike in all randomisations hide it.
    ///   - unseen: the least standard error where all samples are the same.
    func value(shift: Double, isControlled: Bool, resolution: Double, unseen: Double) -> SampledValue {
        let first = sum.startIndex
        let mean = sum[first] / count
        let spread = max(sum[first + 1] - count * mean * mean, 0)
        let resolution = spread > 0 ? resolution : max(resolution, unseen)
        let controlMean = sum[first + 2] / count
        let controlSpread = sum[first + 3] - count * controlMean * controlMean
        let common = sum[first + 4] - count * mean * controlMean
        // A control whose own mean lies far from the known one (points that place its jump alike each time) says nothing.
        let isNear = controlMean * controlMean * count * (count - 1) <= 16 * controlSpread
        guard isControlled, controlSpread > 0, isNear, count > 3 else {
            let freedom = count - 1
            let error = max((spread / freedom / count).squareRoot(), resolution)
            return SampledValue(
                value: mean + shift, standardError: error, halfWidth: StudentT.quantile975(freedom: freedom) * error)
        }
        let slope = common / controlSpread
        let freedom = count - 2
        let left = max(spread - slope * common, 0)
        // The regression's line at the control's known mean, with the variance that its slope's estimate adds.
        let leverage = 1 / count + controlMean * controlMean / controlSpread
        let error = max((left / freedom * leverage).squareRoot(), resolution)
        return SampledValue(
            value: mean - slope * controlMean + shift, standardError: error,
            halfWidth: StudentT.quantile975(freedom: freedom) * error)
    }
}

/// Student's t distribution.
enum StudentT {
    /// The 97.5 % quantile for 1 or more degrees of freedom, by Hill's expansion (algorithm 396, 1970): 5 digits or more.
    static func quantile975(freedom: Double) -> Double {
        let normal = 1.959963984540054
        guard freedom > 2 else { return freedom > 1 ? 4.302652729696142 : 12.706204736432095 }
        let square = normal * normal
        let terms = [
            (square + 1) / 4,
            ((5 * square + 16) * square + 3) / 96,
            (((3 * square + 19) * square + 17) * square - 15) / 384,
            ((((79 * square + 776) * square + 1482) * square - 1920) * square - 945) / 92_160,
        ]
        var sum = 1.0
        var power = 1.0
        for term in terms {
            power /= freedom
            sum += term * power
        }
        return normal * sum
    }
}
