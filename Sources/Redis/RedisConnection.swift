import CHiredis
import SocketThreads

/// Owns one hiredis context, used non-blocking once connected: every wait has a deadline and none is inside hiredis.
///
/// Confined to the thread that made it.
final class RedisConnection {
    private let context: UnsafeMutablePointer<redisContext>
    private let maximumReplyBytes: Int
    /// Bytes received since the last complete reply.
    private var pendingBytes = 0

    /// Connects and greets. Looking a name up is the system's time, not counted.
    init(_ configuration: RedisConfiguration) throws(RedisError) {
        let limit = timeval(configuration.connectTimeout)
        let made =
            switch configuration.endpoint {
            case .tcp(let host, let port): redisConnectWithTimeout(host, Int32(port), limit)
            case .unix(let path): redisConnectUnixWithTimeout(path, limit)
            }
        guard let made else { throw RedisError(.notConnected, "out of memory") }
        context = made
        maximumReplyBytes = configuration.maximumReplyBytes
        guard context.pointee.err == 0 else { throw RedisError(.notConnected, errorMessage) }
        if case .tcp = configuration.endpoint { redisEnableKeepAlive(context) }
        prepareSocket(context.pointee.fd)
        context.pointee.flags &= ~REDIS_BLOCK
        try greet(configuration)
    }

    deinit { redisFree(context) }

    private func greet(_ configuration: RedisConfiguration) throws(RedisError) {
        let commands = configuration.greeting
        for command in commands { append(command.bytes) }
        var refusal: String?
        do {
            try exchange(replies: commands.count, Deadline(after: configuration.connectTimeout)) { reply in
                if case .error(let message) = reply { refusal = refusal ?? message }
            }
        } catch { throw RedisError(.notConnected, error.message) }
        if let refusal { throw RedisError(.notConnected, "the server refused the greeting: \(refusal.prefix(200))") }
    }

    /// The socket, to sleep on.
    var socket: Int32 { context.pointee.fd }

    /// Puts commands into the buffer to be sent.
    func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { bytes in
            _ = redisAppendFormattedCommand(
                context, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
        }
    }

    /// Sends what is buffered and hands over the next `replies` replies as they come.
    ///
    /// - Throws: timeout or connectionLost; the connection is of no further use then.
    func exchange(replies: Int, _ deadline: Deadline, _ each: (RedisValue) -> Void) throws(RedisError) {
        var received = 0
        var isSent = false
        while true {
            if !isSent { isSent = try flush() }
            while received < replies, let reply = try nextReply() {
                received += 1
                each(reply)
            }
            if received == replies, isSent { return }
            let events: WaitEvents = isSent ? .read : [.read, .write]
            let outcome = waitForEvents(socket: socket, events: events, waker: nil, deadline: deadline)
            if outcome.timedOut {
                throw RedisError(.timeout, "the server did not answer in time; the connection was closed")
            }
            if outcome.readable { try receive() }
        }
    }

    /// Sends as much as the socket takes; true when nothing is left.
    func flush() throws(RedisError) -> Bool {
        var isDone: Int32 = 0
        guard redisBufferWrite(context, &isDone) == REDIS_OK else { throw lost() }
        return isDone == 1
    }

    /// Reads what the socket has.
    func receive() throws(RedisError) {
        let before = context.pointee.reader.pointee.len
        guard redisBufferRead(context) == REDIS_OK else { throw lost() }
        pendingBytes += Int(context.pointee.reader.pointee.len &- before)
        if pendingBytes > maximumReplyBytes {
            throw RedisError(.connectionLost, "a reply is larger than \(maximumReplyBytes) bytes")
        }
    }

    /// The next reply among what was received, or nil.
    func nextReply() throws(RedisError) -> RedisValue? {
        var reply: UnsafeMutableRawPointer?
        guard redisGetReplyFromReader(context, &reply) == REDIS_OK else { throw lost() }
        guard let reply else { return nil }
        defer { freeReplyObject(reply) }
        let reader = context.pointee.reader.pointee
        pendingBytes = Int(reader.len - reader.pos)
        return RedisValue(reply.assumingMemoryBound(to: redisReply.self))
    }

    private func lost() -> RedisError { RedisError(.connectionLost, errorMessage) }

    private var errorMessage: String {
        withUnsafeBytes(of: context.pointee.errstr) { text in
            let message = String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
            return message.isEmpty ? "the connection failed" : message
        }
    }
}

extension timeval {
    /// At least a microsecond, for zero would be no limit at all.
    fileprivate init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(tv_sec: Int(max(seconds, 0)), tv_usec: .init(max(attoseconds / 1_000_000_000_000, 1)))
    }
}
