import Ethereum
import Testing

/// Some 100,000 cases against `SlowNumber`; ten seeds, so that they run side by side and a failure names its own.
@Suite struct UInt256Tests {
    static let seeds = Array(UInt64(1)...10)
    static let casesPerSeed = 2_500

    @Test(arguments: seeds)
    func `sums, differences and products are those of the slow reference`(seed: UInt64) {
        var random = SplitMix(state: seed)
        for _ in 0..<Self.casesPerSeed {
            let (a, b) = (random.number(), random.number())
            let (slowA, slowB) = (SlowNumber(a), SlowNumber(b))
            let sum = a.addingReportingOverflow(b)
            let total = SlowNumber(sum.partialValue) + (sum.overflow ? .modulus : SlowNumber(digits: []))
            if total != slowA + slowB { Issue.record("\(a) + \(b)") }
            let difference = a.subtractingReportingOverflow(b)
            if difference.overflow != (slowA < slowB) { Issue.record("\(a) − \(b) borrows") }
            let back = SlowNumber(difference.partialValue) + slowB
            if back != slowA, back != slowA + .modulus { Issue.record("\(a) − \(b)") }
            let wide = a.multipliedFullWidth(by: b)
            let product = slowA * slowB
            if SlowNumber(wide.high) * .modulus + SlowNumber(wide.low) != product { Issue.record("\(a) × \(b)") }
            let short = a.multipliedReportingOverflow(by: b)
            if short.overflow != (product >= .modulus) || short.partialValue != wide.low {
                Issue.record("\(a) × \(b) overflow")
            }
        }
    }

    @Test(arguments: seeds)
    func `quotient times divisor plus remainder is the number`(seed: UInt64) {
        var random = SplitMix(state: seed &* 77)
        for _ in 0..<Self.casesPerSeed {
            let (a, b) = (random.number(), random.number())
            guard let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b) else {
                if !b.isZero { Issue.record("\(a) / \(b) is nil") }
                continue
            }
            if remainder >= b || SlowNumber(quotient) * SlowNumber(b) + SlowNumber(remainder) != SlowNumber(a) {
                Issue.record("\(a) / \(b)")
            }
        }
    }

    @Test(arguments: seeds)
    func `a product divided rounds down and is nil only where it does not fit`(seed: UInt64) {
        var random = SplitMix(state: seed &* 1_234_567)
        for _ in 0..<Self.casesPerSeed {
            let (a, b, c, d) = (random.number(), random.number(), random.number(), random.number())
            let two = SlowNumber(a) * SlowNumber(b)
            check(UInt256.mulDivFloor(a, b, d), of: two, over: d, "\(a) × \(b) / \(d)")
            check(UInt256.mulDivFloor(a, b, c, d), of: two * SlowNumber(c), over: d, "\(a) × \(b) × \(c) / \(d)")
        }
    }

    private func check(_ quotient: UInt256?, of product: SlowNumber, over divisor: UInt256, _ what: String) {
        let slow = SlowNumber(divisor)
        guard let quotient else {
            if !divisor.isZero, product < slow * .modulus { Issue.record("\(what) is nil") }
            return
        }
        let below = SlowNumber(quotient) * slow
        if divisor.isZero || product < below || below + slow <= product { Issue.record("\(what) = \(quotient)") }
    }

    @Test(arguments: seeds)
    func `fractions compare as their cross products`(seed: UInt64) {
        var random = SplitMix(state: seed &* 31)
        for _ in 0..<Self.casesPerSeed {
            let (a, b, c, d) = (random.number(), random.number(), random.number(), random.number())
            guard !b.isZero, !d.isZero else { continue }
            let (left, right) = (SlowNumber(a) * SlowNumber(d), SlowNumber(c) * SlowNumber(b))
            let expected: UInt256.FractionOrder = left < right ? .less : right < left ? .greater : .equal
            if UInt256.compareFractions(a, b, c, d) != expected { Issue.record("\(a)/\(b) ? \(c)/\(d)") }
            if UInt256.compareFractions(a, b, a, b) != .equal { Issue.record("\(a)/\(b) ? itself") }
        }
    }

    @Test(arguments: seeds)
    func `decimals, hex, words and order are those of the slow reference`(seed: UInt64) {
        var random = SplitMix(state: seed &* 999)
        for _ in 0..<Self.casesPerSeed / 2 {
            let (a, b) = (random.number(), random.number())
            let text = SlowNumber(a).decimal
            if a.description != text || UInt256(decimal: text) != a { Issue.record("decimal of \(text)") }
            if UInt256(hex: a.bigEndian.hex) != a || UInt256(a.bigEndian) != a { Issue.record("word of \(text)") }
            if (a < b) != (SlowNumber(a) < SlowNumber(b)) || (a < b) != (a.bigEndian < b.bigEndian) {
                Issue.record("\(a) < \(b)")
            }
            let bits = SlowNumber(a).digits.last.map { SlowNumber(a).digits.count * 32 - $0.leadingZeroBitCount } ?? 0
            if a.leadingZeroBitCount != 256 - bits { Issue.record("leading zeros of \(text)") }
            if a.asUInt64.map({ UInt256($0) }) != (bits <= 64 ? a : nil) { Issue.record("64 bits of \(text)") }
        }
    }

    @Test func `a zero denominator is infinite`() {
        #expect(UInt256.compareFractions(1, 0, 2, 3) == .greater)
        #expect(UInt256.compareFractions(1, 2, 0, 0) == .less)
        #expect(UInt256.compareFractions(1, 0, 2, 0) == .equal)
    }

    @Test func `the largest products divide`() {
        #expect(UInt256.mulDivFloor(.max, .max, .max) == .max)
        #expect(UInt256.mulDivFloor(.max, .max, .max, .max) == nil)
        #expect(UInt256.mulDivFloor(.max, .max, 0, 1) == 0)
        #expect(UInt256.mulDivFloor(.max, .max, 1, .max) == .max)
        #expect(UInt256.mulDivFloor(.max, 2, 1) == nil)
        #expect(UInt256.mulDivFloor(1, 1, 0) == nil)
        #expect(UInt256.mulDivFloor(1, 1, 1, 0) == nil)
    }
}
