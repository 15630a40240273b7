import Foundation
import Pricing
import Testing

@Suite("Implied volatility")
struct ImpliedVolatilityTests {
    @Test("a price's volatility is that of 70-digit arithmetic, to 4 ulps of what the price determines")
    func truths() throws {
        let lines = Fixture.lines("implied.txt")
        #expect(lines.count == 400)
        for line in lines {
            let type = try #require(OptionType(rawValue: line[0]))
            let numbers = try line.dropFirst().map { try #require(Double($0)) }
            let terms = option(type, numbers[0], numbers[1], rate: numbers[2], yield: numbers[3], 0, numbers[4])
            guard case .value(let volatility) = terms.impliedVolatility(price: numbers[5]) else {
                Issue.record("\(line)")
                continue
            }
            let best = max(1, numbers[7]) * .ulpOfOne
            #expect(relativeError(volatility, numbers[6]) <= 4 * best, "\(volatility) \(line)")
        }
    }

    @Test(
        "prices that no volatility gives say why",
        arguments: [
            (option(.call, 110, 100, 0, 1), 9.99, .belowIntrinsic), (option(.call, 110, 100, 0, 1), 10, .atIntrinsic),
            (option(.call, 110, 100, 0, 1), 10 + 110.0.ulp, .atIntrinsic),
            (option(.call, 110, 100, 0, 1), 10 - 110.0.ulp, .atIntrinsic),
            (option(.call, 110, 100, 0, 1), 10 - 3 * 110.0.ulp, .belowIntrinsic),
            (option(.put, 110, 100, 0, 1), 0, .atIntrinsic), (option(.put, 110, 100, 0, 1), -1e-9, .belowIntrinsic),
            (option(.call, 100, 100, 0, 1), 100, .aboveMaximum),
            (option(.call, 100, 100, 0, 1), 100.0.nextUp, .aboveMaximum),
            (option(.put, 100, 90, 0, 1), 90, .aboveMaximum), (option(.put, 100, 90, 0, 0), 1, .expired),
            (option(.call, 100, 100, 0, 1), Double.leastNonzeroMagnitude, .atIntrinsic),
            (option(.put, 100, 90, 0, -1), 1, .expired), (option(.call, 100, 0, 0, 1), 100, .atIntrinsic),
            (option(.put, 100, 0, 0, 1), 1, .aboveMaximum), (option(.call, 0, 100, 0, 1), 1, .aboveMaximum),
        ] as [(EuropeanOption, Double, ImpliedVolatility)])
    func refused(option: EuropeanOption, price: Double, expected: ImpliedVolatility) {
        #expect(option.impliedVolatility(price: price) == expected)
    }

    @Test("out of the money every positive price has a volatility, the smallest doubles and the last ulps included")
    func extremes() throws {
        for price in [1e-8 * 1e-302, 1e-290, 1e-100, 1e-10, 1, 99, 100.0.nextDown] {
            for strike in [100, 100.0.nextUp, 101, 200, 1e6, 1e100] {
                guard case .value(let volatility) = option(.call, 100, strike, 0, 1).impliedVolatility(price: price)
                else {
                    Issue.record("\(price) \(strike)")
                    continue
                }
                let back = option(.call, 100, strike, volatility, 1).closedForm().price
                #expect(volatility > 0 && volatility < 60)
                if price > 1e-300 { #expect(relativeError(back, price) < 1e-12, "\(price) \(strike)") }
            }
        }
    }

    @Test("a volatility is found again from its price, everywhere")
    func roundTrip() {
        var random = SplitMix(state: 3)
        for _ in 0..<3_000 {
            let deviation = Double.random(in: 0.001...6, using: &random)
            let distance = Double.random(in: -12...12, using: &random)
            let years = Double.random(in: 0.001...3, using: &random)
            let volatility = deviation / years.squareRoot()
            let strike = 100 * exp(min(max(distance * deviation, -40), 40))
            let terms = option(strike >= 100 ? .call : .put, 100, strike, volatility, years)
            let values = terms.closedForm()
            guard values.price < min(100, strike), values.price > 1e-300 else { continue }
            guard case .value(let found) = terms.impliedVolatility(price: values.price) else {
                Issue.record("\(terms)")
                continue
            }
            let best = max(1, values.price / (values.vega * volatility)) * 1e-13
            #expect(relativeError(found, volatility) < best, "\(terms)")
        }
    }
}
