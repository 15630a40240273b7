import Foundation
import Pricing
import Testing

/// An option from its terms in the fixtures' order.
func option(
    _ type: OptionType, _ spot: Double, _ strike: Double, rate: Double = 0, yield: Double = 0, _ volatility: Double,
    _ years: Double
) -> EuropeanOption {
    EuropeanOption(
        type: type, spot: spot, strike: strike,
        dynamics: Dynamics(rate: rate, dividendYield: yield, volatility: volatility, years: years))
}

extension EuropeanValues {
    /// The eight in the fixtures' order.
    static let names = ["price", "delta", "gamma", "vega", "theta", "rho", "vanna", "volga"]
    var all: [Double] { [price, delta, gamma, vega, theta, rho, vanna, volga] }
}

@Suite("European options")
struct EuropeanTests {
    @Test("the values and all Greeks are those of 70-digit arithmetic, to 2e-13 down to 1e-78")
    func truths() throws {
        let lines = Fixture.lines("european.txt")
        #expect(lines.count == 240)
        for line in lines {
            let type = try #require(OptionType(rawValue: line[0]))
            let numbers = try line.dropFirst().map { try #require(Double($0)) }
            let found = option(
                type, numbers[0], numbers[1], rate: numbers[2], yield: numbers[3], numbers[4], numbers[5])
            for (value, truth) in zip(found.closedForm().all, numbers[6...]) {
                #expect(relativeError(value, truth) < 2e-13, "\(line)")
            }
        }
    }

    @Test(
        "published values",
        arguments: [
            // Haug, The Complete Guide to Option Pricing Formulas, 2nd edition: 1.1.1, 1.1.2, 1.1.3, 1.1.5, 1.1.6.
            (option(.call, 60, 65, rate: 0.08, 0.30, 0.25), "price", 2.1334),
            (option(.put, 100, 95, rate: 0.10, yield: 0.05, 0.20, 0.5), "price", 2.4648),
            (option(.call, 19, 19, rate: 0.10, yield: 0.10, 0.28, 0.75), "price", 1.7011),
            (option(.put, 19, 19, rate: 0.10, yield: 0.10, 0.28, 0.75), "price", 1.7011),
            (option(.call, 1.56, 1.6, rate: 0.06, yield: 0.08, 0.12, 0.5), "price", 0.0291),
            // Haug 2.1.1, 2.1.3, 2.3, 2.5, 2.6.
            (option(.call, 105, 100, rate: 0.10, yield: 0.10, 0.36, 0.5), "delta", 0.5946),
            (option(.put, 105, 100, rate: 0.10, yield: 0.10, 0.36, 0.5), "delta", -0.3566),
            (option(.call, 90, 80, rate: 0.05, 0.20, 0.25), "vanna", -1.0008),
            (option(.put, 55, 60, rate: 0.10, 0.30, 0.75), "gamma", 0.0278),
            (option(.call, 55, 60, rate: 0.105, yield: 0.0355, 0.30, 0.75), "vega", 18.5027),
            (option(.put, 430, 405, rate: 0.07, yield: 0.05, 0.20, 1.0 / 12), "theta", -31.1924),
            (option(.call, 72, 75, rate: 0.09, 0.19, 1), "rho", 38.7325),
            // Hull, Options, Futures, and Other Derivatives: example 15.6.
            (option(.call, 42, 40, rate: 0.10, 0.20, 0.5), "price", 4.7594),
            (option(.put, 42, 40, rate: 0.10, 0.20, 0.5), "price", 0.8086),
        ] as [(EuropeanOption, String, Double)])
    func published(option: EuropeanOption, value: String, expected: Double) throws {
        let index = try #require(EuropeanValues.names.firstIndex(of: value))
        #expect(abs(option.closedForm().all[index] - expected) < 0.00005001)
    }

    @Test("a call less a put is a forward, whatever the terms")
    func parity() {
        var random = SplitMix(state: 1)
        for _ in 0..<2_000 {
            var option = option(
                .call, .random(in: 1...200, using: &random), .random(in: 1...200, using: &random),
                rate: .random(in: -0.1...0.2, using: &random), yield: .random(in: -0.1...0.2, using: &random),
                .random(in: 0...2, using: &random), .random(in: 0...5, using: &random))
            let call = option.closedForm()
            option.type = .put
            let put = option.closedForm()
            let dynamics = option.dynamics
            let forward = option.spot * exp(-dynamics.dividendYield * dynamics.years)
            let strike = option.strike * exp(-dynamics.rate * dynamics.years)
            let tolerance = 1e-13 * (forward + strike)
            #expect(abs(call.price - put.price - (forward - strike)) < tolerance)
            #expect(abs(call.delta - put.delta - forward / option.spot) < 1e-13)
            #expect(call.gamma == put.gamma && call.vega == put.vega)
            #expect(call.price >= max(forward - strike, 0) - tolerance && call.price <= forward + tolerance)
            #expect(put.price >= max(strike - forward, 0) - tolerance && put.price <= strike + tolerance)
        }
    }

    @Test("the value rises with volatility and falls with a call's strike")
    func monotonicity() {
        var last = -1.0
        for step in 0...400 {
            let price = option(.call, 100, 130, rate: 0.02, Double(step) / 100, 0.7).closedForm().price
            #expect(price >= last)
            last = price
        }
        last = .infinity
        for strike in stride(from: 0.0, through: 400, by: 0.5) {
            let price = option(.call, 100, strike, rate: 0.02, 0.6, 0.7).closedForm().price
            #expect(price < last)
            last = price
        }
    }

    @Test(
        "edges have the values of their limits",
        arguments: [
            (option(.call, 110, 100, rate: 0.05, 0.2, 0), 10, 1),
            (option(.put, 110, 100, rate: 0.05, 0.2, 0), 0, 0),
            (option(.call, 100, 100, 0.2, 0), 0, 0.5),
            (option(.call, 100, 100, rate: 0.05, 0, 1), 100 - 100 * exp(-0.05), 1),
            (option(.put, 100, 100, rate: 0.05, 0, 1), 0, 0),
            (option(.call, 100, 0, yield: 0.03, 0.2, 1), 100 * exp(-0.03), exp(-0.03)),
            (option(.put, 100, 0, 0.2, 1), 0, 0),
            (option(.call, 0, 100, 0.2, 1), 0, 0),
            (option(.put, 0, 100, rate: 0.01, 0.2, 1), 100 * exp(-0.01), -1),
            (option(.call, 100, 100, 1e9, 1), 100, 1),
            (option(.put, 100, 100, 1e9, 1), 100, 0),
            (option(.call, 1e300, 1e-300, 0.5, 1), 1e300, 1),
            (option(.call, 1e-300, 1e300, 0.5, 1), 0, 0),
        ] as [(EuropeanOption, Double, Double)])
    func edges(option: EuropeanOption, price: Double, delta: Double) {
        let values = option.closedForm()
        #expect(relativeError(values.price, price) < 1e-14 && relativeError(values.delta, delta) < 1e-14)
        #expect(values.all.allSatisfy { $0.isFinite })
    }

    @Test("no terms, however absurd, give anything but numbers")
    func absurd() {
        let levels = [
            0, Double.leastNonzeroMagnitude, 1e-300, 1e-8, 1, 100, 1e12, 1e150, 1e300, Double.greatestFiniteMagnitude,
        ]
        let rates = [-1e300, -700, -0.1, 0, 0.05, 700, 1e300]
        var random = SplitMix(state: 2)
        for _ in 0..<20_000 {
            let terms = option(
                Bool.random(using: &random) ? .call : .put, levels.randomElement(using: &random)!,
                levels.randomElement(using: &random)!, rate: rates.randomElement(using: &random)!,
                yield: rates.randomElement(using: &random)!, levels.randomElement(using: &random)!,
                levels.randomElement(using: &random)!)
            #expect(terms.closedForm().all.allSatisfy { $0.isFinite }, "\(terms)")
            _ = terms.impliedVolatility(price: levels.randomElement(using: &random)!)
        }
    }
}
