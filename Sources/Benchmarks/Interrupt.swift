import Glibc
import Synchronization

/// Ctrl-C and its kin: they cancel what runs, so that everything started is ended and removed on the way out.
enum Interrupt {
    private static let requested = Atomic<Bool>(false)

    /// True once somebody asked for the end.
    static var isRequested: Bool { requested.load(ordering: .relaxed) }

    /// Takes SIGINT, SIGTERM and SIGHUP; a broken pipe becomes an error of the write.
    static func install() {
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { _ in Interrupt.requested.store(true, ordering: .relaxed) }
        }
        signal(SIGPIPE, SIG_IGN)
    }

    /// For loops that no task's cancellation reaches.
    static func check() throws {
        if isRequested { throw CancellationError() }
    }

    /// Runs `body` and cancels it when the end is asked for.
    static func guarding<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask(operation: body)
            group.addTask {
                while !isRequested { try await Task.sleep(for: .milliseconds(100)) }
                throw CancellationError()
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() else { throw CancellationError() }
            return value
        }
    }
}

/// Work that blocks, on a thread of its own rather than on one of Swift's few.
enum OwnThread {
    private final class Job {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }

    /// Runs `body` on a new thread and waits for it.
    static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let job = Unmanaged.passRetained(Job { continuation.resume(with: Result { try body() }) })
            var thread = pthread_t()
            let code = pthread_create(
                &thread, nil,
                { context in
                    if let context { Unmanaged<Job>.fromOpaque(context).takeRetainedValue().run() }
                    return nil
                }, job.toOpaque())
            if code == 0 {
                pthread_detach(thread)
            } else {
                job.release()
                continuation.resume(throwing: BenchmarkFailure("no thread: \(String(cString: strerror(code)))"))
            }
        }
    }
}

/// Clocks in nanoseconds.
enum Clock {
    /// Time that passes.
    static func now() -> UInt64 { read(CLOCK_MONOTONIC) }
    /// Time that this thread has had a core.
    static func thread() -> UInt64 { read(CLOCK_THREAD_CPUTIME_ID) }
    /// Microseconds since 1970.
    static func unixMicros() -> UInt64 { read(CLOCK_REALTIME) / 1_000 }
    /// Whole seconds since 1970.
    static func unixSeconds() -> UInt64 { read(CLOCK_REALTIME) / 1_000_000_000 }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
