/// Hexadecimal with `0x` in ASCII, any case in, lower case out. (Swift's own parsers are no use: `UInt8("+f", radix: 16)`
/// is 15.) Digits are handled eight at a time; see `HexDigits`.
public enum Hex {
    /// `0x`, then an even number of hex digits; else nil. `0x` alone is no bytes.
    /// - Parameter maxBytes: the most bytes the result may have; longer input is nil before anything is allocated.
    @inlinable
    public static func decode(_ ascii: some Collection<UInt8>, maxBytes: Int = .max) -> [UInt8]? {
        let decoded = ascii.withContiguousStorageIfAvailable {
            decode(raw: UnsafeRawBufferPointer($0), maxBytes: maxBytes)
        }
        return decoded ?? Array(ascii).withUnsafeBytes { decode(raw: $0, maxBytes: maxBytes) }
    }

    /// As `decode` of the string's UTF-8.
    public static func decode(_ text: String, maxBytes: Int = .max) -> [UInt8]? {
        decode(text.utf8, maxBytes: maxBytes)
    }

    /// Appends `0x` and two digits a byte.
    public static func append(_ bytes: UnsafeRawBufferPointer, to ascii: inout [UInt8]) {
        ascii.append(UInt8(ascii: "0"))
        ascii.append(UInt8(ascii: "x"))
        var index = 0
        while index + 4 <= bytes.count {
            let word = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self))
            withUnsafeBytes(of: HexDigits(word).ascii.bigEndian) { ascii.append(contentsOf: $0) }
            index += 4
        }
        for byte in bytes[index...] {
            withUnsafeBytes(of: HexDigits(UInt32(byte)).ascii.bigEndian) { ascii.append(contentsOf: $0[6...]) }
        }
    }

    /// Appends `0x` and two digits a byte.
    public static func append(_ bytes: [UInt8], to ascii: inout [UInt8]) {
        bytes.withUnsafeBytes { append($0, to: &ascii) }
    }

    /// `0x` and two digits a byte.
    public static func encode(_ bytes: [UInt8]) -> String {
        var ascii: [UInt8] = []
        append(bytes, to: &ascii)
        return String(decoding: ascii, as: UTF8.self)
    }

    @usableFromInline
    static func decode(raw: UnsafeRawBufferPointer, maxBytes: Int) -> [UInt8]? {
        let count = raw.count / 2 - 1
        guard hasPrefix(raw), raw.count % 2 == 0, count <= maxBytes else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        let decoded = bytes.withUnsafeMutableBytes { decode(raw, into: $0) }
        return decoded ? bytes : nil
    }

    /// Fills the bytes from the digits after `0x`, of which there are twice as many; false when one is no digit.
    private static func decode(_ ascii: UnsafeRawBufferPointer, into bytes: UnsafeMutableRawBufferPointer) -> Bool {
        var index = 0
        while index + 4 <= bytes.count {
            guard let word = HexDigits(ascii, at: 2 + 2 * index)?.value else { return false }
            bytes.storeBytes(of: word.bigEndian, toByteOffset: index, as: UInt32.self)
            index += 4
        }
        while index < bytes.count {
            guard let byte = HexDigits(ascii, at: 2 + 2 * index, count: 2)?.value else { return false }
            bytes[index] = UInt8(truncatingIfNeeded: byte)
            index += 1
        }
        return true
    }

    /// Whether the text begins with `0x` (a capital X is not accepted).
    static func hasPrefix(_ ascii: UnsafeRawBufferPointer) -> Bool {
        ascii.count >= 2 && ascii[0] == UInt8(ascii: "0") && ascii[1] == UInt8(ascii: "x")
    }

    /// 1 to 16 hex digits from an offset as a number; nil when one is not a hex digit or the text is too short.
    static func word(_ ascii: UnsafeRawBufferPointer, at offset: Int, digits: Int = 16) -> UInt64? {
        let lowDigits = min(8, digits)
        guard let low = HexDigits(ascii, at: offset + digits - lowDigits, count: lowDigits) else { return nil }
        guard digits > 8 else { return UInt64(low.value) }
        guard let high = HexDigits(ascii, at: offset, count: digits - 8) else { return nil }
        return UInt64(high.value) << 32 | UInt64(low.value)
    }
}
