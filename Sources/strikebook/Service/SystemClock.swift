#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The wall clock, read here and handed to everything that needs the time.
enum SystemClock {
    /// Microseconds since 1970.
    static func micros() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }

    /// Seconds since 1970.
    static func seconds() -> UInt64 { UInt64(clamping: micros() / 1_000_000) }
}
