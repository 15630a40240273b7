import Ethereum
import Testing

@Suite struct ABITests {
    static let ones = Address(bytes: [UInt8](repeating: 0x11, count: 20)) ?? .zero

    @Test(arguments: [
        (ABI.word(true), "01"), (ABI.word(false), ""), (ABI.word(UInt64.max), "ffffffffffffffff"),
        (ABI.word(UInt16(365)), "016d"), (ABI.word(UInt32(1)), "01"),
        (ABI.word(UInt256.max), String(repeating: "f", count: 64)),
        (ABI.word(ones), String(repeating: "1", count: 40)),
        (ABI.word(typeHash("")), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
    ])
    func `values are padded in front to 32 bytes`(word: Bytes32, digits: String) {
        #expect(word.hex == "0x" + String(repeating: "0", count: 64 - digits.count) + digits)
    }

    @Test func `an encoding is its words in order`() {
        var encoder = ABIEncoder()
        encoder.append(ABI.word(UInt64(1)))
        encoder.append(ABI.word(Self.ones))
        #expect(encoder.bytes == ABI.word(UInt64(1)).array + ABI.word(Self.ones).array)
        #expect(encoder.keccak == Keccak256.hash(encoder.bytes))
    }
}
