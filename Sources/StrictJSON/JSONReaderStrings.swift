extension JSONReader {
    /// A string whose opening quote is at `index`: a slice of the input when it has no escapes.
    mutating func string() throws(JSONError) -> ArraySlice<UInt8> {
        index += 1
        let start = index
        if try plain() == UInt8(ascii: "\"") { return bytes[start..<(index - 1)] }
        var unescaped = Array(bytes[start..<(index - 1)])
        while true {
            try escape(into: &unescaped)
            let run = index
            let end = try plain()
            unescaped.append(contentsOf: bytes[run..<(index - 1)])
            if end == UInt8(ascii: "\"") { return unescaped[...] }
        }
    }

    /// Steps over characters that stand for themselves and the quote or backslash behind them, which it returns.
    private mutating func plain() throws(JSONError) -> UInt8 {
        while true {
            skipPlainASCII()
            guard let byte = next else { throw failure(.unexpectedEnd) }
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                index += 1
                return byte
            case 0x20..<0x80: index += 1
            case 0x80...: try multibyte()
            case 0: throw failure(.nul)
            default: throw failure(.controlCharacter)
            }
        }
    }

    /// Steps over printable ASCII other than quote and backslash, eight bytes at a time.
    ///
    /// In each byte of `stops` the top bit is set where the byte is below 0x20, a quote, a backslash or not ASCII
    /// ("has a zero byte" of Anderson's Bit Twiddling Hacks). A borrow can set it falsely only above a true one,
    /// and the lowest is the one used.
    @inline(__always)
    private mutating func skipPlainASCII() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let raw = UnsafeRawBufferPointer(text)
        while index <= raw.count - 8 {
            let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let quote = word ^ (ones &* 0x22)
            let backslash = word ^ (ones &* 0x5c)
            let below = (word &- (ones &* 0x20)) & ~word
            let stops =
                (word | below | ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash)) & (ones &* 0x80)
            if stops != 0 {
                index += stops.trailingZeroBitCount / 8
                return
            }
            index += 8
        }
    }

    /// Steps over one character of two to four bytes (The Unicode Standard, table 3-7: no overlong forms,
    /// no surrogates, nothing above U+10FFFF).
    private mutating func multibyte() throws(JSONError) {
        let lead = text[index]
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xbf
        switch lead {
        case 0xc2...0xdf: length = 2
        case 0xe0: (length, second) = (3, 0xa0...0xbf)
        case 0xed: (length, second) = (3, 0x80...0x9f)
        case 0xe1...0xef: length = 3
        case 0xf0: (length, second) = (4, 0x90...0xbf)
        case 0xf4: (length, second) = (4, 0x80...0x8f)
        case 0xf1...0xf3: length = 4
        default: throw failure(.invalidUTF8)
        }
        guard index + 1 < text.count else { throw failure(.unexpectedEnd) }
        guard second.contains(text[index + 1]) else { throw failure(.invalidUTF8) }
        for offset in 2..<max(2, length) {
            guard index + offset < text.count else { throw failure(.unexpectedEnd) }
            guard text[index + offset] & 0xc0 == 0x80 else { throw failure(.invalidUTF8) }
        }
        index += length
    }

    /// One escape whose letter is at `index`.
    private mutating func escape(into unescaped: inout [UInt8]) throws(JSONError) {
        guard let letter = next else { throw failure(.unexpectedEnd) }
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(letter)
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0c)
        case UInt8(ascii: "n"): unescaped.append(0x0a)
        case UInt8(ascii: "r"): unescaped.append(0x0d)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "u"):
            unescaped.append(contentsOf: UTF8.encode(try unicodeEscape()) ?? UTF8.encodedReplacementCharacter)
            return
        default: throw failure(.badEscape)
        }
        index += 1
    }

    /// `uXXXX` at `index`, or `uXXXX\uXXXX` that make a surrogate pair.
    private mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
        let start = index
        let first = try codeUnit()
        if first == 0 {
            index = start
            throw failure(.nul)
        }
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xdc00, next == UInt8(ascii: "\\") else { throw loneSurrogate(at: start) }
        index += 1
        guard next == UInt8(ascii: "u") else { throw loneSurrogate(at: start) }
        let second = try codeUnit()
        let pair = 0x10000 + ((UInt32(first) & 0x3ff) << 10 | UInt32(second) & 0x3ff)
        guard (0xdc00...0xdfff).contains(second), let scalar = Unicode.Scalar(pair) else {
            throw loneSurrogate(at: start)
        }
        return scalar
    }

    private func loneSurrogate(at offset: Int) -> JSONError {
        JSONError(field: "", offset: offset, reason: .loneSurrogate)
    }

    /// The four hex digits of `uXXXX` at `index`.
    private mutating func codeUnit() throws(JSONError) -> UInt16 {
        var value: UInt16 = 0
        for offset in 1..<5 {
            guard index + offset < text.count else { throw failure(.unexpectedEnd) }
            let byte = text[index + offset]
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw failure(.badEscape)
            }
            value = value << 4 | UInt16(digit)
        }
        index += 5
        return value
    }
}
