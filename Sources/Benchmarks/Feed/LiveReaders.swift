import CEpoll
import Glibc

/// Many WebSocket clients read by the thread that calls: one `epoll`, one buffer.
final class LiveReaders {
    /// Handshakes under way at a time.
    private static let atOnce = 100

    let sockets: [LiveSocket]
    private let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 << 20, alignment: 16)
    private var events = [epoll_event](repeating: epoll_event(), count: 512)
    /// How many of them were closed by the service.
    private(set) var closed = 0

    /// Connects `count` clients; each subscribes to `channel` where one is named.
    init(_ count: Int, port: UInt16, path: String, channel: String? = nil) throws {
        var sockets: [LiveSocket] = []
        // Many at a time: one by one, the first would hear nothing but pings while the last still wait.
        while sockets.count < count {
            try Interrupt.check()
            let numbers = sockets.count..<min(count, sockets.count + Self.atOnce)
            let asking = try numbers.map { try LiveSocket(number: $0, port: port, path: path) }
            for socket in asking { try socket.awaitHandshake() }
            sockets += asking
        }
        self.sockets = sockets
        if let channel {
            for socket in sockets { try socket.send(text: "{\"type\":\"subscribe\",\"channel\":\"\(channel)\"}") }
        }
        for (number, socket) in sockets.enumerated() {
            var event = epoll_event()
            event.events = EPOLLIN.rawValue
            event.data.u64 = UInt64(number)
            guard epoll_ctl(epoll, EPOLL_CTL_ADD, socket.socket, &event) == 0 else {
                throw BenchmarkFailure("epoll: \(String(cString: strerror(errno)))")
            }
        }
    }

    deinit {
        close(epoll)
        buffer.deallocate()
    }

    /// Reads for so many nanoseconds and shows the content of every text frame, and whose it is.
    func read(for nanoseconds: UInt64, _ take: (Int, UnsafeRawBufferPointer) -> Void) throws {
        let end = Clock.now() + nanoseconds
        while true {
            let now = Clock.now()
            guard now < end else { return }
            try Interrupt.check()
            let wait = Int32(min(100, (end - now) / 1_000_000 + 1))
            let count = epoll_wait(epoll, &events, Int32(events.count), wait)
            guard count > 0 else { continue }
            for event in events[..<Int(count)] {
                let number = Int(event.data.u64)
                let socket = sockets[number]
                try socket.receive(through: buffer) { take(number, $0) }
                if socket.isClosed {
                    closed += 1
                    epoll_ctl(epoll, EPOLL_CTL_DEL, socket.socket, nil)
                }
            }
        }
    }
}
