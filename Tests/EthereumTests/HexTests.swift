import Ethereum
import Testing

@Suite struct HexTests {
    @Test(
        arguments: [(String, [UInt8])]([
            ("0x", [UInt8]()), ("0x00", [0]), ("0xfF", [255]), ("0x0102", [1, 2]),
            ("0xDEADbeef", [0xde, 0xad, 0xbe, 0xef]),
            ("0x0102030405", [1, 2, 3, 4, 5]),
            ("0x00112233445566778899aabbccddeeff", Array(stride(from: 0, through: 0xff, by: 0x11))),
        ]))
    func `hex is decoded and encoded`(text: String, bytes: [UInt8]) {
        #expect(Hex.decode(text) == bytes)
        #expect(Hex.decode(text.utf8.lazy.map { $0 }) == bytes)
        #expect(Hex.encode(bytes) == text.lowercased())
    }

    @Test(arguments: [
        "", "0", "x", "00", "0X00", "0x0", "0x000", "0x+f", "0x-1", "0x 1", "0x1 ", "0xgg", "0x0g", " 0x00", "0x00 ",
        "0x٣٣", "0x\u{0}0",
    ])
    func `anything else is refused`(text: String) {
        #expect(Hex.decode(text) == nil)
    }

    @Test func `each of the 256 byte values is a digit or refused, at each place`() {
        for byte in UInt8.min ... .max {
            let value = Character(Unicode.Scalar(byte)).isASCII ? Character(Unicode.Scalar(byte)).hexDigitValue : nil
            for place in 2..<14 {
                var ascii = Array("0x000000000000".utf8)
                ascii[place] = byte
                var expected = [UInt8](repeating: 0, count: 6)
                expected[(place - 2) / 2] = UInt8(value ?? 0) << (place % 2 == 0 ? 4 : 0)
                #expect(Hex.decode(ascii) == (value == nil ? nil : expected), "byte \(byte) at \(place)")
            }
        }
    }

    @Test func `random bytes go there and back`() {
        var random = SplitMix(state: 7)
        for count in 0..<300 {
            let bytes = random.bytes(count)
            #expect(Hex.decode(Hex.encode(bytes)) == bytes)
            #expect(Hex.decode("0x" + Hex.encode(bytes).dropFirst(2).uppercased()) == bytes)
        }
    }

    @Test func `a limit on the length holds before anything is allocated`() {
        #expect(Hex.decode("0x0102", maxBytes: 2) == [1, 2])
        #expect(Hex.decode("0x010203", maxBytes: 2) == nil)
        #expect(Hex.decode("0x", maxBytes: 0) == [])
    }

    @Test(arguments: [
        "", "0x", String(repeating: "0", count: 64), "0x" + String(repeating: "0", count: 63),
        "0x" + String(repeating: "0", count: 65),
        "0x" + String(repeating: "g", count: 64), "0x+" + String(repeating: "0", count: 63),
        "0X" + String(repeating: "0", count: 64),
    ])
    func `a hash is 0x and exactly 64 digits`(text: String) {
        #expect(Bytes32(hex: text) == nil)
    }

    @Test func `hashes go there and back and sort by their bytes`() throws {
        var random = SplitMix(state: 8)
        var hashes: [Bytes32] = [.zero]
        for _ in 0..<500 {
            let bytes = random.bytes(32)
            let hash = try #require(Bytes32(bytes: bytes))
            #expect(hash.array == bytes)
            #expect(Bytes32(bytes: bytes[...].lazy.map { $0 }) == hash)
            #expect(Bytes32(hex: hash.hex) == hash)
            #expect(Bytes32(hexBytes: Hex.encode(bytes).utf8.lazy.map { $0 }) == hash)
            #expect("\(hash)" == Hex.encode(bytes))
            hashes.append(hash)
        }
        for count in [0, 31, 33, 64] { #expect(Bytes32(bytes: [UInt8](repeating: 1, count: count)) == nil) }
        #expect(hashes.sorted() == hashes.sorted { $0.array.lexicographicallyPrecedes($1.array) })
        #expect(Bytes32.zero.isZero)
        #expect(Set(hashes).count == hashes.count)
    }
}
