import Pricing
import Testing

@Suite("Normal distribution")
struct NormalDistributionTests {
    @Test(
        "both tails keep their digits",
        arguments: [
            // mpmath.ncdf with 50 digits.
            (-37.5, 4.6053530095819548e-308), (-20.0, 2.7536241186062337e-89),
            (-8.0, 6.220960574271784e-16), (-1.0, 0.15865525393145705), (-0.001, 0.49960105778608894),
            (0.0, 0.5), (0.001, 0.50039894221391106), (1.0, 0.84134474606854295), (3.0, 0.9986501019683699),
            (8.0, 0.99999999999999938), (40.0, 1.0),
        ])
    func cumulative(x: Double, expected: Double) {
        #expect(relativeError(NormalDistribution.cumulative(x), expected) < (x < -37.7 ? 1e-7 : 3e-15))
    }
}
