import Glibc

/// The normal model, to which Black's formula tends where s is small: with a = |x|/s its value is
/// `|x|·ψ(a)`, `ψ(a) = φ(a)·(1 − a·M(a))/a`.
enum NormalModel {
    /// The deviation |x|/ψ⁻¹(value/|x|), within 2e-5, of a value given by its logarithm.
    ///
    /// ψ⁻¹ is w times a rational function of √w, `w = ln(1 + φ(0)/ψ)`: linear in 1/ψ where that is small, √(2w) where
    /// it is large.
    static func deviation(distance: Double, logPrice: Double) -> Double {
        let excess = log(inverseRootTwoPi * distance) - logPrice
        let w = excess > 40 ? excess : log1p(exp(excess))
        let v = w.squareRoot()
        var top = 0.0784776258071 * v - 0.00202581174266
        top = top * v - 0.016059724169
        top = top * v + 0.7402697067
        top = top * v + 0.0484602164338
        top = top * v + 0.999987988819
        var bottom = 0.0554478043061 * v + 0.00324679981865
        bottom = bottom * v + 0.219189813247
        bottom = bottom * v - 0.0237175724943
        bottom = bottom * v + 1.50356764982
        bottom = bottom * v + 0.0476465829099
        bottom = bottom * v + 1
        return distance * bottom / (w * top)
    }

    /// What the logarithm of the normal model's value lacks of Black's at the inflection s = √(2|x|), where
    /// a = t = √(|x|/2), given D there.
    static func lack(distance: Double, inflection: Double, difference: Double) -> Double {
        let slope = millsSlope(SIMD2(repeating: 0.5 * inflection))[0]
        return log(difference / (inflection * slope)) - 0.25 * distance
    }
}
