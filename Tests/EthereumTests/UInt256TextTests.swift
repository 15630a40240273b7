import Ethereum
import Testing

@Suite struct UInt256TextTests {
    static let largest = "115792089237316195423570985008687907853269984665640564039457584007913129639935"

    @Test(arguments: [
        ("0", UInt256.zero), ("1", .one), ("9", 9), ("10", 10), ("18446744073709551615", UInt256(.max)),
        ("18446744073709551616", UInt256(limbs: 0, 1, 0, 0)), (largest, .max),
        ("10000000000000000000", UInt256(10_000_000_000_000_000_000)),
        (
            "100000000000000000000000000000000000000",
            UInt256(limbs: 687_399_551_400_673_280, 5_421_010_862_427_522_170, 0, 0)
        ),
    ])
    func `decimals are read and written`(text: String, number: UInt256) {
        #expect(UInt256(decimal: text) == number)
        #expect(number.decimalString == text)
        #expect("\(number)" == text)
        // A collection without contiguous storage takes another way in.
        #expect(UInt256(decimal: text.utf8.lazy.map { $0 }) == number)
    }

    @Test(arguments: [
        "", "+5", "-5", "-0", "00", "01", "0001", " 1", "1 ", "1\n", "1_000", "1,000", "1.0", "1e3", "0x1", "NaN",
        "٣", "１", "1\u{0}", "\u{0}", "/", ":", "a",
        "115792089237316195423570985008687907853269984665640564039457584007913129639936",
        "999999999999999999999999999999999999999999999999999999999999999999999999999999",
        "1157920892373161954235709850086879078532699846656405640394575840079131296399350",
        "0115792089237316195423570985008687907853269984665640564039457584007913129639935",
        String(repeating: "9", count: 100_000), String(repeating: "0", count: 100_000),
    ])
    func `anything but a plain decimal below 2^256 is refused`(text: String) {
        #expect(UInt256(decimal: text) == nil)
    }

    @Test func `every byte that is no digit is refused at every place`() {
        for byte in UInt8.min ... .max where !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            for place in [0, 1, 18, 19, 20, 39] {
                var digits = [UInt8](repeating: UInt8(ascii: "7"), count: 40)
                digits[place] = byte
                #expect(UInt256(decimal: digits) == nil, "byte \(byte) at \(place)")
            }
        }
    }

    @Test(arguments: [
        ("0x0", UInt256.zero), ("0x00", 0), ("0xf", 15), ("0xFf", 255), ("0x0000000000000000000000000000000001", 1),
        ("0x10000000000000000", UInt256(limbs: 0, 1, 0, 0)), ("0x" + String(repeating: "f", count: 64), .max),
        ("0x123456789abcdef0123456789ABCDEF", UInt256(limbs: 0x0123_4567_89ab_cdef, 0x0123_4567_89ab_cdef, 0, 0)),
    ])
    func `hex is read`(text: String, number: UInt256) {
        #expect(UInt256(hex: text) == number)
    }

    @Test(arguments: [
        "", "0", "0x", "0X1", "1", "ff", "0x+f", "0x-1", "0xg", "0x 1", "0x1 ", "0x0x1", "x1",
        "0x" + String(repeating: "0", count: 65),
        "0x1" + String(repeating: "0", count: 64), "0x１", "0x1\u{0}",
    ])
    func `anything but 0x and 1 to 64 hex digits is refused`(text: String) {
        #expect(UInt256(hex: text) == nil)
    }

    @Test func `numbers are appended to what is there`() {
        var ascii = Array("x".utf8)
        UInt256(42).appendDecimal(to: &ascii)
        UInt256.zero.appendDecimal(to: &ascii)
        UInt256.max.appendDecimal(to: &ascii)
        #expect(String(decoding: ascii, as: UTF8.self) == "x420" + Self.largest)
    }
}
