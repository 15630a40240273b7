import Testing

@testable import Feed

@Suite("UTF-8 as it comes")
struct UTF8CheckTests {
    @Test("what the standard library takes is taken, in pieces of any length, and nothing else")
    func oracle() {
        var state: UInt64 = 1
        func random(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        let edges: [UInt8] =
            [0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1]
            + [0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xff]
        for _ in 0..<20_000 {
            let bytes = (0..<random(6)).map { _ in edges[Int(random(UInt64(edges.count)))] }
            var check = UTF8Check()
            let isTaken = bytes.allSatisfy { check.take([$0]) }
            #expect((isTaken && check.isComplete) == (String(validating: bytes, as: UTF8.self) != nil), "\(bytes)")
        }
    }

    @Test("a byte that no text goes on with is refused at once")
    func early() {
        var check = UTF8Check()
        let (first, second) = (check.take([0xf4]), check.take([0x90]))
        #expect(first && !second)
    }
}
