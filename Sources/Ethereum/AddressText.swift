/// Why a text is no address.
public enum AddressError: Error, Sendable, Hashable {
    /// Not `0x` followed by hex digits only.
    case notHex
    /// Not exactly 40 hex digits.
    case length
    /// Mixed case that does not satisfy EIP-55: a mistyped address, or another chain's checksum.
    case checksum
}

extension Address {
    /// `0x` and 40 hex digits. All lower and all upper case are taken as they are, mixed case must satisfy EIP-55.
    public static func parse(_ ascii: ArraySlice<UInt8>) throws(AddressError) -> Address {
        try ascii.withUnsafeBufferPointer { (buffer) throws(AddressError) in
            try parse(raw: UnsafeRawBufferPointer(buffer))
        }
    }

    /// As `parse` of the string's UTF-8.
    public static func parse(_ text: String) throws(AddressError) -> Address {
        try parse(Array(text.utf8)[...])
    }

    /// The EIP-55 form: `0x` and 40 digits whose case carries a checksum.
    public var checksummed: String {
        var ascii: [UInt8] = []
        appendChecksummed(to: &ascii)
        return String(decoding: ascii, as: UTF8.self)
    }

    /// Appends the EIP-55 form, 42 bytes.
    public func appendChecksummed(to ascii: inout [UInt8]) {
        ascii.append(UInt8(ascii: "0"))
        ascii.append(UInt8(ascii: "x"))
        withChecksummedDigits { ascii.append(contentsOf: $0) }
    }

    /// Lower-case hex with `0x`, 42 characters.
    public var hex: String {
        var ascii: [UInt8] = []
        appendHex(to: &ascii)
        return String(decoding: ascii, as: UTF8.self)
    }

    /// Appends lower-case hex with `0x`, 42 bytes.
    public func appendHex(to ascii: inout [UInt8]) {
        withUnsafeBytes { Hex.append($0, to: &ascii) }
    }

    private static func parse(raw: UnsafeRawBufferPointer) throws(AddressError) -> Address {
        guard Hex.hasPrefix(raw) else { throw .notHex }
        var lower = false
        var upper = false
        for byte in raw.dropFirst(2) {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): break
            case UInt8(ascii: "a")...UInt8(ascii: "f"): lower = true
            case UInt8(ascii: "A")...UInt8(ascii: "F"): upper = true
            default: throw .notHex
            }
        }
        guard raw.count == 42, let w0 = Hex.word(raw, at: 2, digits: 16), let w1 = Hex.word(raw, at: 18, digits: 16),
            let w2 = Hex.word(raw, at: 34, digits: 8)
        else { throw .length }
        let address = Address(words: w0, w1, UInt32(truncatingIfNeeded: w2))
        if lower, upper {
            let matches = address.withChecksummedDigits { $0.elementsEqual(raw.dropFirst(2)) }
            guard matches else { throw .checksum }
        }
        return address
    }

    /// Lends the 40 EIP-55 digits: a letter is a capital where the nibble of keccak256(the lower-case digits)
    /// at its place is 8 or more.
    private func withChecksummedDigits<Result>(_ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
        withUnsafeTemporaryAllocation(byteCount: 40, alignment: 8) { digits in
            withUnsafeBytes { bytes in
                for index in 0..<20 {
                    digits[2 * index] = Hex.digit(bytes[index] &>> 4)
                    digits[2 * index + 1] = Hex.digit(bytes[index] & 0x0f)
                }
            }
            Keccak256.hash(UnsafeRawBufferPointer(digits)).withUnsafeBytes { hash in
                for index in 0..<40 {
                    let nibble = hash[index / 2] &>> (index % 2 == 0 ? 4 : 0) & 0x0f
                    if nibble >= 8, digits[index] >= UInt8(ascii: "a") { digits[index] &-= 0x20 }
                }
            }
            return body(digits)
        }
    }
}
