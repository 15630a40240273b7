import NIOCore
import Testing

@testable import Feed

/// A client's frames, by hand.
enum ClientFrame {
    static func make(
        _ opcode: UInt8, _ content: [UInt8] = [], isFinal: Bool = true, isMasked: Bool = true, reserved: UInt8 = 0,
        lengthBytes: Int? = nil, mask: [UInt8] = [0x37, 0xfa, 0x21, 0x3d]
    ) -> [UInt8] {
        let form = lengthBytes ?? (content.count < 126 ? 0 : content.count < 65_536 ? 2 : 8)
        let short = UInt8(form == 0 ? content.count : form == 2 ? 126 : 127)
        var bytes = [(isFinal ? 0x80 : 0) | reserved << 4 | opcode, (isMasked ? 0x80 : 0) | short]
        for place in (0..<form).reversed() { bytes.append(UInt8(truncatingIfNeeded: content.count >> (8 * place))) }
        guard isMasked else { return bytes + content }
        return bytes + mask + content.enumerated().map { $0.element ^ mask[$0.offset & 3] }
    }

    static func text(_ text: String, isFinal: Bool = true) -> [UInt8] { make(1, Array(text.utf8), isFinal: isFinal) }
    static func more(_ text: String, isFinal: Bool = true) -> [UInt8] { make(0, Array(text.utf8), isFinal: isFinal) }
}

@Suite("Frames of clients (RFC 6455 §5)")
struct FrameReaderTests {
    /// Everything that `bytes` come to, read `step` at a time.
    private static func read(
        _ bytes: [UInt8], step: Int = .max, largest: Int = 100
    ) throws(FrameReader.Violation) -> [FrameReader.Event] {
        var reader = FrameReader(largestMessage: largest)
        var events: [FrameReader.Event] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            var buffer = ByteBuffer(bytes: rest.prefix(step))
            rest = rest.dropFirst(step)
            while let event = try reader.next(&buffer) { events.append(event) }
        }
        return events
    }

    private static func violation(_ bytes: [UInt8], largest: Int = 100) -> CloseCode? {
        do throws(FrameReader.Violation) {
            _ = try read(bytes, largest: largest)
            return nil
        } catch {
            return error.code
        }
    }

    private static func text(_ text: String) -> FrameReader.Event { .text(Array(text.utf8)) }

    @Test(
        "messages, fragments and control frames between them, however the bytes are cut", arguments: [1, 2, 3, 7, .max])
    func whole(step: Int) throws {
        let bytes =
            ClientFrame.text("one") + ClientFrame.text("tw", isFinal: false) + ClientFrame.make(9, [1, 2])
            + ClientFrame.more("", isFinal: false) + ClientFrame.make(10, [3]) + ClientFrame.more("o")
            + ClientFrame.text("") + ClientFrame.make(9) + ClientFrame.make(8, [0x03, 0xe8])
        #expect(
            try Self.read(bytes, step: step) == [
                Self.text("one"), .ping([1, 2]), .pong, Self.text("two"), Self.text(""), .ping([]), .close(1_000),
            ])
    }

    @Test("each form of a length, to the byte", arguments: [0, 125, 126, 127, 65_535, 65_536])
    func lengths(count: Int) throws {
        let content = [UInt8](repeating: 0x61, count: count)
        #expect(try Self.read(ClientFrame.make(1, content), largest: 70_000) == [.text(content)])
    }

    @Test("a mask is applied from its first byte, wherever the bytes are cut", arguments: 1...6)
    func masks(step: Int) throws {
        let bytes = ClientFrame.make(1, Array("abcdefghij".utf8), mask: [1, 2, 4, 8])
        #expect(try Self.read(bytes, step: step) == [Self.text("abcdefghij")])
    }

    @Test("characters cut by fragments, and by packets", arguments: 1...9)
    func characters(cut: Int) throws {
        let text = Array("κ😀é€".utf8)
        let bytes = ClientFrame.make(1, Array(text[..<cut]), isFinal: false) + ClientFrame.make(0, Array(text[cut...]))
        #expect(try Self.read(bytes, step: 1) == [.text(text)])
    }

    @Test("what breaks a rule of framing")
    func violations() {
        for reserved in 1...7 as ClosedRange<UInt8> {
            #expect(Self.violation(ClientFrame.make(1, [0x61], reserved: reserved)) == .protocolError)
        }
        for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] as [UInt8] {
            #expect(Self.violation(ClientFrame.make(opcode)) == .protocolError)
        }
        for opcode in [1, 8, 9, 10] as [UInt8] {
            #expect(Self.violation(ClientFrame.make(opcode, isMasked: false)) == .protocolError)
        }
        for opcode in [8, 9, 10] as [UInt8] {
            #expect(Self.violation(ClientFrame.make(opcode, isFinal: false)) == .protocolError)
            let long = [UInt8](repeating: 0x20, count: 126)
            #expect(Self.violation(ClientFrame.make(opcode, long), largest: 1_000) == .protocolError)
        }
        #expect(Self.violation(ClientFrame.more("x")) == .protocolError)
        #expect(Self.violation(ClientFrame.text("x") + ClientFrame.more("y")) == .protocolError)
        #expect(Self.violation(ClientFrame.text("x", isFinal: false) + ClientFrame.text("y")) == .protocolError)
        #expect(Self.violation(ClientFrame.make(2, [1])) == .unacceptableData)
    }

    @Test("lengths that are not in their shortest form, or have the sign bit")
    func lengthForms() {
        #expect(Self.violation(ClientFrame.make(1, Array("ab".utf8), lengthBytes: 2)) == .protocolError)
        let long = [UInt8](repeating: 0x61, count: 300)
        #expect(Self.violation(ClientFrame.make(1, long, lengthBytes: 8), largest: 1_000) == .protocolError)
        #expect(Self.violation([0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0]) == .protocolError)
        #expect(Self.violation([0x81, 0xff] + [UInt8](repeating: 0xff, count: 8)) == .protocolError)
    }

    @Test("a message is too large as soon as a header says so, fragments together")
    func sizes() {
        let content = [UInt8](repeating: 0x61, count: 101)
        #expect(Self.violation(ClientFrame.make(1, Array(content.dropLast()))) == nil)
        #expect(Self.violation(ClientFrame.make(1, content)) == .tooLarge)
        #expect(Self.violation([0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0]) == .tooLarge)
        let half = [UInt8](repeating: 0x61, count: 51)
        let two = ClientFrame.make(1, half, isFinal: false) + ClientFrame.make(0, half)
        #expect(Self.violation(Array(two.dropLast(55))) == nil)
        #expect(Self.violation(Array(two.dropLast(51))) == .tooLarge)
        // A control frame between fragments is not a part of the message.
        let full = ClientFrame.make(1, Array(content.dropLast()), isFinal: false) + ClientFrame.make(9, half)
        #expect(Self.violation(full + ClientFrame.more("")) == nil)
    }

    @Test("text that is not UTF-8 is refused at its first bad byte, and where it ends within a character")
    func encoding() {
        for bytes in [[0xff], [0xc0, 0xaf], [0xed, 0xa0], [0xf4, 0x90], [0x61, 0x80], [0xce]] as [[UInt8]] {
            #expect(Self.violation(ClientFrame.make(1, bytes)) == .invalidData)
        }
        let unfinished = ClientFrame.make(1, [0xf8] + [UInt8](repeating: 0x61, count: 50))
        #expect(Self.violation(Array(unfinished.prefix(8))) == .invalidData)
        #expect(Self.violation(ClientFrame.make(1, [0xce], isFinal: false)) == nil)
        let cut = ClientFrame.make(1, [0xce], isFinal: false) + ClientFrame.make(0, [0x41], isFinal: false)
        #expect(Self.violation(cut) == .invalidData)
    }

    @Test("close codes that may be sent, and those that may not")
    func closing() throws {
        let close = { (code: UInt16, reason: [UInt8]) in
            ClientFrame.make(8, [UInt8(code >> 8), UInt8(code & 0xff)] + reason)
        }
        for code in [1_000, 1_003, 1_007, 1_011, 1_014, 3_000, 4_999] as [UInt16] {
            #expect(try Self.read(close(code, Array("bye".utf8))) == [.close(code)])
        }
        for code in [0, 999, 1_004, 1_005, 1_006, 1_015, 2_999, 5_000, 65_535] as [UInt16] {
            #expect(Self.violation(close(code, [])) == .protocolError)
        }
        #expect(try Self.read(ClientFrame.make(8)) == [.close(nil)])
        #expect(Self.violation(ClientFrame.make(8, [3])) == .protocolError)
        #expect(Self.violation(close(1_000, [0xff])) == .invalidData)
        #expect(Self.violation(close(1_000, [0xce])) == .invalidData)
    }

    @Test("a ping's content is its own, and the next one's too")
    func pings() throws {
        let bytes = ClientFrame.make(9, [1]) + ClientFrame.make(10, [2]) + ClientFrame.make(9, [3])
        #expect(try Self.read(bytes) == [.ping([1]), .pong, .ping([3])])
    }
}
