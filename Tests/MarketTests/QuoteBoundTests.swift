import Ethereum
import Market
import Testing

/// Questions too large to try every split: the answer is legal, no sampled split beats it, and what it says of itself
/// holds.
@Suite struct QuoteBoundTests {
    /// A token of 18 decimals, in steps of 10^-9.
    static func tokens(_ random: inout SplitMix, _ least: Int, _ most: Int) -> UInt256 {
        let amount = UInt256(UInt64(least + random.below(most - least + 1)))
        return amount.multipliedReportingOverflow(by: 1_000_000_000).partialValue
    }

    static func candidate(
        _ seq: Int, perDay: UInt256, collateral: UInt256, minimum: UInt256, remaining: UInt256? = nil
    ) -> Quote.Candidate {
        Quote.Candidate(
            offerHash: UInt256(UInt64(seq)).bigEndian, seq: UInt64(seq),
            rule: FillRule(
                premiumPerDay: perDay, collateralAmount: collateral, remaining: remaining ?? collateral,
                minFillAmount: minimum))
    }

    /// Offers at about 10^6 units a day a token, of half a token to five.
    static func similar(_ count: Int, _ random: inout SplitMix, part: UInt256) -> [Quote.Candidate] {
        (0..<count).map { seq in
            let collateral = tokens(&random, 500_000_000, 5_000_000_000)
            let price = UInt256(UInt64(1_000_000 + random.below(50_000)))
            let perDay = UInt256.mulDivFloor(collateral, price, 1_000_000_000_000_000_000) ?? 1
            let minimum = UInt256.mulDivFloor(collateral, .one, part) ?? 1
            return candidate(seq, perDay: perDay, collateral: collateral, minimum: minimum)
        }
    }

    /// Whether the fills are legal, each of an offer of its own, and their sums are what the quote says.
    static func isSound(_ quote: Quote, _ candidates: [Quote.Candidate]) -> Bool {
        let rules = Dictionary(uniqueKeysWithValues: candidates.map { ($0.offerHash, $0.rule) })
        var (filled, total) = (UInt256.zero, UInt256.zero)
        for fill in quote.fills {
            guard let rule = rules[fill.offerHash], rule.allows(fill.amount, days: quote.days),
                rule.premium(of: fill.amount, days: quote.days) == fill.premium
            else { return false }
            filled = filled.addingReportingOverflow(fill.amount).partialValue
            total = total.addingReportingOverflow(fill.premium).partialValue
        }
        return Set(quote.fills.map(\.offerHash)).count == quote.fills.count && filled == quote.filledAmount
            && total == quote.totalPremium && filled <= quote.asked && quote.lowerBound <= total
            && (!quote.proven || quote.lowerBound == total)
    }

    /// A random legal combination for the amount: a random order, each offer as much as it may, the last what is left.
    static func sample(_ candidates: [Quote.Candidate], _ quote: Quote, _ random: inout SplitMix) -> UInt256? {
        var left = quote.asked
        var total = UInt256.zero
        for candidate in candidates.shuffled(using: &random) {
            guard let sizes = candidate.rule.sizes else { continue }
            var fill = min(sizes.upperBound, left)
            if random.below(3) == 0, fill > sizes.lowerBound { fill = sizes.lowerBound }
            guard candidate.rule.allows(fill, days: quote.days),
                let premium = candidate.rule.premium(of: fill, days: quote.days)
            else { continue }
            left = left.subtractingReportingOverflow(fill).partialValue
            total = total.addingReportingOverflow(premium).partialValue
            if left.isZero { return total }
        }
        return nil
    }

    @Test(arguments: [1, 2, 10, 1_000_000_000] as [UInt256], 0..<3)
    func `thirty offers are solved exactly`(part: UInt256, seed: Int) {
        var random = SplitMix(state: UInt64(seed))
        let candidates = Self.similar(30, &random, part: part)
        let quote = Quote.bestFills(
            of: candidates, amount: Self.tokens(&random, 20_000_000_000, 40_000_000_000), days: 30)
        #expect(Self.isSound(quote, candidates))
        #expect(quote.proven)
        #expect(quote.complete || part == 1)
        var beaten = 0
        for _ in 0..<300 {
            if let total = Self.sample(candidates, quote, &random), total < quote.totalPremium { beaten += 1 }
        }
        #expect(beaten == 0 || !quote.complete)
    }

    @Test(arguments: [31, 64, 65, 300, 5_000])
    func `more offers are answered within the work allowed`(count: Int) {
        var random = SplitMix(state: UInt64(count))
        let candidates = Self.similar(count, &random, part: 3)
        let quote = Quote.bestFills(
            of: candidates, amount: Self.tokens(&random, 20_000_000_000, 40_000_000_000), days: 30)
        #expect(Self.isSound(quote, candidates))
        #expect(quote.complete)
        #expect(quote.considered == min(count, 4096))
        #expect(quote.candidates == count)
        #expect(!quote.proven || quote.considered == count)
    }

    @Test func `offers made to be hard are answered with a bound`() {
        // One price, all or nothing, and a few dearer ones that fill any gap: as hard as finding a subset with a given sum.
        var random = SplitMix(state: 11)
        var candidates = Self.similar(24, &random, part: 1).map { candidate in
            let perDay = UInt256.mulDivFloor(candidate.rule.collateralAmount, 1_000_000, 1_000_000_000_000_000_000) ?? 1
            let collateral = candidate.rule.collateralAmount
            return Self.candidate(Int(candidate.seq), perDay: perDay, collateral: collateral, minimum: collateral)
        }
        for seq in 24..<30 {
            let collateral = Self.tokens(&random, 500_000_000, 5_000_000_000)
            let perDay = UInt256.mulDivFloor(collateral, 1_500_000, 1_000_000_000_000_000_000) ?? 1
            candidates.append(Self.candidate(seq, perDay: perDay, collateral: collateral, minimum: 1))
        }
        let quote = Quote.bestFills(
            of: candidates, amount: UInt256(limbs: 11_553_255_926_290_448_385, 1, 0, 0), days: 30)
        #expect(Self.isSound(quote, candidates))
        #expect(quote.complete)
    }

    @Test func `the widest numbers are answered`() {
        var random = SplitMix(state: 5)
        let candidates = (0..<20).map { seq in
            Self.candidate(
                seq, perDay: UInt256(limbs: random.next(), random.next(), random.next(), random.next() >> 20),
                collateral: UInt256(limbs: random.next(), random.next(), random.next(), random.next() >> 3),
                minimum: UInt256(limbs: 0, 0, 0, random.next() >> 6))
        }
        let quote = Quote.bestFills(of: candidates, amount: .max, days: 365)
        #expect(Self.isSound(quote, candidates))
        let half = Quote.bestFills(of: candidates, amount: UInt256(limbs: 0, 0, 0, 1 << 62), days: 365)
        #expect(Self.isSound(half, candidates))
        #expect(half.proven)
        let absurd = Self.candidate(0, perDay: .max, collateral: .max, minimum: 1)
        #expect(Quote.bestFills(of: [absurd], amount: 100, days: 365).fills.isEmpty)
    }

    @Test func `a tail below the minimum is whole or nothing`() {
        let tail = Self.candidate(0, perDay: 1000, collateral: 1000, minimum: 100, remaining: 60)
        #expect(Quote.bestFills(of: [tail], amount: 60, days: 1).complete)
        #expect(Quote.bestFills(of: [tail], amount: 59, days: 1).fills.isEmpty)
        #expect(Quote.bestFills(of: [tail], amount: 61, days: 1).filledAmount == 60)
    }
}
