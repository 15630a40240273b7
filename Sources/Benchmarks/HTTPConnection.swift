import Glibc

/// A keep-alive connection to this machine that costs little: bytes prepared beforehand go out, of a reply only the
/// status and the length are read.
final class HTTPConnection {
    /// A whole reply; the body is valid until the next call.
    struct Reply {
        let status: Int
        let body: UnsafeRawBufferPointer
    }

    let socket: Int32
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 << 20, alignment: 16)
    private var filled = 0
    /// End of the reply being received, once its head is known.
    private var end: Int?
    private var status = 0
    private var bodyStart = 0
    private var unsent: Range<Int> = 0..<0

    /// Connects to 127.0.0.1.
    init(port: UInt16) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard socket >= 0, connected == 0 else {
            throw BenchmarkFailure("port \(port): \(String(cString: strerror(errno)))")
        }
        var on: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        _ = fcntl(socket, F_SETFL, O_NONBLOCK)
    }

    deinit {
        close(socket)
        buffer.deallocate()
    }

    /// True while a part of the request waits for room in the socket.
    var isSending: Bool { !unsent.isEmpty }

    /// Sends `range` of `bytes`, or as much of it as goes without waiting.
    func send(_ range: Range<Int>, of bytes: [UInt8]) throws {
        unsent = range
        try sendRest(of: bytes)
    }

    /// Goes on sending.
    func sendRest(of bytes: [UInt8]) throws {
        while !unsent.isEmpty {
            let count = bytes.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress! + unsent.lowerBound, unsent.count, 0)
            }
            if count < 0 {
                if errno == EAGAIN { return }
                throw BenchmarkFailure("a connection broke: \(String(cString: strerror(errno)))")
            }
            unsent = (unsent.lowerBound + count)..<unsent.upperBound
        }
    }

    /// Reads what has come; the reply once it is whole.
    func receive() throws -> Reply? {
        let count = recv(socket, buffer.baseAddress! + filled, buffer.count - filled, 0)
        if count <= 0 {
            if count < 0, errno == EAGAIN { return nil }
            throw BenchmarkFailure("the service closed a connection")
        }
        filled += count
        if end == nil { try readHead() }
        guard let end, filled >= end else { return nil }
        let reply = Reply(status: status, body: UnsafeRawBufferPointer(rebasing: buffer[bodyStart..<end]))
        guard filled == end else { throw BenchmarkFailure("a reply is longer than it says") }
        filled = 0
        self.end = nil
        return reply
    }

    private func readHead() throws {
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<filled])
        guard let headEnd = bytes.firstIndex(of: "\r\n\r\n") else { return }
        bodyStart = headEnd + 4
        guard headEnd > 12, let length = bytes.contentLength(upTo: headEnd) else {
            throw BenchmarkFailure("a reply has no Content-Length")
        }
        status = bytes[9..<12].reduce(0) { $0 * 10 + Int($1) - 48 }
        end = bodyStart + length
        guard bodyStart + length <= buffer.count else { throw BenchmarkFailure("a reply is too long") }
    }

    /// One request on a connection of its own; waits for the reply.
    static func get(_ target: String, port: UInt16) throws -> (status: Int, body: [UInt8]) {
        let connection = try HTTPConnection(port: port)
        var requests = PreparedRequests()
        requests.appendGet(target)
        try connection.send(requests.ranges[0], of: requests.bytes)
        while true {
            var waiting = pollfd(fd: connection.socket, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, 5_000) == 1 else { throw BenchmarkFailure("no reply to \(target)") }
            if let reply = try connection.receive() { return (reply.status, Array(reply.body)) }
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Where `text` begins.
    fileprivate func firstIndex(of text: StaticString) -> Int? {
        let length = text.utf8CodeUnitCount
        guard count >= length, let base = baseAddress else { return nil }
        for start in 0...(count - length) where memcmp(base + start, text.utf8Start, length) == 0 { return start }
        return nil
    }

    /// Where `text` begins next, from `start` on.
    func index(of text: StaticString, from start: Int) -> Int? {
        let length = text.utf8CodeUnitCount
        guard let base = baseAddress else { return nil }
        var at = start
        // memchr skips to the rare first byte faster than a loop here would.
        while at <= count - length, let hit = memchr(base + at, Int32(text.utf8Start[0]), count - length - at + 1) {
            at = hit - UnsafeMutableRawPointer(mutating: base)
            if memcmp(base + at, text.utf8Start, length) == 0 { return at }
            at += 1
        }
        return nil
    }

    /// How often `text` occurs.
    func occurrences(of text: StaticString) -> Int {
        var found = 0
        var at = 0
        while let hit = index(of: text, from: at) {
            found += 1
            at = hit + 1
        }
        return found
    }

    fileprivate func contentLength(upTo headEnd: Int) -> Int? {
        let name: StaticString = "content-length:"
        var at = 0
        while at < headEnd {
            let value = at + name.utf8CodeUnitCount
            if value < headEnd, strncasecmp(name.utf8Start, baseAddress! + at, name.utf8CodeUnitCount) == 0 {
                return self[value..<headEnd].drop { $0 == 32 }.prefix { (48...57).contains($0) }
                    .reduce(0) { $0 * 10 + Int($1) - 48 }
            }
            guard let newline = memchr(baseAddress! + at, 10, headEnd - at) else { return nil }
            at = newline - UnsafeMutableRawPointer(mutating: baseAddress!) + 1
        }
        return nil
    }
}

/// Whole requests, one behind the other in memory.
struct PreparedRequests: Sendable {
    private(set) var bytes: [UInt8] = []
    private(set) var ranges: [Range<Int>] = []

    /// `POST target` of a JSON body.
    mutating func appendPost(_ target: String, _ body: [UInt8]) {
        append(
            "POST \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n",
            body)
    }

    /// `GET target`.
    mutating func appendGet(_ target: String) {
        append("GET \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", [])
    }

    private mutating func append(_ head: String, _ body: [UInt8]) {
        let start = bytes.count
        bytes += head.utf8
        bytes += body
        ranges.append(start..<bytes.count)
    }
}
