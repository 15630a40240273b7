/// Whether what is served may be behind the truth, and by how much.
public struct Freshness: Sendable {
    /// A view no older than this counts as fresh, seconds.
    private static let tolerance = 3

    /// Unix seconds.
    public let now: @Sendable () -> UInt64
    private let age: @Sendable () -> Duration

    /// Judges by the clock `now` and by `age`, the time since the view was known to be at the log's head.
    public init(now: @escaping @Sendable () -> UInt64, age: @escaping @Sendable () -> Duration) {
        self.now = now
        self.age = age
    }

    /// Seconds behind, nil when fresh. A book whose earliest deadline passed more than `grace` seconds ago was
    /// not swept and is stale as well.
    public func staleSeconds(earliestDeadline: UInt64?, grace: UInt64) -> Int? {
        let seconds = Int(age().components.seconds)
        if seconds >= Self.tolerance { return seconds }
        guard let earliestDeadline, case let now = now(),
            earliestDeadline.addingReportingOverflow(grace).partialValue < now,
            earliestDeadline < now
        else { return nil }
        return Int(clamping: now - earliestDeadline)
    }
}
