#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A moment on a clock that never steps.
package struct Deadline: Sendable, Comparable {
    private let instant: ContinuousClock.Instant

    /// `duration` from now.
    package init(after duration: Duration) { instant = ContinuousClock.now + duration }

    package var hasPassed: Bool { instant <= ContinuousClock.now }

    /// For poll: rounded up, so that a wait never ends just before its deadline; at most an hour.
    package var remainingMilliseconds: Int32 {
        let (seconds, attoseconds) = (instant - ContinuousClock.now).components
        if seconds < 0 || attoseconds < 0 { return 0 }
        if seconds >= 3600 { return 3_600_000 }
        return Int32(seconds) * 1000 + Int32((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }

    package static func < (left: Deadline, right: Deadline) -> Bool { left.instant < right.instant }
}

/// Microseconds since 1970, by the wall clock.
package func wallClockMicros() -> Int64 {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000
}
