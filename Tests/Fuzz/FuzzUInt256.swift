/// The input is looked at twice: as decimal text, which is written back as it was; and as up to four numbers of 32 bytes,
/// whose operations have to undo each other. Compiled together with Sources/Ethereum by `run`.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzUInt256(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    checkDecimal(bytes)
    let words = (0..<4).map { index in
        let word = Array(bytes.dropFirst(index * 32).prefix(32))
        return UInt256(Bytes32(bytes: [UInt8](repeating: 0, count: 32 - word.count) + word) ?? .zero)
    }
    let (a, b, c, d) = (words[0], words[1], words[2], words[3])
    checkSums(a, b)
    checkQuotients(a, b)
    checkProducts(a, b, d)
    if let nested = UInt256.mulDivFloor(a, b, 1), let direct = UInt256.mulDivFloor(nested, c, d) {
        precondition(UInt256.mulDivFloor(a, b, c, d) == direct, "a × b × c / d")
    }
    let order = UInt256.compareFractions(a, b, c, d)
    let back = UInt256.compareFractions(c, d, a, b)
    precondition((order == .less) == (back == .greater) && (order == .equal) == (back == .equal), "order")
    return 0
}

private func checkDecimal(_ text: [UInt8]) {
    let plain = !text.isEmpty && text.allSatisfy { (0x30...0x39).contains($0) } && (text.count == 1 || text[0] != 0x30)
    let largest = Array("115792089237316195423570985008687907853269984665640564039457584007913129639935".utf8)
    let fits = text.count < largest.count || (text.count == largest.count && !largest.lexicographicallyPrecedes(text))
    let number = UInt256(decimal: text)
    precondition((number != nil) == (plain && fits), "decimal")
    if let number { precondition(Array(number.decimalString.utf8) == text, "decimal there and back") }
}

private func checkSums(_ a: UInt256, _ b: UInt256) {
    let sum = a.addingReportingOverflow(b)
    let difference = sum.partialValue.subtractingReportingOverflow(b)
    precondition(difference.partialValue == a && difference.overflow == sum.overflow, "a + b − b")
    precondition(UInt256(decimal: a.decimalString) == a && UInt256(hex: a.bigEndian.hex) == a, "a there and back")
    precondition(
        (a < b) == (a.bigEndian < b.bigEndian) && a.subtractingReportingOverflow(b).overflow == (a < b), "a < b")
}

private func checkQuotients(_ a: UInt256, _ b: UInt256) {
    guard let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b) else {
        precondition(b.isZero, "a / b is nil")
        return
    }
    let product = quotient.multipliedReportingOverflow(by: b)
    let sum = product.partialValue.addingReportingOverflow(remainder)
    precondition(remainder < b && !product.overflow && !sum.overflow && sum.partialValue == a, "a / b × b + r")
}

/// q × d ≤ a × b < (q + 1) × d, in 512 bits.
private func checkProducts(_ a: UInt256, _ b: UInt256, _ d: UInt256) {
    let product = a.multipliedFullWidth(by: b)
    precondition(product == b.multipliedFullWidth(by: a), "a × b = b × a")
    guard let quotient = UInt256.mulDivFloor(a, b, d) else {
        precondition(d.isZero || product.high >= d, "a × b / d is nil")
        return
    }
    let below = quotient.multipliedFullWidth(by: d)
    let low = product.low.subtractingReportingOverflow(below.low)
    let high = product.high.subtractingReportingOverflow(below.high)
    let rest = high.partialValue.subtractingReportingOverflow(low.overflow ? .one : .zero)
    precondition(!high.overflow && !rest.overflow && rest.partialValue.isZero && low.partialValue < d, "a × b / d")
}
