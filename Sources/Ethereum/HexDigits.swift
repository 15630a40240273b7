/// Eight hex digits at once: one in each byte of `nibbles`, the first digit in the top byte.
///
/// Branch-free, as the branches of random digits are mispredicted. Reading is strict by construction: what was read is
/// written again and has to be the text.
struct HexDigits {
    /// Eight values 0…15.
    let nibbles: UInt64

    private static let ones: UInt64 = 0x0101_0101_0101_0101

    /// The digits of a number.
    @inline(__always)
    init(_ value: UInt32) {
        var spread = UInt64(value)
        spread = (spread | spread &<< 16) & 0x0000_ffff_0000_ffff
        spread = (spread | spread &<< 8) & 0x00ff_00ff_00ff_00ff
        nibbles = (spread | spread &<< 4) & 0x0f0f_0f0f_0f0f_0f0f
    }

    /// Digits of either case from their ASCII, the first in the top byte; nil when one is none.
    @inline(__always)
    init?(ascii: UInt64) {
        let letters = ascii &>> 6 & Self.ones
        nibbles = ((ascii & (Self.ones &* 0x0f)) &+ letters &* 9) & (Self.ones &* 0x0f)
        guard self.ascii == ascii | letters &<< 5 else { return nil }
    }

    /// Eight digits of a text; nil when one is no digit or the text ends before.
    @inline(__always)
    init?(_ text: UnsafeRawBufferPointer, at offset: Int) {
        guard offset >= 0, offset <= text.count - 8 else { return nil }
        self.init(ascii: UInt64(bigEndian: text.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
    }

    /// Up to eight digits of a text, with zeros before them; nil when one is no digit or the text ends before.
    @inline(__always)
    init?(_ text: UnsafeRawBufferPointer, at offset: Int, count: Int) {
        if count == 8 {
            self.init(text, at: offset)
            return
        }
        guard offset >= 0, offset <= text.count - count else { return nil }
        var ascii = Self.ones &* UInt64(UInt8(ascii: "0"))
        for byte in text[offset..<(offset + count)] { ascii = ascii &<< 8 | UInt64(byte) }
        self.init(ascii: ascii)
    }

    /// The digits as a number.
    @inline(__always)
    var value: UInt32 {
        var packed = (nibbles | nibbles &>> 4) & 0x00ff_00ff_00ff_00ff
        packed = (packed | packed &>> 8) & 0x0000_ffff_0000_ffff
        return UInt32(truncatingIfNeeded: packed | packed &>> 16)
    }

    /// 1 in the bytes of digits above 9.
    @inline(__always)
    var letters: UInt64 { (nibbles &+ Self.ones &* 6) &>> 4 & Self.ones }

    /// The digits in lower-case ASCII, the first in the top byte.
    @inline(__always)
    var ascii: UInt64 { nibbles &+ Self.ones &* 0x30 &+ letters &* 0x27 }

    /// The digits in ASCII, a letter being a capital where the digit of `hash` at its place is 8 or more (EIP-55).
    @inline(__always)
    func checksummed(by hash: HexDigits) -> UInt64 {
        ascii &- (letters & hash.nibbles &>> 3) &<< 5
    }
}
