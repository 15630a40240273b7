/// Checks UTF-8 (RFC 3629) as it comes, in pieces of any length: no surrogates, nothing overlong, nothing past U+10FFFF.
struct UTF8Check {
    /// Continuation bytes still to come.
    private var missing: UInt8 = 0
    /// What the next continuation byte may be.
    private var next: ClosedRange<UInt8> = 0x80...0xbf

    /// Whether the text so far ends between two characters.
    var isComplete: Bool { missing == 0 }

    /// Takes more bytes; false as soon as they cannot be UTF-8 whatever follows.
    mutating func take(_ bytes: some Sequence<UInt8>) -> Bool {
        for byte in bytes {
            if missing > 0 {
                guard next.contains(byte) else { return false }
                missing -= 1
                next = 0x80...0xbf
            } else if byte >= 0x80 {
                guard begin(byte) else { return false }
            }
        }
        return true
    }

    private mutating func begin(_ byte: UInt8) -> Bool {
        switch byte {
        case 0xc2...0xdf: (missing, next) = (1, 0x80...0xbf)
        case 0xe0: (missing, next) = (2, 0xa0...0xbf)
        case 0xed: (missing, next) = (2, 0x80...0x9f)
        case 0xe1...0xef: (missing, next) = (2, 0x80...0xbf)
        case 0xf0: (missing, next) = (3, 0x90...0xbf)
        case 0xf1...0xf3: (missing, next) = (3, 0x80...0xbf)
        case 0xf4: (missing, next) = (3, 0x80...0x8f)
        default: return false
        }
        return true
    }
}
