import Ethereum
import Market
import Testing

@Suite struct PayoutTests {
    private static func number(_ text: String) -> UInt256 { UInt256(decimal: Array(text.utf8)) ?? .zero }

    /// Random numbers of every size up to `bits`.
    private static func random(_ bits: Int, _ generator: inout SplitMix) -> UInt256 {
        let width = Int(generator.next() % UInt64(bits + 1))
        var limbs = (0..<4).map { _ in generator.next() }
        for limb in 0..<4 {
            let left = width - 64 * limb
            if left <= 0 { limbs[limb] = 0 } else if left < 64 { limbs[limb] &= (1 << UInt64(left)) - 1 }
        }
        return UInt256(limbs: limbs[0], limbs[1], limbs[2], limbs[3])
    }

    @Test func `The protocol's example`() throws {
        let decimals = try #require(SettlementDecimals(underlying: 18, stablecoin: 6))
        let collateral: UInt256 = 1_000_000_000_000_000_000
        let sale = try #require(decimals.value(of: collateral, priceE8: 249_900_000_000))
        #expect(sale == 2_499_000_000)
        let payout = Payout.call(
            collateral: collateral, strikeE8: 200_000_000_000, priceE8: 249_900_000_000, proceeds: sale,
            decimals: decimals, feeBps: 10)
        #expect(payout.payoff == 499_000_000)
        #expect(payout.fee == 499_000)
        #expect(payout.taker == 498_501_000)
        #expect(payout.writer == 2_000_000_000)
        #expect(payout.total == 2_499_000_000)
    }

    /// Reckoned by Python's whole numbers: collateral, K, S, dU, dS, sale value, call's payoff.
    @Test(
        arguments: [
            ("1", "200000000000", "249900000000", 18, 6, "0", "0"),
            ("400160065", "200000000000", "249900000000", 18, 6, "1", "0"),
            ("100000000", "6000000000000", "6500000000001", 8, 6, "65000000000", "5000000000"),
            ("123456789012345678901234567890", "1", "100000000", 36, 0, "0", "0"),
            (
                "7", "100000000", "350000000", 0, 36, "24500000000000000000000000000000000000",
                "17500000000000000000000000000000000000"
            ),
        ] as [(String, String, String, UInt8, UInt8, String, String)])
    func `A call pays what the price gained`(
        collateral: String, strike: String, price: String, underlying: UInt8, stablecoin: UInt8, sale: String,
        payoff: String
    ) throws {
        let decimals = try #require(SettlementDecimals(underlying: underlying, stablecoin: stablecoin))
        let value = try #require(
            decimals.value(of: Self.number(collateral), priceE8: Self.number(price)))
        #expect(value == Self.number(sale))
        let payout = Payout.call(
            collateral: Self.number(collateral), strikeE8: Self.number(strike), priceE8: Self.number(price),
            proceeds: value, decimals: decimals, feeBps: 10)
        #expect(payout.payoff == Self.number(payoff))
    }

    @Test(arguments: [
        ("2000000000", "200000000000", "150000000000", "500000000"),
        ("2000000000", "200000000000", "200000000000", "0"),
        ("2000000000", "200000000000", "250000000000", "0"),
        ("2000000001", "300000000000", "200000000000", "666666667"),
        ("5", "200000000000", "0", "5"),
    ])
    func `A put pays its part of the stablecoin it holds`(
        collateral: String, strike: String, price: String, payoff: String
    ) {
        let payout = Payout.put(
            collateral: Self.number(collateral), strikeE8: Self.number(strike), priceE8: Self.number(price),
            feeBps: 10)
        #expect(payout.payoff == Self.number(payoff))
        #expect(payout.total == Self.number(collateral))
    }

    @Test func `All that there is is shared, nothing more, whatever the numbers`() throws {
        var generator = SplitMix(state: 6)
        for _ in 0..<2_000 {
            let decimals = try #require(
                SettlementDecimals(
                    underlying: UInt8(generator.next() % 37), stablecoin: UInt8(generator.next() % 37)))
            let (collateral, strike) = (Self.random(256, &generator), Self.random(256, &generator))
            let (price, proceeds) = (Self.random(256, &generator), Self.random(256, &generator))
            let feeBps = UInt16(truncatingIfNeeded: generator.next() % 10_001)
            for payout in [
                Payout.call(
                    collateral: collateral, strikeE8: strike, priceE8: price, proceeds: proceeds, decimals: decimals,
                    feeBps: feeBps),
                Payout.put(collateral: collateral, strikeE8: strike, priceE8: price, feeBps: feeBps),
            ] {
                let (half, first) = payout.taker.addingReportingOverflow(payout.fee)
                let (sum, second) = half.addingReportingOverflow(payout.writer)
                #expect(!first && !second && sum == payout.total)
                #expect(payout.payoff <= payout.total && payout.fee <= payout.payoff)
                // The taker is never rounded up: the fee is what is left of the payoff, at least its exact part less one.
                let exact = UInt256.mulDivFloor(payout.payoff, UInt256(UInt64(feeBps)), 10_000)
                #expect(payout.fee == exact)
            }
        }
    }

    @Test func `What a call is worth never passes what its collateral sold for at the same price`() throws {
        var generator = SplitMix(state: 7)
        var compared = 0
        for _ in 0..<2_000 {
            let decimals = try #require(
                SettlementDecimals(
                    underlying: UInt8(generator.next() % 37), stablecoin: UInt8(generator.next() % 37)))
            let (collateral, strike) = (Self.random(160, &generator), Self.random(80, &generator))
            let price = Self.random(80, &generator)
            guard let sale = decimals.value(of: collateral, priceE8: price) else { continue }
            compared += 1
            let payout = Payout.call(
                collateral: collateral, strikeE8: strike, priceE8: price, proceeds: .max, decimals: decimals,
                feeBps: 10)
            #expect(payout.payoff <= sale)
            if price <= strike { #expect(payout.payoff.isZero) }
        }
        #expect(compared > 1_000)
    }

    @Test func `Decimals beyond 36 are none`() {
        #expect(SettlementDecimals(underlying: 37, stablecoin: 6) == nil)
        #expect(SettlementDecimals(underlying: 18, stablecoin: 255) == nil)
    }
}
