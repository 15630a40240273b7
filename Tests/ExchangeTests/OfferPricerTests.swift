import Ethereum
@_spi(Store) import Market
import Testing

@testable import Exchange

@Suite("What offers are worth")
struct OfferPricerTests {
    private static let tokens = TokenList([
        Token(
            symbol: "A", address: Samples.address(0xaa), decimals: 18, isStablecoin: false,
            market: TokenMarket(startPrice: 2_500, volatility: 0.6)),
        Token(
            symbol: "B", address: Samples.address(0xbb), decimals: 6, isStablecoin: true,
            market: TokenMarket(startPrice: 1)),
        Token(
            symbol: "D", address: Samples.address(0xdd), decimals: 18, isStablecoin: false,
            market: TokenMarket(startPrice: 100, volatility: 0.01, unit: .second)),
    ])

    private static func ticks(_ asOf: Int64, _ priceE8: Int64 = 250_000_000_000) -> [PriceTick] {
        [0xaa, 0xdd].map {
            PriceTick(
                token: Samples.address($0), priceE8: priceE8, tick: UInt64(asOf), asOfMillis: asOf, source: .simulation)
        }
    }

    @Test("a moment is taken from the first tick of each second, and every process takes the same ones")
    func moments() {
        let stamps: [Int64] = [10_250, 10_350, 10_990, 11_010, 11_110, 11_999, 12_000, 12_100, 40_000]
        let first = PricingMoments(tokens: Self.tokens, board: PriceBoard())
        let second = PricingMoments(tokens: Self.tokens, board: PriceBoard())
        var taken: [Int64] = []
        for (index, stamp) in stamps.enumerated() {
            first.published(Self.ticks(stamp))
            if index > 2 { second.published(Self.ticks(stamp)) }
            if taken.last != first.current.asOfMillis { taken.append(first.current.asOfMillis) }
            if index > 2 { #expect(second.current.asOfMillis == first.current.asOfMillis) }
        }
        #expect(taken == [10_250, 11_010, 12_000, 40_000])
        #expect(first.generation == 4)
        #expect(first.current.points[Samples.address(0xaa)] == .init(spotE8: 250_000_000_000, volatility: 0.6))
        #expect(first.current.points[Samples.address(0xdd)]?.volatility == nil)
    }

    @Test("a row is priced once a moment and duration, and null where something is not known")
    func rows() {
        let moments = PricingMoments(tokens: Self.tokens, board: PriceBoard())
        let pricer = OfferPricer(tokens: Self.tokens, moments: moments)
        func entry(_ underlying: UInt8, isCall: Bool = true, stablecoin: UInt8 = 0xbb) -> BookEntry {
            let signed = Samples.signed(
                underlying: underlying, stablecoin: stablecoin, collateral: 1_000_000_000_000_000_000,
                premium: 5_000_000, isCall: isCall, days: 7...30)
            return BookEntry(OfferState(signed: signed, seq: 1, createdAtMicros: 0))
        }
        func text(_ entry: BookEntry, days: UInt16? = nil) -> String {
            String(decoding: pricer.rowJSON(entry, days: days, by: pricer.moment), as: UTF8.self)
        }
        let row = entry(0xaa)
        #expect(text(row) == "null", "before the first price")
        moments.published(Self.ticks(1_000))
        // 2500 · (2 Φ(0.3·√(7/365)) − 1) / 7 = 11.8335… in units of 1e-6
        #expect(text(row).hasPrefix(#"{"fairPremiumPerDay":"1183"#), "\(text(row))")
        #expect(text(row) == text(row))
        #expect(text(row) != text(row, days: 30))
        #expect(text(entry(0xdd)) == "null", "no volatility a year")
        #expect(text(entry(0xcc)) == "null", "no price")
        #expect(text(entry(0xaa, stablecoin: 0xcc)) == "null", "a call's worth needs the decimals")
        #expect(text(entry(0xaa, isCall: false, stablecoin: 0xcc)) != "null", "a put's does not")
    }

    @Test("doubles and 256-bit integers agree as far as doubles go")
    func wide() {
        for (value, text) in [
            (0, "0"), (0.999, "0"), (1, "1"), (1.999, "1"), (4_503_599_627_370_495.5, "4503599627370495"),
            (0x1p64, "18446744073709551616"), (0x1p100, "1267650600228229401496703205376"),
            (1e18, "1000000000000000000"),
        ] as [(Double, String)] {
            #expect(UInt256(flooring: value)?.decimalString == text)
        }
        for power in 0..<256 {
            let value = Double(sign: .plus, exponent: power, significand: 1.5)
            #expect(UInt256(flooring: value)?.approximation == value.rounded(.down))
        }
        for value in [-1, .nan, .infinity, 0x1p256] as [Double] { #expect(UInt256(flooring: value) == nil) }
        #expect(UInt256.max.approximation == 0x1p256)
    }
}
