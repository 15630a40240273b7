#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

// Everything this target takes from the C library: threads, pipes, poll and the wall clock.

/// Runs `body` on a new thread of its own that receives no signals.
///
/// - Returns: false when the system has no thread to give.
func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
    let context = Unmanaged.passRetained(Body(body))
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    #if canImport(Darwin)
        var thread: pthread_t?
    #else
        var thread = pthread_t()
    #endif
    let entry: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
        guard let context else { return nil }
        var signals = sigset_t()
        sigfillset(&signals)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
        return nil
    }
    let code = pthread_create(&thread, &attributes, entry, context.toOpaque())
    if code != 0 { context.release() }
    return code == 0
}

/// What a new thread is handed.
private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// Wakes a thread that sleeps in ``waitForEvents(socket:events:waker:deadline:)``.
final class Waker: Sendable {
    private let readEnd: Int32
    private let writeEnd: Int32

    /// Nil when the process has no file descriptors left.
    init?() {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        readEnd = ends[0]
        writeEnd = ends[1]
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    /// Makes the present or next wait return. A full pipe already does.
    func wake() {
        var byte: UInt8 = 1
        _ = write(writeEnd, &byte, 1)
    }

    fileprivate var descriptor: Int32 { readEnd }

    fileprivate func drain() {
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
            while let start = buffer.baseAddress, read(readEnd, start, buffer.count) == buffer.count {}
        }
    }
}

/// What ended a wait.
struct WaitOutcome {
    /// The socket can be read (or is broken, which a read will tell).
    var readable = false
    /// The socket can be written.
    var writable = false
    /// The waker was used; its wake-ups are consumed.
    var woken = false
    /// Whether nothing happened before the deadline.
    var timedOut: Bool { !readable && !writable && !woken }
}

/// What to wait for on a socket.
struct WaitEvents: OptionSet {
    let rawValue: Int16
    static let read = WaitEvents(rawValue: Int16(POLLIN))
    static let write = WaitEvents(rawValue: Int16(POLLOUT))
}

/// Sleeps until the socket is ready, the waker is used or the deadline passes (nil: no deadline).
func waitForEvents(socket: Int32?, events: WaitEvents, waker: Waker?, deadline: Deadline?) -> WaitOutcome {
    withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 2) { entries in
        while true {
            // poll ignores negative descriptors.
            entries[0] = pollfd(fd: socket ?? -1, events: events.rawValue, revents: 0)
            entries[1] = pollfd(fd: waker?.descriptor ?? -1, events: Int16(POLLIN), revents: 0)
            let ready = poll(entries.baseAddress, 2, deadline?.remainingMilliseconds ?? -1)
            var outcome = WaitOutcome()
            if ready > 0 {
                let broken = Int16(POLLERR | POLLHUP | POLLNVAL)
                outcome.readable = entries[0].revents & (Int16(POLLIN) | broken) != 0
                outcome.writable = entries[0].revents & (Int16(POLLOUT) | broken) != 0
                outcome.woken = entries[1].revents != 0
                if outcome.woken { waker?.drain() }
                return outcome
            }
            if deadline?.hasPassed == true { return outcome }
        }
    }
}

/// A moment on a clock that never steps.
struct Deadline: Sendable, Comparable {
    private let instant: ContinuousClock.Instant

    /// `duration` from now.
    init(after duration: Duration) { instant = ContinuousClock.now + duration }

    var hasPassed: Bool { instant <= ContinuousClock.now }

    /// For poll: rounded up, so that a wait never ends just before its deadline; at most an hour.
    var remainingMilliseconds: Int32 {
        let (seconds, attoseconds) = (instant - ContinuousClock.now).components
        if seconds < 0 || attoseconds < 0 { return 0 }
        if seconds >= 3600 { return 3_600_000 }
        return Int32(seconds) * 1000 + Int32((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }

    static func < (left: Deadline, right: Deadline) -> Bool { left.instant < right.instant }
}

/// Microseconds since 1970, by the wall clock.
func wallClockMicros() -> Int64 {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000
}

/// Makes reads and writes on a socket return at once, and keeps it from programs this process starts.
func prepareSocket(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
}
