import NIOCore

/// The server's side of RFC 6455 §5, frames in and messages out: a pure state machine that refuses at the first byte that
/// breaks a rule, and never holds more than one message and one control frame.
struct FrameReader {
    /// What a client sent.
    enum Event: Equatable {
        case text([UInt8])
        case ping([UInt8])
        case pong
        /// The code that the client gave, nil without one.
        case close(UInt16?)
    }

    /// A broken rule, and the code to close with.
    struct Violation: Error, Equatable {
        let code: CloseCode
        let reason: String
    }

    private enum Opcode: UInt8 {
        case continuation = 0
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10
    }

    private struct Payload {
        let opcode: Opcode
        let isFinal: Bool
        let mask: (UInt8, UInt8, UInt8, UInt8)
        let length: Int
        var taken = 0
    }

    private let largestMessage: Int
    /// The bytes of a header that is not whole yet.
    private var header: [UInt8] = []
    private var payload: Payload?
    /// The message so far, nil between messages.
    private var message: [UInt8]?
    private var text = UTF8Check()
    private var control: [UInt8] = []

    /// Reads messages of at most `largestMessage` bytes.
    init(largestMessage: Int) {
        self.largestMessage = largestMessage
    }

    /// Takes bytes until something is whole.
    /// - Returns: nil when all bytes are taken and more must come.
    mutating func next(_ bytes: inout ByteBuffer) throws(Violation) -> Event? {
        while true {
            if payload == nil {
                guard try readHeader(&bytes) else { return nil }
            }
            guard var frame = payload else { return nil }
            try take(&bytes, &frame)
            guard frame.taken == frame.length else {
                payload = frame
                return nil
            }
            payload = nil
            if let event = try end(frame) { return event }
        }
    }

    // MARK: Headers

    /// - Returns: whether the header is whole.
    private mutating func readHeader(_ bytes: inout ByteBuffer) throws(Violation) -> Bool {
        while let byte = bytes.readInteger(as: UInt8.self) {
            header.append(byte)
            if header.count == 1 { _ = try opcode() }
            guard header.count >= 2 else { continue }
            if header.count == 2 { try checkSecondByte() }
            let extra =
                switch header[1] & 0x7f {
                case 126: 2
                case 127: 8
                default: 0
                }
            if extra > 0, header.count == 2 + extra { _ = try length(extra) }
            guard header.count == 2 + extra + 4 else { continue }
            let mask = (header[2 + extra], header[3 + extra], header[4 + extra], header[5 + extra])
            payload = Payload(
                opcode: try opcode(), isFinal: header[0] & 0x80 != 0, mask: mask, length: try length(extra))
            header.removeAll(keepingCapacity: true)
            return true
        }
        return false
    }

    private func opcode() throws(Violation) -> Opcode {
        let first = header[0]
        guard first & 0x70 == 0 else { throw Violation(code: .protocolError, reason: "reserved bits are set") }
        guard let opcode = Opcode(rawValue: first & 0x0f) else {
            throw Violation(code: .protocolError, reason: "the opcode is reserved")
        }
        switch opcode {
        case .close, .ping, .pong:
            guard first & 0x80 != 0 else {
                throw Violation(code: .protocolError, reason: "a control frame is fragmented")
            }
        case .continuation:
            guard message != nil else {
                throw Violation(code: .protocolError, reason: "a continuation of no message")
            }
        case .text, .binary:
            guard message == nil else {
                throw Violation(code: .protocolError, reason: "a message begins inside another")
            }
            guard opcode == .text else {
                throw Violation(code: .unacceptableData, reason: "send text, not binary messages")
            }
        }
        return opcode
    }

    private func checkSecondByte() throws(Violation) {
        guard header[1] & 0x80 != 0 else {
            throw Violation(code: .protocolError, reason: "frames of clients must be masked")
        }
        if header[0] & 0x08 != 0, header[1] & 0x7f > 125 {
            throw Violation(code: .protocolError, reason: "a control frame may have 125 bytes")
        }
    }

    /// - Parameter extra: how many bytes follow the second one to tell the length.
    private func length(_ extra: Int) throws(Violation) -> Int {
        var length = UInt64(header[1] & 0x7f)
        if extra > 0 {
            length = header[2..<(2 + extra)].reduce(0) { $0 << 8 | UInt64($1) }
            guard length > (extra == 2 ? 125 : 65_535), length >> 63 == 0 else {
                throw Violation(code: .protocolError, reason: "the length is not in its shortest form")
            }
        }
        let before = header[0] & 0x08 != 0 ? 0 : message?.count ?? 0
        guard length <= UInt64(largestMessage - before) else {
            throw Violation(code: .tooLarge, reason: "a message may have \(largestMessage) bytes")
        }
        return Int(length)
    }

    // MARK: Payloads

    private mutating func take(_ bytes: inout ByteBuffer, _ frame: inout Payload) throws(Violation) {
        let count = min(bytes.readableBytes, frame.length - frame.taken)
        guard var part = bytes.readBytes(length: count) else { return }
        let mask = [frame.mask.0, frame.mask.1, frame.mask.2, frame.mask.3]
        for index in part.indices { part[index] ^= mask[(frame.taken + index) & 3] }
        frame.taken += count
        switch frame.opcode {
        case .close, .ping, .pong: control += part
        case .text, .continuation, .binary:
            guard text.take(part) else { throw Violation(code: .invalidData, reason: "text must be UTF-8") }
            message = (message ?? []) + part
        }
    }

    private mutating func end(_ frame: Payload) throws(Violation) -> Event? {
        switch frame.opcode {
        case .text, .continuation, .binary:
            guard frame.isFinal else { return nil }
            guard text.isComplete else { throw Violation(code: .invalidData, reason: "text must be UTF-8") }
            defer { message = nil }
            return .text(message ?? [])
        case .ping:
            defer { control = [] }
            return .ping(control)
        case .pong:
            control = []
            return .pong
        case .close:
            defer { control = [] }
            return .close(try closeCode())
        }
    }

    private func closeCode() throws(Violation) -> UInt16? {
        if control.isEmpty { return nil }
        guard control.count >= 2 else {
            throw Violation(code: .protocolError, reason: "a close frame has no code, or one of two bytes")
        }
        let code = UInt16(control[0]) << 8 | UInt16(control[1])
        guard CloseCode.isSendable(code) else {
            throw Violation(code: .protocolError, reason: "this close code is not for sending")
        }
        var reason = UTF8Check()
        guard reason.take(control[2...]), reason.isComplete else {
            throw Violation(code: .invalidData, reason: "text must be UTF-8")
        }
        return code
    }
}
