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
        Swift.withUnsafeBytes(of: checksummedDigits) { ascii.append(contentsOf: $0) }
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
        guard raw.count == 42 else {
            let hex = raw.dropFirst(2).allSatisfy { HexDigits(ascii: 0x3030_3030_3030_3000 | UInt64($0)) != nil }
            throw hex ? .length : .notHex
        }
        guard let w0 = Hex.word(raw, at: 2), let w1 = Hex.word(raw, at: 18), let w2 = HexDigits(raw, at: 34)
        else { throw .notHex }
        let address = Address(words: w0, w1, w2.value)
        if isMixedCase(raw) {
            let digits = address.checksummedDigits
            guard raw.loadUnaligned(fromByteOffset: 2, as: UInt64.self) == digits.0,
                raw.loadUnaligned(fromByteOffset: 10, as: UInt64.self) == digits.1,
                raw.loadUnaligned(fromByteOffset: 18, as: UInt64.self) == digits.2,
                raw.loadUnaligned(fromByteOffset: 26, as: UInt64.self) == digits.3,
                raw.loadUnaligned(fromByteOffset: 34, as: UInt64.self) == digits.4
            else { throw .checksum }
        }
        return address
    }

    /// Whether 40 hex digits after `0x` have letters of both cases. Bit 6 tells a letter, bit 5 its case.
    private static func isMixedCase(_ raw: UnsafeRawBufferPointer) -> Bool {
        var lower: UInt64 = 0
        var upper: UInt64 = 0
        for offset in stride(from: 2, to: 42, by: 8) {
            let text = raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            lower |= text & text &<< 1
            upper |= text & ~(text &<< 1)
        }
        let letter: UInt64 = 0x4040_4040_4040_4040
        return lower & letter != 0 && upper & letter != 0
    }

    /// The 40 EIP-55 digits in memory order: a letter is a capital where the digit of keccak256(the lower-case digits)
    /// at its place is 8 or more.
    private var checksummedDigits: ChecksumMemory.Digits {
        ChecksumMemory.digits(of: self, place: w1) { computedDigits }
    }

    private var computedDigits: ChecksumMemory.Digits {
        let d0 = HexDigits(UInt32(truncatingIfNeeded: w0 &>> 32))
        let d1 = HexDigits(UInt32(truncatingIfNeeded: w0))
        let d2 = HexDigits(UInt32(truncatingIfNeeded: w1 &>> 32))
        let d3 = HexDigits(UInt32(truncatingIfNeeded: w1))
        let d4 = HexDigits(w2)
        let lower = (d0.ascii.bigEndian, d1.ascii.bigEndian, d2.ascii.bigEndian, d3.ascii.bigEndian, d4.ascii.bigEndian)
        let hash = Swift.withUnsafeBytes(of: lower) { Keccak256.hash($0) }
        return (
            d0.checksummed(by: HexDigits(UInt32(truncatingIfNeeded: hash.w0 &>> 32))).bigEndian,
            d1.checksummed(by: HexDigits(UInt32(truncatingIfNeeded: hash.w0))).bigEndian,
            d2.checksummed(by: HexDigits(UInt32(truncatingIfNeeded: hash.w1 &>> 32))).bigEndian,
            d3.checksummed(by: HexDigits(UInt32(truncatingIfNeeded: hash.w1))).bigEndian,
            d4.checksummed(by: HexDigits(UInt32(truncatingIfNeeded: hash.w2 &>> 32))).bigEndian
        )
    }
}
