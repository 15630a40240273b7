#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Open files: connections must never use up what the service itself needs.
enum FileLimit {
    /// Files for databases, logs and the runtime.
    static let reserve = 128

    /// Raises the soft limit to the hard one and returns it, at least twice the reserve.
    static func raise() -> Int {
        var limit = rlimit()
        #if canImport(Glibc)
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0 else { return 1_024 }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(resource, &limit)
        _ = getrlimit(resource, &limit)
        return max(2 * reserve, Int(clamping: limit.rlim_cur))
    }
}
