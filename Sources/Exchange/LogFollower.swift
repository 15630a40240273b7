public import Logging
public import ServiceLifecycle
import Synchronization

/// Keeps the books at the log's head when other processes write: woken by a notification, it reads `seq > n`.
public final class LogFollower: Sendable, Service {
    /// Rows read at a time.
    private static let batch = 1_000
    /// Without any notification the log is looked at this often, so a lost one costs no more.
    private static let interval = Duration.milliseconds(500)
    /// What an own commit takes from its announcement to the books, with room to spare.
    private static let breath = Duration.milliseconds(20)

    private let log: any OfferLog
    private let books: Books
    private let wake: any AsyncSequence<UInt64?, Never> & Sendable
    private let logger: Logger
    private let lastSuccess = Mutex<ContinuousClock.Instant>(.now)

    /// Follows `log` into `books`; `wake` yields when there may be new rows: the head's seq, or nil when that is not known.
    public init(log: any OfferLog, books: Books, wake: any AsyncSequence<UInt64?, Never> & Sendable, logger: Logger) {
        self.log = log
        self.books = books
        self.wake = wake
        self.logger = logger
    }

    /// How long ago the books were last known to be at the log's head.
    public var age: Duration { lastSuccess.withLock { .now - $0 } }

    /// Follows until shutdown.
    public func run() async throws {
        try await cancelWhenGracefulShutdown {
            try await withThrowingDiscardingTaskGroup { group in
                let (ticks, ticker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
                group.addTask {
                    for await seq in self.wake where await self.isBehind(seq) { ticker.yield() }
                }
                group.addTask {
                    while !Task.isCancelled {
                        ticker.yield()
                        try? await Task.sleep(for: Self.interval)
                    }
                    ticker.finish()
                }
                for await _ in ticks { await self.catchUp() }
            }
        }
    }

    /// Whether the log grew by what this process did not write. Its own commits announce themselves as well, at the very
    /// moment at which they are shown: a breath later they are in the books and need not be read back.
    private func isBehind(_ seq: UInt64?) async -> Bool {
        guard let seq else { return true }
        if seq <= books.appliedSeq { return false }
        try? await Task.sleep(for: Self.breath)
        return seq > books.appliedSeq
    }

    /// Reads and applies everything after what the books show.
    public func catchUp() async {
        do {
            var isFull = true
            while isFull {
                let seq = books.appliedSeq
                let limit = BookChanges.readLimit(after: seq, most: Self.batch)
                let events = try await log.events(after: seq, limit: limit)
                isFull = events.count == limit
                _ = books.apply(events)
            }
            lastSuccess.withLock { $0 = .now }
        } catch {
            logger.debug("the log cannot be followed", metadata: ["error": "\(error)"])
        }
    }
}
