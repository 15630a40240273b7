/// Hexadecimal with `0x` by byte tables. (`UInt8("+f", radix: 16)` is 15, so Swift's own parsers are no use here.)
public enum Hex {
    /// `0x`, then an even number of hex digits of either case, in ASCII; else nil. `0x` alone is no bytes.
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

    /// Appends `0x` and two lower-case digits a byte.
    public static func append(_ bytes: UnsafeRawBufferPointer, to ascii: inout [UInt8]) {
        ascii.append(contentsOf: [UInt8(ascii: "0"), UInt8(ascii: "x")])
        for byte in bytes {
            ascii.append(digit(byte &>> 4))
            ascii.append(digit(byte & 0x0f))
        }
    }

    /// Appends `0x` and two lower-case digits a byte.
    public static func append(_ bytes: [UInt8], to ascii: inout [UInt8]) {
        bytes.withUnsafeBytes { append($0, to: &ascii) }
    }

    /// `0x` and two lower-case digits a byte.
    public static func encode(_ bytes: [UInt8]) -> String {
        var ascii: [UInt8] = []
        append(bytes, to: &ascii)
        return String(decoding: ascii, as: UTF8.self)
    }

    @usableFromInline
    static func decode(raw: UnsafeRawBufferPointer, maxBytes: Int) -> [UInt8]? {
        guard raw.count >= 2, raw.count % 2 == 0, hasPrefix(raw), raw.count / 2 - 1 <= maxBytes else { return nil }
        var valid = true
        let bytes = [UInt8](unsafeUninitializedCapacity: raw.count / 2 - 1) { buffer, count in
            var source = 2
            for target in 0..<(raw.count / 2 - 1) {
                let high = nibbles[Int(raw[source])]
                let low = nibbles[Int(raw[source + 1])]
                if high | low > 0x0f { valid = false }
                buffer.initializeElement(at: target, to: high &<< 4 | low & 0x0f)
                source += 2
            }
            count = raw.count / 2 - 1
        }
        return valid ? bytes : nil
    }

    /// Whether the text begins with `0x` (a capital X is not accepted).
    static func hasPrefix(_ ascii: UnsafeRawBufferPointer) -> Bool {
        ascii.count >= 2 && ascii[0] == UInt8(ascii: "0") && ascii[1] == UInt8(ascii: "x")
    }

    /// Up to 16 hex digits from an offset as a number; nil when one is not a hex digit. The caller has checked the bounds.
    @inline(__always)
    static func word(_ ascii: UnsafeRawBufferPointer, at offset: Int, digits: Int) -> UInt64? {
        var value: UInt64 = 0
        var seen: UInt8 = 0
        for index in offset..<(offset + digits) {
            let nibble = nibbles[Int(ascii[index])]
            seen |= nibble
            value = value &<< 4 | UInt64(nibble & 0x0f)
        }
        return seen > 0x0f ? nil : value
    }

    @inline(__always)
    static func digit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") &+ nibble : UInt8(ascii: "a") &- 10 &+ nibble
    }

    /// Value of each ASCII byte as a hex digit, 0xff where it is none.
    static let nibbles: [UInt8] = (0...255).map { (byte: UInt8) in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: 0xff
        }
    }
}
