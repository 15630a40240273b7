import Ethereum
import Exchange

/// What a Chainlink-style aggregator answers to `latestRoundData()` and `decimals()`, and whether it may be believed. Pure.
struct FeedRound: Sendable, Hashable {
    /// Why an answer is not taken; a sentence.
    struct Refused: Error, Hashable {
        let reason: String
    }

    /// `latestRoundData()`
    static let latestRoundData: [UInt8] = [0xfe, 0xaf, 0x96, 0x8c]
    /// `decimals()`
    static let decimals: [UInt8] = [0x31, 0x3c, 0xe5, 0x67]

    private static let mostDecimals: UInt64 = 36
    /// How far a block's clock may be ahead of this machine's, ms; what is within counts as now.
    private static let tolerance: Int64 = 3_600_000

    /// The price in 1e-8 units.
    let priceE8: Int64
    /// When the aggregator got it, ms since 1970, never ahead of `nowMillis`.
    let updatedAtMillis: Int64
    /// The aggregator's own number and stamp of the round: what is new.
    let round: [UInt256]

    /// Reads the data that two calls of the aggregator returned.
    /// - Throws: why the answer is not taken.
    init(round: [UInt8], decimals: [UInt8], nowMillis now: Int64) throws(Refused) {
        if round.isEmpty || decimals.isEmpty { throw Refused(reason: "there is no price feed at this address") }
        guard round.count == 160, decimals.count == 32, let words = Self.words(round),
            let scale = Self.words(decimals)?[0].asUInt64, scale <= Self.mostDecimals
        else { throw Refused(reason: "the answer is not that of a price feed") }
        guard words[1].limbs.3 >> 63 == 0, !words[1].isZero else {
            throw Refused(reason: "the answer is not above 0")
        }
        guard words[4] >= words[0] else {
            throw Refused(reason: "the answer is an earlier round's: \(words[4]) of \(words[0])")
        }
        guard let seconds = words[3].asUInt64, seconds > 0, seconds <= UInt64(Int64.max) / 1_000 else {
            throw Refused(reason: "the round is not complete")
        }
        let updated = Int64(seconds) * 1_000
        guard updated - now <= Self.tolerance else {
            throw Refused(reason: "the answer is from the future: updatedAt is \(seconds)")
        }
        guard let price = Self.priceE8(words[1], decimals: Int(scale)), PriceScale.range.contains(price) else {
            throw Refused(reason: "the answer is no price from 0.00000001 on: \(words[1]) with \(scale) decimals")
        }
        priceE8 = price
        updatedAtMillis = min(updated, now)
        self.round = [words[0], words[3]]
    }

    private static func words(_ bytes: [UInt8]) -> [UInt256]? {
        let words = stride(from: 0, to: bytes.count, by: 32).compactMap { Bytes32(bytes: bytes[$0..<($0 + 32)]) }
        return words.count == bytes.count / 32 ? words.map { UInt256($0) } : nil
    }

    /// Rounded down to 1e-8; nil where it does not fit.
    private static func priceE8(_ answer: UInt256, decimals: Int) -> Int64? {
        let power = (0..<abs(decimals - 8)).reduce(UInt256.one) { power, _ in
            power.multipliedReportingOverflow(by: 10).partialValue
        }
        if decimals >= 8 {
            return answer.quotientAndRemainder(dividingBy: power)?.quotient.asUInt64.flatMap(Int64.init(exactly:))
        }
        let (product, overflow) = answer.multipliedReportingOverflow(by: power)
        return overflow ? nil : product.asUInt64.flatMap(Int64.init(exactly:))
    }
}
