#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Wakes a thread that sleeps in ``waitForEvents(socket:events:waker:deadline:)``.
package final class Waker: Sendable {
    private let readEnd: Int32
    private let writeEnd: Int32

    /// Nil when the process has no file descriptors left.
    package init?() {
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
    package func wake() {
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
package struct WaitOutcome {
    /// The socket can be read (or is broken, which a read will tell).
    package internal(set) var readable = false
    /// The socket can be written.
    package internal(set) var writable = false
    /// The waker was used; its wake-ups are consumed.
    package internal(set) var woken = false
    /// Whether nothing happened before the deadline.
    package var timedOut: Bool { !readable && !writable && !woken }
}

/// What to wait for on a socket.
package struct WaitEvents: OptionSet {
    package let rawValue: Int16

    package init(rawValue: Int16) { self.rawValue = rawValue }

    package static let read = WaitEvents(rawValue: Int16(POLLIN))
    package static let write = WaitEvents(rawValue: Int16(POLLOUT))
}

/// Sleeps until the socket is ready, the waker is used or the deadline passes (nil: no deadline).
package func waitForEvents(socket: Int32?, events: WaitEvents, waker: Waker?, deadline: Deadline?) -> WaitOutcome {
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

/// Makes reads and writes on a socket return at once, and keeps it from programs this process starts.
package func prepareSocket(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
}
