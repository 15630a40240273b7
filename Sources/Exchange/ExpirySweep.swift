public import ServiceLifecycle

/// Closes offers whose deadline has passed: the leader logs `offer_expired` within a second, in bounded batches
/// that queue behind waiting posts.
public struct ExpirySweep: Service {
    /// Offers expired in one transaction.
    public static let batch = 1_000
    private static let interval = Duration.milliseconds(250)

    private let books: Books
    private let queue: CommitQueue
    private let leadership: any Leadership
    private let now: @Sendable () -> UInt64

    /// Sweeps `books` by the clock `now` (unix seconds) while `leadership` is held.
    public init(
        books: Books, queue: CommitQueue, leadership: any Leadership, now: @escaping @Sendable () -> UInt64
    ) {
        self.books = books
        self.queue = queue
        self.leadership = leadership
        self.now = now
    }

    /// Sweeps until shutdown.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                if await sweep() < Self.batch { try? await Task.sleep(for: Self.interval) }
            }
        }
    }

    /// One batch; the number of offers it expired.
    @discardableResult
    public func sweep() async -> Int {
        guard let epoch = leadership.epoch else { return 0 }
        let overdue = books.overdue(at: now(), limit: Self.batch)
        guard !overdue.isEmpty else { return 0 }
        if case .expired(let count) = await queue.write(.expire(overdue, leaderEpoch: epoch)) { return count }
        return 0
    }
}

/// Whether this process does what must be done once.
public protocol Leadership: Sendable {
    /// The epoch under which this process leads, nil while it does not. A write under an older epoch is refused.
    var epoch: Int64? { get }
}
