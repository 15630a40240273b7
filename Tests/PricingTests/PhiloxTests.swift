import CPricing
import Testing

@testable import Pricing

@Suite("Philox")
struct PhiloxTests {
    private struct KnownAnswer: CustomTestStringConvertible {
        let counter: SIMD4<UInt32>
        let seed: UInt64
        let words: SIMD4<UInt32>
        var testDescription: String { "\(counter)" }
    }

    private static let knownAnswers = [
        KnownAnswer(
            counter: SIMD4(repeating: 0), seed: 0, words: SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)),
        KnownAnswer(
            counter: SIMD4(repeating: 0xffff_ffff), seed: 0xffff_ffff_ffff_ffff,
            words: SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)),
        KnownAnswer(
            counter: SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), seed: 0x299f_31d0_a409_3822,
            words: SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)),
    ]

    @Test("the known answers of Random123 (kat_vectors, philox4x32 10)", arguments: knownAnswers)
    private func known(answer: KnownAnswer) {
        #expect(Philox(seed: answer.seed).block(answer.counter) == answer.words)
    }

    @Test("the block kernel makes the same words, lane by lane")
    func kernelAgrees() {
        var rows = [Double](repeating: 0, count: 4 * Int(PRICING_LANES))
        let seed: UInt64 = 0x0123_4567_89ab_cdef
        pricing_philox_rows(seed, 7, 0xffff_fff0, 3, PRICING_LANES, &rows)
        for lane in 0..<Int(PRICING_LANES) {
            let counter = SIMD4<UInt32>(7, 0, 0xffff_fff0 &+ UInt32(lane), 3)
            let words = Philox(seed: seed).block(counter)
            for word in 0..<4 {
                let expected = (Double(words[word]) + 0.5) * 0x1p-32 - 0.5
                #expect(rows[word * Int(PRICING_LANES) + lane] == expected)
            }
        }
    }

    @Test("each of step, path and stream, all 128 bits of place, changes the number")
    func placesDiffer() {
        let philox = Philox(seed: 1)
        let normals = [
            philox.normal(step: 0, path: 0, stream: .market), philox.normal(step: 1, path: 0, stream: .market),
            philox.normal(step: 1 << 32, path: 0, stream: .market), philox.normal(step: 0, path: 1, stream: .market),
            philox.normal(step: 0, path: 0, stream: .sampling),
            Philox(seed: 1 << 32 | 1).normal(step: 0, path: 0, stream: .market),
        ]
        #expect(Set(normals).count == normals.count)
    }
}
