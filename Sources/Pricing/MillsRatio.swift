/// Mills' ratio `M(a) = (1 − Φ(a))/φ(a)` of the normal distribution, for each lane a ≥ 0: √(π/2)·erfcx(a/√2).
///
/// One rational function over the whole half-line, fitted to 1e-17 (its coefficients are all positive, so nothing
/// cancels); the result is within 3 ulps. Lanes above 1e20 count as 1e20.
@inline(__always)
func millsRatio<V: SIMD>(_ a: V) -> V where V.Scalar == Double {
    let a = pointwiseMin(a, V(repeating: 1e20))
    var top = 8.32216313991305e-07 * a + 2.4413407840864255e-05
    top = top * a + 0.00035494657954187383
    top = top * a + 0.003315306358736635
    top = top * a + 0.0218373491177332
    top = top * a + 0.10546736481428284
    top = top * a + 0.37745752163676116
    top = top * a + 0.9890383063676657
    top = top * a + 1.8225800838693678
    top = top * a + 2.1502816682635477
    top = top * a + 1.2533141373155003
    var bottom = 8.32216313991305e-07 * a + 2.441340784086428e-05
    bottom = bottom * a + 0.00035577879585585237
    bottom = bottom * a + 0.0033397197665800907
    bottom = bottom * a + 0.02219063126437446
    bottom = bottom * a + 0.10873384437468797
    bottom = bottom * a + 0.39859329902457685
    bottom = bottom * a + 1.0881192145567506
    bottom = bottom * a + 2.1598502987114396
    bottom = bottom * a + 2.9597401082898
    bottom = bottom * a + 2.513561105287781
    bottom = bottom * a + 1.0
    return top / bottom
}

/// Minus the derivative of Mills' ratio, `1 − a·M(a)`, for each lane a ≥ −0.65: without the cancellation that this
/// expression has where a is large.
///
/// A rational function of `a + 0.65` with positive coefficients, fitted to 7e-18. Lanes above 1e20 count as 1e20.
@inline(__always)
func millsSlope<V: SIMD>(_ a: V) -> V where V.Scalar == Double {
    let y = pointwiseMin(a, V(repeating: 1e20)) + 0.65
    var top = 1.5019410906641022e-07 * y + 4.576220311634239e-06
    top = top * y + 7.18570208446801e-05
    top = top * y + 0.0007497614472897877
    top = top * y + 0.00571015756059991
    top = top * y + 0.03313464179056824
    top = top * y + 0.1491755214539918
    top = top * y + 0.5216660356122284
    top = top * y + 1.3949255154644267
    top = top * y + 2.7401546179973053
    top = top * y + 3.613059613841414
    top = top * y + 2.4936263538842764
    var bottom = 1.5019410906641022e-07 * y + 4.380967969847901e-06
    bottom = bottom * y + 6.642197377783764e-05
    bottom = bottom * y + 0.0006720094342076963
    bottom = bottom * y + 0.00498049716838582
    bottom = bottom * y + 0.028248866673121938
    bottom = bottom * y + 0.1251818309843426
    bottom = bottom * y + 0.4362549139944173
    bottom = bottom * y + 1.1901088955018393
    bottom = bottom * y + 2.500644944035617
    bottom = bottom * y + 3.9214515797811242
    bottom = bottom * y + 4.33472956220501
    bottom = bottom * y + 3.020421816772006
    bottom = bottom * y + 1.0
    return top / bottom
}
