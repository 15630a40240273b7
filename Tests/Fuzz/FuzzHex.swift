/// Hex, hashes, addresses and hex numbers are accepted exactly where a plain look at each character says so, and what is
/// accepted is written back as it was, but for case. Compiled together with Sources/Ethereum by `run`.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHex(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let ascii = Array(UnsafeBufferPointer(start: data, count: size))
    let digits = ascii.dropFirst(2)
    let isHex = ascii.starts(with: "0x".utf8) && digits.allSatisfy { "0123456789abcdefABCDEF".utf8.contains($0) }
    let lower = ascii.map { (0x41...0x46).contains($0) ? $0 + 0x20 : $0 }

    let bytes = Hex.decode(ascii)
    precondition((bytes != nil) == (isHex && digits.count % 2 == 0), "hex")
    if let bytes { precondition(Array(Hex.encode(bytes).utf8) == lower, "hex there and back") }

    let hash = Bytes32(hexBytes: ascii)
    precondition((hash != nil) == (isHex && digits.count == 64), "hash")
    if let hash { precondition(Array(hash.hex.utf8) == lower && hash.array == bytes, "hash there and back") }

    let number = UInt256(hex: ascii)
    precondition((number != nil) == (isHex && (1...64).contains(digits.count)), "hex number")
    if let number {
        let significant = lower.dropFirst(2).drop { $0 == 0x30 }
        let shown = Array(number.bigEndian.hex.utf8).dropFirst(2).drop { $0 == 0x30 }
        precondition(shown.elementsEqual(significant), "hex number there and back")
    }
    checkAddress(ascii, lower: lower, isHex: isHex, bytes: bytes)
    return 0
}

private func checkAddress(_ ascii: [UInt8], lower: [UInt8], isHex: Bool, bytes: [UInt8]?) {
    do throws(AddressError) {
        let address = try Address.parse(ascii[...])
        precondition(isHex && ascii.count == 42 && address.array == bytes, "address")
        precondition(Array(address.hex.utf8) == lower, "address there and back")
        let mixed = ascii != lower && ascii.dropFirst(2).contains { (0x61...0x66).contains($0) }
        precondition(!mixed || Array(address.checksummed.utf8) == ascii, "checksum")
    } catch {
        precondition(error != .notHex || !isHex, "\(error)")
        precondition(error != .length || (isHex && ascii.count != 42), "\(error)")
        precondition(error != .checksum || (isHex && ascii.count == 42 && ascii != lower), "\(error)")
    }
}
