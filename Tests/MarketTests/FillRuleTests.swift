import Ethereum
import Market
import Testing

/// Premiums and legal fills, at their edges.
@Suite struct FillRuleTests {
    @Test(
        arguments: [
            (10, 30, 100, 1000, 30), (1, 1, 999, 1000, 0), (1, 1, 1000, 1000, 1), (7, 3, 5, 2, 52), (0, 5, 5, 5, 0),
        ] as [(UInt64, UInt16, UInt64, UInt64, UInt64)])
    func `a premium is rounded down once`(
        perDay: UInt64, days: UInt16, fill: UInt64, collateral: UInt64, expected: UInt64
    ) {
        let premium = premium(
            perDay: UInt256(perDay), days: days, fill: UInt256(fill), collateral: UInt256(collateral))
        #expect(premium == UInt256(expected))
    }

    @Test func `a premium of the widest numbers is exact or none`() {
        let belowHalf = UInt256(limbs: .max, .max, .max, .max >> 1)
        #expect(premium(perDay: .max, days: 1, fill: .max, collateral: .max) == .max)
        #expect(
            premium(perDay: .max, days: 2, fill: belowHalf, collateral: .max)
                == UInt256(limbs: .max - 1, .max, .max, .max))
        #expect(premium(perDay: .max, days: 2, fill: .max, collateral: .max) == nil)
        #expect(premium(perDay: .max, days: .max, fill: .max, collateral: .max) == nil)
        #expect(premium(perDay: .max, days: .max, fill: .one, collateral: .max) == UInt256(UInt64(UInt16.max)))
        #expect(premium(perDay: .one, days: 1, fill: .one, collateral: .zero) == nil)
    }

    static func rule(
        perDay: UInt256 = 1000, collateral: UInt256 = 1000, remaining: UInt256 = 1000, minimum: UInt256 = 100,
        tailFill: Bool = true
    ) -> FillRule {
        FillRule(
            premiumPerDay: perDay, collateralAmount: collateral, remaining: remaining, minFillAmount: minimum,
            tailFill: tailFill)
    }

    @Test(
        arguments: [
            (0, 1000, true, false), (99, 1000, true, false), (100, 1000, true, true), (1000, 1000, true, true),
            (1001, 1000, true, false), (99, 99, true, true), (98, 99, true, false), (99, 99, false, false),
            (100, 100, false, true), (0, 0, true, false),
        ] as [(UInt64, UInt64, Bool, Bool)])
    func `the minimum holds but for the tail`(fill: UInt64, remaining: UInt64, tailFill: Bool, legal: Bool) {
        let rule = Self.rule(remaining: UInt256(remaining), tailFill: tailFill)
        #expect(rule.allows(UInt256(fill), days: 1) == legal)
    }

    @Test(
        arguments: [
            (1, 1000, 10, 1, 1000), (3, 1000, 1, 1, 334), (1, 1000, 1, 1, 1000), (1000, 1000, 1, 1, 1), (2, 1, 1, 1, 1),
        ] as [(UInt64, UInt64, UInt16, UInt64, UInt64)])
    func `a fill that pays nothing is refused`(
        perDay: UInt64, collateral: UInt64, days: UInt16, minimum: UInt64, upTo: UInt64
    ) throws {
        let rule = Self.rule(
            perDay: UInt256(perDay), collateral: UInt256(collateral), remaining: UInt256(collateral),
            minimum: UInt256(minimum))
        let least = try #require(rule.leastPayingFill(days: days)?.asUInt64)
        #expect(least <= upTo)
        for fill in 1...collateral {
            #expect(rule.allows(UInt256(fill), days: days) == (fill >= least))
        }
    }

    @Test func `nothing pays when the premium or the days are 0`() {
        #expect(Self.rule(perDay: 0).leastPayingFill(days: 5) == nil)
        #expect(Self.rule().leastPayingFill(days: 0) == nil)
        #expect(!Self.rule().allows(1000, days: 0))
        #expect(Self.rule(perDay: .max, collateral: .max).leastPayingFill(days: .max) == .one)
        #expect(!Self.rule(perDay: .max, collateral: .max, remaining: .max).allows(.max, days: 2))
    }
}
