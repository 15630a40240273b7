import Glibc

/// One WebSocket to this machine that costs little: whole frames are shown where they were read, nothing is decoded.
final class LiveSocket {
    /// One address has a thousand connections at most, so that clients come from several of this machine's.
    private static let clientsPerAddress = 900
    private static let mask: [UInt8] = [1, 2, 3, 4]

    let socket: Int32
    /// The beginning of a frame whose end has not come.
    private var rest: [UInt8] = []
    private(set) var isClosed = false

    /// Client number `number`, connected, and asking to be let in.
    init(number: Int, port: UInt16, path: String) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let own = UInt32(0x7f00_0002 + number / Self.clientsPerAddress)
        var on: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        guard socket >= 0, Self.call(bind, socket, own, 0) == 0, Self.call(connect, socket, 0x7f00_0001, port) == 0
        else { throw BenchmarkFailure("WebSocket number \(number): \(String(cString: strerror(errno)))") }
        try send(
            Array(
                ("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEC==\r\nSec-WebSocket-Version: 13\r\n\r\n").utf8))
    }

    deinit { close(socket) }

    private static func call(
        _ function: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32, _ socket: Int32, _ host: UInt32,
        _ port: UInt16
    ) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = host.bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                function(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// Waits to be let in. Reads the answer's head byte by byte, so that no frame behind it is taken.
    func awaitHandshake() throws {
        var head: [UInt8] = []
        var byte: UInt8 = 0
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard recv(socket, &byte, 1, 0) == 1 else { throw BenchmarkFailure("a handshake was not answered") }
            head.append(byte)
        }
        let text = String(decoding: head, as: UTF8.self)
        guard text.hasPrefix("HTTP/1.1 101 ") else { throw BenchmarkFailure("a handshake was refused: \(text)") }
        _ = fcntl(socket, F_SETFL, O_NONBLOCK)
    }

    /// Sends a text message, at once: a client's messages are small.
    func send(text: String) throws { try send(Self.frame(0x81, Array(text.utf8))) }

    private static func frame(_ first: UInt8, _ content: [UInt8]) -> [UInt8] {
        precondition(content.count < 126, "clients of a measurement say little")
        return [first, 0x80 | UInt8(content.count)] + mask
            + content.enumerated().map { $0.element ^ mask[$0.offset & 3] }
    }

    private func send(_ bytes: [UInt8]) throws {
        guard Glibc.send(socket, bytes, bytes.count, 0) == bytes.count else {
            throw BenchmarkFailure("a WebSocket took no request")
        }
    }

    /// Reads what has come, through `buffer`, and shows the content of every whole text frame (a fragment is one too).
    /// Pings are answered.
    func receive(through buffer: UnsafeMutableRawBufferPointer, _ take: (UnsafeRawBufferPointer) -> Void) throws {
        let kept = rest.count
        if kept > 0 {
            guard kept < buffer.count / 2 else { throw BenchmarkFailure("a frame is too long") }
            rest.withUnsafeBytes { buffer.copyMemory(from: $0) }
            rest.removeAll(keepingCapacity: true)
        }
        let count = recv(socket, buffer.baseAddress! + kept, buffer.count - kept, 0)
        guard count > 0 else {
            if count < 0, errno == EAGAIN {
                rest += buffer[..<kept]
                return
            }
            isClosed = true
            return
        }
        var bytes = UnsafeRawBufferPointer(rebasing: buffer[..<(kept + count)])
        while let length = Self.frameLength(bytes), length.whole <= bytes.count {
            let content = UnsafeRawBufferPointer(rebasing: bytes[length.head..<length.whole])
            switch bytes[0] & 15 {
            case 0, 1: take(content)
            case 8: isClosed = true
            case 9: try send(Self.frame(0x8a, Array(content)))
            default: break
            }
            bytes = UnsafeRawBufferPointer(rebasing: bytes[length.whole...])
        }
        if !bytes.isEmpty { rest += bytes }
    }

    /// Bytes of the head and of the whole frame; nil while that cannot be told.
    private static func frameLength(_ bytes: UnsafeRawBufferPointer) -> (head: Int, whole: Int)? {
        guard bytes.count >= 2 else { return nil }
        switch bytes[1] & 0x7f {
        case 126:
            guard bytes.count >= 4 else { return nil }
            return (4, 4 + Int(bytes[2]) << 8 + Int(bytes[3]))
        case 127:
            guard bytes.count >= 10 else { return nil }
            return (10, 10 + (6..<10).reduce(0) { $0 << 8 + Int(bytes[$1]) })
        case let short: return (2, 2 + Int(short))
        }
    }
}
