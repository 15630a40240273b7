import Ethereum
import Exchange
import Market
import StrictJSON
import Testing

@Suite("The pricer's batch interface")
struct PriceBatchTests {
    private func answer(_ line: String, _ batch: PriceBatch = PriceBatch()) throws -> JSONObject {
        var json = JSONWriter()
        batch.answer(line: Array(line.utf8), to: &json)
        return try #require(try JSONValue.parse(json.bytes).object)
    }

    private func number(_ answer: JSONObject, _ name: StaticString) throws -> Double {
        try #require(answer[name]?.double, "\(name)")
    }

    private static let market = #""spot": 100, "volatility": 0.4, "years": 0.25, "rate": 0.05, "dividendYield": 0.02"#

    @Test func `an option is answered with its id, price and Greeks`() throws {
        let answer = try answer(
            #"{"id": "a", "kind": "european", "type": "call", "spot": 60, "strike": 65, "volatility": 0.3, "years": 0.25, "rate": 0.08}"#
        )
        #expect(answer["id"]?.string?.isEqual(to: "a") == true)
        #expect(abs(try number(answer, "price") - 2.1334) < 0.00005)
        for name in ["delta", "gamma", "vega", "theta", "rho", "vanna", "volga"] as [StaticString] {
            #expect(try number(answer, name).isFinite)
        }
        #expect(answer["method"]?.string?.isEqual(to: "closedForm") == true)
    }

    @Test func `a price of 1e-290 has its volatility`() throws {
        let answer = try answer(
            #"{"id": 1, "kind": "impliedVolatility", "type": "call", "spot": 100, "strike": 1e6, "years": 1, "price": 1e-290}"#
        )
        #expect(abs(try number(answer, "impliedVolatility") - 0.2520863113993114) < 1e-15)
    }

    @Test(arguments: [
        (
            #""kind": "european", "type": "call", "spot": -1, "strike": 1, "volatility": 1, "years": 1"#,
            "out_of_range", "spot"
        ),
        (#""kind": "european", "type": "call", "strike": 1, "volatility": 1, "years": 1"#, "missing_field", "spot"),
        (
            #""kind": "european", "type": "call", "spot": "1", "strike": 1, "volatility": 1, "years": 1"#,
            "invalid_type", "spot"
        ),
        (
            #""kind": "european", "type": "buy", "spot": 1, "strike": 1, "volatility": 1, "years": 1"#, "invalid_value",
            "type"
        ),
        (
            #""kind": "european", "type": "call", "spot": 1e999, "strike": 1, "volatility": 1, "years": 1"#,
            "out_of_range", "spot"
        ),
        (
            #""kind": "european", "type": "call", "spot": NaN, "strike": 1, "volatility": 1, "years": 1"#,
            "invalid_json", "spot"
        ),
        (#""kind": "european", "colour": 1"#, "unknown_field", "colour"), (#""kind": "bond""#, "invalid_value", "kind"),
        (#""type": "call""#, "missing_field", "kind"),
        (
            #""kind": "impliedVolatility", "type": "call", "spot": 110, "strike": 100, "years": 1, "price": 9"#,
            "below_intrinsic", "price"
        ),
        (
            #""kind": "impliedVolatility", "type": "call", "spot": 110, "strike": 100, "years": 1, "price": 10"#,
            "at_intrinsic", "price"
        ),
        (
            #""kind": "impliedVolatility", "type": "call", "spot": 110, "strike": 100, "years": 1, "price": 110"#,
            "above_maximum", "price"
        ),
        (
            #""kind": "impliedVolatility", "type": "call", "spot": 110, "strike": 100, "years": 0, "price": 11"#,
            "expired", "years"
        ),
        (
            #""kind": "doubleNoTouch", "lower": 120, "upper": 110, "spot": 100, "volatility": 0.4, "years": 1"#,
            "out_of_range", "lower"
        ),
        (
            #""kind": "ladder", "rungs": [110], "payouts": [1, 2], "spot": 100, "volatility": 0.4, "years": 1"#,
            "out_of_range", "payouts"
        ),
        (
            #""kind": "ladder", "rungs": [], "payouts": [], "spot": 100, "volatility": 0.4, "years": 1"#,
            "out_of_range", "rungs"
        ),
        (
            #""kind": "momentum", "measure": "path", "target": 1, "spot": 100, "volatility": 0.4, "years": 1"#,
            "missing_field", "observations"
        ),
        (
            #""kind": "momentum", "measure": "net", "target": 1, "spot": 100, "volatility": 0.4, "years": 1, "observations": 1.5"#,
            "out_of_range", "observations"
        ),
        (
            #""kind": "momentum", "measure": "path", "target": 1, "spot": 100, "volatility": 0.4, "years": 1, "observations": 5, "method": "closedForm""#,
            "no_closed_form", "method"
        ),
        (#""kind": "offer", "offerHash": "0x12""#, "invalid_type", "offerHash"),
    ])
    func `what cannot be answered names its code and field, in place`(
        fields: String, code: String, field: String
    ) throws {
        let answer = try answer(#"{"id": 7, \#(fields)}"#)
        #expect(answer["id"]?.double == 7)
        let error = try #require(answer["error"]?.object)
        #expect(error["code"]?.string.map { String(decoding: $0, as: UTF8.self) } == code)
        #expect(error["field"]?.string.map { String(decoding: $0, as: UTF8.self) } == field)
        #expect(error["detail"]?.string?.isEmpty == false)
    }

    @Test func `products are answered by formula, by looks, and by sampling when asked`() throws {
        let always = try answer(
            #"{"id": 1, "kind": "oneTouch", "direction": "up", "barrier": 115, \#(Self.market)}"#)
        let looks = try answer(
            #"{"id": 1, "kind": "oneTouch", "direction": "up", "barrier": 115, "observations": 20, \#(Self.market)}"#)
        let sampled = try answer(
            #"{"id": 1, "kind": "oneTouch", "direction": "up", "barrier": 115, "observations": 20, "method": "monteCarlo", "paths": 2000, "seed": 5, \#(Self.market)}"#
        )
        #expect(abs(try number(always, "probability") - 0.4635843714842942) < 1e-12)
        #expect(abs(try number(looks, "probability") - 0.38890343934602645) < 1e-9)
        #expect(looks["method"]?.string?.isEqual(to: "exactRecursion") == true)
        #expect(sampled["method"]?.string?.isEqual(to: "monteCarlo") == true)
        let error = try number(sampled, "probabilityStandardError")
        #expect(error > 0)
        #expect(abs(try number(sampled, "probability") - 0.38890343934602645) < 6 * error)
        #expect(sampled["confidence95"]?.array?.count == 2)
        #expect(sampled["seed"]?.double == 5)
        #expect(try number(sampled, "standardError") > 0)
    }

    @Test func `a measure without a closed form is sampled without being asked to`() throws {
        let answer = try answer(
            #"{"id": 1, "kind": "momentum", "measure": "path", "target": 40, "observations": 20, "paths": 2000, \#(Self.market)}"#
        )
        #expect(answer["method"]?.string?.isEqual(to: "monteCarlo") == true)
        #expect(try number(answer, "probability") > 0.9)
    }

    @Test func `an offer is priced from itself and a market, given or known`() throws {
        let token = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
        let offer = #"""
            {"writer": "\#(token)", "underlying": "\#(token)", "collateralAmount": "1000000000000000000", "stablecoin": "\#(token)",
            "isCall": true, "premiumPerDay": "12000000", "minDuration": 1, "maxDuration": 30, "minFillAmount": "1",
            "deadline": "1900000000", "configHash": "0x0000000000000000000000000000000000000000000000000000000000000000"}
            """#.filter { $0 != "\n" }
        let given = try answer(
            #"{"id": 1, "kind": "offer", "offer": \#(offer), "spot": 2500, "volatility": 0.6, "duration": 7, "underlyingDecimals": 18, "stablecoinDecimals": 6}"#
        )
        let known = try answer(
            #"{"id": 1, "kind": "offer", "offer": \#(offer), "duration": 7}"#,
            PriceBatch(
                sources: PriceSources(
                    market: { _ in .init(spot: 2_500, volatility: 0.6) }, decimals: { _ in 18 })))
        let fair = try #require(given["fairPremiumPerDay"]?.object)
        #expect(fair.members.count == 3)
        // 2·(Φ(σ√T/2) − ½)·S·10^6/7 for 7 days of σ = 0.6, by mpmath.
        #expect(abs(try number(fair, "7") - 11_835_345.84112655) < 1e-6)
        #expect(abs(try number(given, "impliedVolatility") - 0.608352146935378) < 1e-14)
        #expect(try number(known, "impliedVolatility") < 1e-9, "18 decimals make the premium tiny")
    }
}
