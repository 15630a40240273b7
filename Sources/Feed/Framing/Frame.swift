import NIOCore

/// Frames as a server sends them: whole bytes, unmasked, made once and written to any number of clients.
enum Frame {
    /// A text message in one frame.
    static func text(_ bytes: [UInt8]) -> ByteBuffer { make(0x81, bytes) }

    /// A part of a text message that is sent in several frames.
    static func part(_ bytes: [UInt8], isFirst: Bool, isLast: Bool) -> ByteBuffer {
        make((isFirst ? 1 : 0) | (isLast ? 0x80 : 0), bytes)
    }

    /// A ping without content.
    static let ping = make(0x89, [])

    /// The answer to a ping.
    static func pong(_ bytes: [UInt8]) -> ByteBuffer { make(0x8a, bytes) }

    /// A close frame; a reason of more than 123 bytes of UTF-8 is left out.
    static func close(_ code: UInt16?, _ reason: String = "") -> ByteBuffer {
        guard let code else { return make(0x88, []) }
        let text = reason.utf8.count <= 123 ? Array(reason.utf8) : []
        return make(0x88, [UInt8(code >> 8), UInt8(code & 0xff)] + text)
    }

    private static func make(_ first: UInt8, _ bytes: [UInt8]) -> ByteBuffer {
        var frame = ByteBuffer()
        frame.reserveCapacity(bytes.count + 10)
        frame.writeInteger(first)
        switch bytes.count {
        case ...125: frame.writeInteger(UInt8(bytes.count))
        case ...65_535:
            frame.writeInteger(UInt8(126))
            frame.writeInteger(UInt16(bytes.count))
        default:
            frame.writeInteger(UInt8(127))
            frame.writeInteger(UInt64(bytes.count))
        }
        frame.writeBytes(bytes)
        return frame
    }
}
