import Foundation
import Pricing
import Testing

@Suite("Touches")
struct TouchTests {
    @Test(
        "binary barriers of Haug, The Complete Guide, 2nd edition, table 4-22 (cash 15, r = b = 10 %, σ = 20 %, ½ year)",
        arguments: [
            (TouchDirection.down, 105.0, PaymentTime.hit, 9.7264), (.up, 95, .hit, 11.6553),
            (.down, 105, .expiry, 9.3604), (.up, 95, .expiry, 11.2223),
        ])
    func binaryBarriers(direction: TouchDirection, spot: Double, payAt: PaymentTime, expected: Double) {
        let touch = OneTouch(
            direction: direction, spot: spot, barrier: 100, dynamics: Dynamics(rate: 0.1, volatility: 0.2, years: 0.5),
            payAt: payAt)
        #expect(abs(15 * touch.value().price - expected) < 0.00006)
    }

    @Test(
        "double barriers of Hui (1996) in Haug's table 4-23 (cash 10, r = 5 %, b = 3 %, ¼ year)",
        arguments: [
            (80.0, 120.0, [9.8716, 8.9307, 6.3272, 1.9094]), (85, 115, [9.7961, 7.2300, 3.7100, 0.4271]),
            (90, 110, [8.9054, 3.6752, 0.7960, 0.0059]), (95, 105, [3.6323, 0.0911, 0.0002, 0.0000]),
        ])
    func doubleBarriers(lower: Double, upper: Double, expected: [Double]) {
        for (volatility, value) in zip([0.1, 0.2, 0.3, 0.5], expected) {
            let product = DoubleNoTouch(
                spot: 100, lower: lower, upper: upper,
                dynamics: Dynamics(rate: 0.05, dividendYield: 0.02, volatility: volatility, years: 0.25))
            #expect(abs(10 * product.value().price - value) < 0.00006, "\(volatility)")
        }
    }

    @Test("images and eigenfunctions agree where both converge")
    func twoSeries() {
        // The width at which the one gives way to the other: s = width/2.
        for (lower, upper) in [(80.0, 120.0), (50, 101), (99, 150)] {
            let width = log(upper / lower)
            let values = [0.4999999, 0.5000001].map { part in
                DoubleNoTouch(
                    spot: 100, lower: lower, upper: upper, dynamics: Dynamics(volatility: part * width, years: 1)
                ).value().probability
            }
            #expect(relativeError(values[0], values[1]) < 4e-5 && values[0] > values[1])
        }
    }

    @Test("looks one by one meet the formula moved by Broadie, Glasserman and Kou, within its error")
    func looks() {
        let dynamics = Dynamics(rate: 0.05, dividendYield: 0.02, volatility: 0.4, years: 0.25)
        for (direction, barrier) in [(TouchDirection.up, 115.0), (.down, 85)] {
            var touch = OneTouch(
                direction: direction, spot: 100, barrier: barrier, dynamics: dynamics, observations: 60)
            let exact = touch.value()
            touch.observations = nil
            let shift = exp(0.5825971579 * 0.4 * (0.25 / 60).squareRoot())
            touch.barrier *= direction == .up ? shift : 1 / shift
            #expect(exact.method == .exactRecursion)
            #expect(abs(exact.probability - touch.value().probability) < 2e-3)
            touch.observations = 1_441
            #expect(touch.value().method == .broadieGlassermanKou)
        }
    }

    @Test("one look is a digital option; two are a bivariate normal")
    func fewLooks() {
        let dynamics = Dynamics(rate: 0.03, volatility: 0.5, years: 0.5)
        let mean = (0.03 - 0.125) * 0.5
        let deviation = 0.5 * 0.5.squareRoot()
        let one = OneTouch(direction: .up, spot: 100, barrier: 120, dynamics: dynamics, observations: 1).value()
        let expected = NormalDistribution.cumulative((mean - log(1.2)) / deviation)
        #expect(abs(one.probability - expected) < 1e-12)
        #expect(abs(one.price - exp(-0.015) * expected) < 1e-12)
        // P(X₁ < b, X₂ < b) by mpmath quadrature of the bivariate normal, 30 digits.
        let two = OneTouch(direction: .up, spot: 100, barrier: 120, dynamics: dynamics, observations: 2).value()
        #expect(abs(two.probability - 0.32753749299727744) < 2e-10)
    }

    @Test("paying at the hit is worth no less, and as much without rates")
    func paymentTime() {
        for observations in [nil, 12] as [Int?] {
            var touch = OneTouch(
                direction: .up, spot: 100, barrier: 112, dynamics: Dynamics(rate: 0.08, volatility: 0.3, years: 1),
                observations: observations)
            let late = touch.value()
            touch.payAt = .hit
            let early = touch.value()
            #expect(early.price > late.price && early.price < early.probability)
            touch.dynamics.rate = 0
            #expect(abs(touch.value().price - touch.value().probability) < 1e-12)
        }
    }

    @Test("a rate far below 0 makes a payment at the hit worth more than 1, without NaN")
    func negativeRates() {
        let touch = OneTouch(
            direction: .down, spot: 100, barrier: 80,
            dynamics: Dynamics(rate: -3, dividendYield: -3, volatility: 0.4, years: 2), payAt: .hit)
        let value = touch.value()
        #expect(value.price > 1 && value.price < exp(6))
        var last = OneTouch(
            direction: .down, spot: 100, barrier: 80,
            dynamics: Dynamics(rate: -3, dividendYield: -3, volatility: 0.4, years: 2), payAt: .hit, observations: 400)
        last.barrier *= exp(0.5825971579 * 0.4 * 0.005.squareRoot())
        #expect(relativeError(last.value().price, value.price) < 0.05)
    }

    @Test("certain cases: touched already, no volatility, no time")
    func certain() {
        let still = Dynamics(rate: 0.1, volatility: 0, years: 1)
        let touched = OneTouch(direction: .up, spot: 100, barrier: 100, dynamics: still, payAt: .hit).value()
        #expect(touched.price == 1 && touched.probability == 1)
        let grown = OneTouch(direction: .up, spot: 100, barrier: 105, dynamics: still, payAt: .hit).value()
        #expect(relativeError(grown.price, exp(-log(1.05))) < 1e-12 && grown.probability == 1)
        #expect(OneTouch(direction: .up, spot: 100, barrier: 111, dynamics: still).value().probability == 0)
        let over = OneTouch(
            direction: .up, spot: 100, barrier: 101, dynamics: Dynamics(volatility: 0.5, years: 0)
        ).value()
        #expect(over.probability == 0)
    }
}
