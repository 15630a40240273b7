/// The two ends of what Black's formula takes from the normal distribution at `d₁ = h + t`, `d₂ = h − t` with
/// `a = −h ≥ 0`: Mills' ratios at a − t and a + t, and their difference without cancellation.
enum MillsDifference {
    /// Up to here the difference is an integral of the slope, above it a plain difference, which then loses no more
    /// than two bits.
    @inline(__always)
    static func isIntegral(a: Double, t: Double) -> Bool { t <= 0.4 + 0.25 * a }

    /// `M(a − t) − M(a + t)` for a ≥ 0 and 0 < t ≤ 0.4 + a/4, relative error below 1e-15.
    ///
    /// The integral of −M′ over [a − t, a + t] by Gauss and Legendre's rule in the variable w = 1/(z + 4): there the
    /// integrand −M′(z)·(z + 4)² is so flat that six points (four where the interval is short) leave less than 1e-16.
    @inline(__always)
    static func integral(a: Double, t: Double) -> Double {
        if a > 1e8 { return 2 * t / ((a - t) * (a + t)) }
        let half = t / ((a + 4 - t) * (a + 4 + t))
        if t < 0.19 * (0.4 + 0.25 * a) { return half * sum(a, t, points: fourPoints, weights: fourWeights) }
        return half
            * (sum(a, t, points: sixOuterPoints, weights: sixOuterWeights)
                + sum(a, t, points: sixInnerPoints, weights: sixInnerWeights))
    }

    /// Σ weight·(−M′(z))·(z + 4)² at the z that belong to points v of [−1, 1] in w: `z = a − t(t + ev)/(e + tv)`, e = a + 4.
    @inline(__always)
    private static func sum<V: SIMD>(_ a: Double, _ t: Double, points: V, weights: V) -> Double
    where V.Scalar == Double {
        let e = a + 4
        let z = a - t * (t + e * points) / (e + t * points)
        let end = z + 4
        return (weights * millsSlope(z) * end * end).sum()
    }

    private static let fourPoints = SIMD4(
        -0.86113631159405257522, -0.3399810435848562648, 0.3399810435848562648, 0.86113631159405257522)
    private static let fourWeights = SIMD4(
        0.34785484513745385737, 0.65214515486254614263, 0.65214515486254614263, 0.34785484513745385737)
    private static let sixOuterPoints = SIMD4(
        -0.93246951420315202781, -0.66120938646626451366, 0.66120938646626451366, 0.93246951420315202781)
    private static let sixOuterWeights = SIMD4(
        0.17132449237917034504, 0.36076157304813860757, 0.36076157304813860757, 0.17132449237917034504)
    private static let sixInnerPoints = SIMD2(-0.23861918608319690863, 0.23861918608319690863)
    private static let sixInnerWeights = SIMD2(0.46791393457269104739, 0.46791393457269104739)
}

/// 1/√(2π), the normal density at 0.
let inverseRootTwoPi = 0.398942280401432677940
