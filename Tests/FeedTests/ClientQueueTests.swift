import Ethereum
import NIOCore
import Testing

@testable import Feed

@Suite("What waits for one client")
struct ClientQueueTests {
    private struct Numbers: MessageStream {
        var left: [UInt8]

        mutating func next() -> ByteBuffer? { left.isEmpty ? nil : ByteBuffer(bytes: [left.removeFirst()]) }
    }

    /// A queue that expectations may change.
    private final class Waiting {
        private var queue = ClientQueue(limits: FeedLimits())
        var byteCount: Int { queue.byteCount }
        var isEmpty: Bool { queue.isEmpty }

        func append(_ frame: ByteBuffer, replacing channel: ChannelName? = nil) -> Bool {
            queue.append(frame, replacing: channel)
        }

        func append(_ stream: any MessageStream) -> Bool { queue.append(stream) }
        func next() -> ByteBuffer? { queue.next() }

        /// The first bytes of all that waits.
        func all() -> [UInt8] {
            var bytes: [UInt8] = []
            while let frame = next() { bytes.append(frame.getInteger(at: frame.readerIndex) ?? 0) }
            return bytes
        }
    }

    private static func frame(_ byte: UInt8, count: Int = 1) -> ByteBuffer {
        ByteBuffer(repeating: byte, count: count)
    }

    private static func channel(_ byte: UInt8) -> ChannelName {
        .prices(Address(bytes: [UInt8](repeating: byte, count: 20)) ?? .zero)
    }

    @Test("as many messages as the limit and not one more; the one that did not fit left nothing")
    func messages() {
        let queue = Waiting()
        for number in 0..<1_024 { #expect(queue.append(Self.frame(UInt8(number & 0xff)))) }
        let one = queue.append(Self.frame(9))
        let stream = queue.append(Numbers(left: [1]))
        #expect(!one && !stream)
        #expect(queue.byteCount == 1_024)
        _ = queue.next()
        #expect(queue.append(Self.frame(7)))
        #expect(queue.all() == (1..<1_024).map { UInt8($0 & 0xff) } + [7])
        #expect(queue.isEmpty && queue.byteCount == 0)
    }

    @Test("as many bytes as the limit and not one more")
    func bytes() {
        let queue = Waiting()
        #expect(queue.append(Self.frame(1, count: 1 << 20)))
        let more = queue.append(Self.frame(2))
        #expect(!more)
        _ = queue.next()
        #expect(queue.append(Self.frame(3, count: 1 << 20)))
        #expect(queue.byteCount == 1 << 20)
    }

    @Test("of a channel's prices only the newest waits, in the place of the oldest; other channels and messages stay")
    func coalescing() {
        let queue = Waiting()
        #expect(queue.append(Self.frame(1), replacing: Self.channel(1)))
        #expect(queue.append(Self.frame(2), replacing: Self.channel(2)))
        #expect(queue.append(Self.frame(3)))
        #expect(queue.append(Self.frame(4, count: 50), replacing: Self.channel(1)))
        #expect(queue.append(Self.frame(5), replacing: Self.channel(1)))
        #expect(queue.byteCount == 3)
        #expect(queue.all() == [5, 2, 3])
        // One that was sent is replaced no more.
        #expect(queue.append(Self.frame(6), replacing: Self.channel(1)))
        #expect(queue.append(Self.frame(7), replacing: Self.channel(1)))
        #expect(queue.all() == [7])
    }

    @Test("a price finds room in a full queue where an older one waits")
    func fullButCoalescing() {
        let queue = Waiting()
        #expect(queue.append(Self.frame(0), replacing: Self.channel(1)))
        for _ in 1..<1_024 { #expect(queue.append(Self.frame(1))) }
        #expect(queue.append(Self.frame(9), replacing: Self.channel(1)))
        let other = queue.append(Self.frame(9), replacing: Self.channel(2))
        #expect(!other)
        #expect(queue.all().first == 9)
    }

    @Test("a message made while it is sent keeps its place, and nothing comes between its parts")
    func streams() {
        let queue = Waiting()
        #expect(queue.append(Self.frame(1)))
        #expect(queue.append(Numbers(left: [2, 3])))
        #expect(queue.append(Self.frame(8), replacing: Self.channel(1)))
        let first = [queue.next(), queue.next()].compactMap { $0?.getInteger(at: 0, as: UInt8.self) }
        #expect(queue.append(Self.frame(4)))
        #expect(queue.append(Self.frame(9), replacing: Self.channel(1)))
        #expect(first == [1, 2])
        #expect(queue.all() == [3, 9, 4])
    }

    @Test("random operations leave what a plain list leaves", arguments: [1, 2, 3] as [UInt64])
    func oracle(seed: UInt64) {
        var state = seed
        func random(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        let queue = Waiting()
        var list: [(value: UInt8, channel: UInt8?)] = []
        for _ in 0..<5_000 {
            let value = UInt8(random(256))
            switch random(4) {
            case 0:
                _ = queue.append(Self.frame(value))
                list.append((value, nil))
            case 1, 2:
                let channel = UInt8(random(3))
                _ = queue.append(Self.frame(value), replacing: Self.channel(channel))
                if let place = list.firstIndex(where: { $0.channel == channel }) {
                    list[place].value = value
                } else {
                    list.append((value, channel))
                }
            default:
                let expected = list.isEmpty ? nil : list.removeFirst().value
                let got = queue.next()?.getInteger(at: 0, as: UInt8.self)
                #expect(got == expected)
            }
            #expect(queue.byteCount == list.count)
        }
        #expect(queue.all() == list.map(\.value))
    }
}
