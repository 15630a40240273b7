import CPostgres
import Logging
import SocketThreads

/// Owns one libpq connection, in non-blocking mode: every wait has a deadline and none is inside libpq.
///
/// Confined to the thread that made it.
final class PostgresHandle {
    let raw: OpaquePointer
    private let waker: Waker?
    private let mustStop: () -> Bool

    /// Connects, waiting until `deadline` at most.
    ///
    /// - Parameter mustStop: asked whenever `waker` is used while connecting; true gives the attempt up.
    init(
        parameters: [String: String], deadline: Deadline, waker: Waker? = nil,
        mustStop: @escaping () -> Bool = { false }
    ) throws(PostgresError) {
        guard let raw = Self.start(parameters) else {
            throw PostgresError(.connectFailed, "out of memory")
        }
        self.raw = raw
        self.waker = waker
        self.mustStop = mustStop
        // Notices would go to stderr.
        PQsetNoticeReceiver(raw, { _, _ in }, nil)
        try finishConnecting(parameters, deadline)
        PQsetnonblocking(raw, 1)
    }

    deinit { PQfinish(raw) }

    private static func start(_ parameters: [String: String]) -> OpaquePointer? {
        var keywords: [UnsafePointer<CChar>?] = []
        var values: [UnsafePointer<CChar>?] = []
        let owned = parameters.map { (copyCString($0.key), copyCString($0.value)) }
        defer {
            for (keyword, value) in owned {
                keyword.deallocate()
                value.deallocate()
            }
        }
        for (keyword, value) in owned {
            keywords.append(UnsafePointer(keyword))
            values.append(UnsafePointer(value))
        }
        keywords.append(nil)
        values.append(nil)
        return PQconnectStartParams(keywords, values, 0)
    }

    private func finishConnecting(_ parameters: [String: String], _ deadline: Deadline) throws(PostgresError) {
        func failure() -> PostgresError {
            PostgresError(.connectFailed, errorMessage(hiding: parameters["password"]))
        }
        guard PQstatus(raw) != CONNECTION_BAD else { throw failure() }
        var events = WaitEvents.write
        while true {
            let outcome = waitForEvents(socket: PQsocket(raw), events: events, waker: waker, deadline: deadline)
            if outcome.woken, mustStop() { throw PostgresError.closed }
            if outcome.timedOut { throw PostgresError(.connectFailed, "no answer to the connection in time") }
            if !outcome.readable && !outcome.writable { continue }
            switch PQconnectPoll(raw) {
            case PGRES_POLLING_OK: return
            case PGRES_POLLING_READING: events = .read
            case PGRES_POLLING_WRITING: events = .write
            default: throw failure()
            }
        }
    }

    /// libpq's last message as one line of at most 300 characters.
    func errorMessage(hiding secret: String? = nil) -> String {
        var message = PQerrorMessage(raw).map { String(cString: $0) } ?? ""
        if let secret, !secret.isEmpty { message = message.split(separator: secret).joined(separator: "***") }
        let line = message.split(whereSeparator: \.isNewline).map { $0.drop { $0 == "\t" || $0 == " " } }
            .joined(separator: "; ")
        return line.isEmpty ? "the connection failed" : String(line.prefix(300))
    }

    /// Whether the socket is still open, as far as libpq knows.
    var isOpen: Bool { PQstatus(raw) == CONNECTION_OK }

    /// Sends what is buffered and returns the next result, or nil when the present query has no more.
    ///
    /// - Throws: timeout or connectionLost; the handle is of no further use then.
    func nextResult(_ deadline: Deadline) throws(PostgresError) -> OpaquePointer? {
        var unsent = PQflush(raw)
        while unsent != 0 {
            if unsent < 0 { throw lost() }
            // Reading too, or both ends could wait for each other with full buffers.
            let outcome = waitForEvents(socket: PQsocket(raw), events: [.read, .write], waker: nil, deadline: deadline)
            if outcome.timedOut { throw late() }
            if outcome.readable, PQconsumeInput(raw) == 0 { throw lost() }
            unsent = PQflush(raw)
        }
        while PQisBusy(raw) == 1 {
            let outcome = waitForEvents(socket: PQsocket(raw), events: .read, waker: nil, deadline: deadline)
            if outcome.timedOut { throw late() }
            // What the server said before it closed the socket is a result: take it first.
            if PQconsumeInput(raw) == 0, PQisBusy(raw) == 1 { throw lost() }
        }
        return PQgetResult(raw)
    }

    func lost() -> PostgresError { PostgresError(.connectionLost, errorMessage()) }

    private func late() -> PostgresError {
        PostgresError(.timeout, "the server did not answer in time; the connection was closed")
    }
}

private func copyCString(_ text: String) -> UnsafeMutablePointer<CChar> {
    let bytes = text.utf8CString
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
    for (index, byte) in bytes.enumerated() { copy[index] = byte }
    return copy
}
