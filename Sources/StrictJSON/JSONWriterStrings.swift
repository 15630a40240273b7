extension JSONWriter {
    /// Appends a quoted string: runs of plain characters whole, quotes, backslashes and control characters escaped.
    mutating func quote(_ utf8: UnsafeRawBufferPointer) {
        bytes.append(UInt8(ascii: "\""))
        var start = 0
        var plainASCII = true
        for index in 0..<utf8.count {
            let byte = utf8[index]
            if byte >= 0x80 { plainASCII = false }
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            append(utf8, start..<index, plainASCII)
            escape(byte)
            start = index + 1
            plainASCII = true
        }
        append(utf8, start..<utf8.count, plainASCII)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends a run as it is, repaired where it is not UTF-8.
    private mutating func append(_ utf8: UnsafeRawBufferPointer, _ range: Range<Int>, _ plainASCII: Bool) {
        let run = UnsafeRawBufferPointer(rebasing: utf8[range])
        if plainASCII {
            bytes.append(contentsOf: run)
        } else {
            bytes.append(contentsOf: String(decoding: run, as: UTF8.self).utf8)
        }
    }

    private mutating func escape(_ byte: UInt8) {
        let digits: StaticString = "0123456789abcdef"
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0a: bytes.append(UInt8(ascii: "n"))
        case 0x0c: bytes.append(UInt8(ascii: "f"))
        case 0x0d: bytes.append(UInt8(ascii: "r"))
        case 0..<0x20:
            bytes.append(contentsOf: [UInt8(ascii: "u"), UInt8(ascii: "0"), UInt8(ascii: "0")])
            bytes.append(digits.utf8Start[Int(byte >> 4)])
            bytes.append(digits.utf8Start[Int(byte & 0x0f)])
        default: bytes.append(byte)
        }
    }
}
