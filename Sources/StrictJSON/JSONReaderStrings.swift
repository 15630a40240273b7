extension JSONReader {
    /// A string whose opening quote is at `index`: a slice of the input when it has no escapes.
    mutating func string() throws(JSONError) -> ArraySlice<UInt8> {
        index += 1
        let start = index
        try plain()
        if bytes[index] == UInt8(ascii: "\"") {
            index += 1
            return bytes[start..<(index - 1)]
        }
        var unescaped = Array(bytes[start..<index])
        while true {
            if bytes[index] == UInt8(ascii: "\"") {
                index += 1
                return unescaped[...]
            }
            try escape(into: &unescaped)
            let run = index
            try plain()
            unescaped.append(contentsOf: bytes[run..<index])
        }
    }

    /// Steps over characters that stand for themselves, to a quote or a backslash.
    private mutating func plain() throws(JSONError) {
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): return
            case 0x20..<0x80: index += 1
            case 0x80...: try multibyte()
            case 0: throw failure(.nul)
            default: throw failure(.controlCharacter)
            }
        }
        throw failure(.unexpectedEnd)
    }

    /// Steps over one character of two to four bytes (The Unicode Standard, table 3-7: no overlong forms,
    /// no surrogates, nothing above U+10FFFF).
    private mutating func multibyte() throws(JSONError) {
        let lead = bytes[index]
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
        guard index + 1 < bytes.count else { throw failure(.unexpectedEnd) }
        guard second.contains(bytes[index + 1]) else { throw failure(.invalidUTF8) }
        for offset in 2..<max(2, length) {
            guard index + offset < bytes.count else { throw failure(.unexpectedEnd) }
            guard bytes[index + offset] & 0xc0 == 0x80 else { throw failure(.invalidUTF8) }
        }
        index += length
    }

    /// One escape whose backslash is at `index`.
    private mutating func escape(into unescaped: inout [UInt8]) throws(JSONError) {
        guard index + 1 < bytes.count else { throw failure(.unexpectedEnd) }
        let letter = bytes[index + 1]
        if letter == UInt8(ascii: "u") {
            unescaped.append(contentsOf: try unicodeEscape().utf8)
            return
        }
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(letter)
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0c)
        case UInt8(ascii: "n"): unescaped.append(0x0a)
        case UInt8(ascii: "r"): unescaped.append(0x0d)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        default: throw failure(.badEscape)
        }
        index += 2
    }

    /// `\uXXXX`, or two of them that make a surrogate pair.
    private mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
        let start = index
        let first = try codeUnit()
        if first == 0 {
            index = start
            throw failure(.nul)
        }
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xdc00, index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\\"),
            bytes[index + 1] == UInt8(ascii: "u")
        else {
            index = start
            throw failure(.loneSurrogate)
        }
        let second = try codeUnit()
        let pair = 0x10000 + (UInt32(first) - 0xd800) << 10 + (UInt32(second) & 0x3ff)
        guard (0xdc00...0xdfff).contains(second), let scalar = Unicode.Scalar(pair) else {
            index = start
            throw failure(.loneSurrogate)
        }
        return scalar
    }

    /// The four hex digits of `\uXXXX` at `index`.
    private mutating func codeUnit() throws(JSONError) -> UInt16 {
        var value: UInt16 = 0
        for offset in 2..<6 {
            guard index + offset < bytes.count else { throw failure(.unexpectedEnd) }
            let byte = bytes[index + offset]
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw failure(.badEscape)
            }
            value = value << 4 | UInt16(digit)
        }
        index += 6
        return value
    }
}
