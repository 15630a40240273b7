public import Logging
public import ServiceLifecycle
import Synchronization

/// Group commit: one writer takes *whatever is waiting* when the commit before has returned, so that the batch
/// grows with the load and nobody waits for a timer.
///
/// Callers are resumed in `seq` order, after their rows are durable and the local books show them.
public final class CommitQueue: Sendable, Service {
    /// Requests that may wait; one more is answered `overloaded`.
    public static let capacity = 20_000
    /// Requests of one transaction.
    public static let largestBatch = 1_000
    /// A cancel may write hundreds of rows: it weighs as many requests.
    private static let cancelWeight = 50

    /// Answers one request; called once, on the writer's task.
    public typealias Completion = @Sendable (WriteResult) -> Void

    private struct Waiting: Sendable {
        let request: WriteRequest
        let completion: Completion
    }

    private struct State {
        var waiting: [Waiting] = []
        var isStopping = false
    }

    private let state = Mutex(State())
    private let wake: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation
    private let log: any OfferLog
    private let books: Books
    private let sink: any ChangeSink
    private let logger: Logger

    /// A queue in front of `log` whose commits are shown by `books` and then handed to `sink`.
    public init(log: any OfferLog, books: Books, sink: any ChangeSink, logger: Logger) {
        self.log = log
        self.books = books
        self.sink = sink
        self.logger = logger
        (wake, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Requests waiting for a transaction.
    public var depth: Int { state.withLock { $0.waiting.count } }

    /// Queues `request`; `completion` is called once with its result, at once when it cannot be queued.
    public func submit(_ request: WriteRequest, completion: @escaping Completion) {
        submit([(request, completion)])
    }

    /// Queues several requests as neighbours: all of them, or none when they do not fit.
    public func submit(_ requests: [(WriteRequest, Completion)]) {
        let refusal: WriteFailure? = state.withLock { state in
            if state.isStopping { return .stopping }
            if state.waiting.count + requests.count > Self.capacity { return .overloaded }
            for (request, completion) in requests {
                state.waiting.append(Waiting(request: request, completion: completion))
            }
            return nil
        }
        if let refusal {
            for (_, completion) in requests { completion(.failed(refusal)) }
        } else {
            waker.yield()
        }
    }

    /// Queues `request` and waits for its result.
    public func write(_ request: WriteRequest) async -> WriteResult {
        await withCheckedContinuation { continuation in
            submit(request) { continuation.resume(returning: $0) }
        }
    }

    /// Commits batches until a graceful shutdown has drained the queue.
    public func run() async throws {
        await withTaskCancellationOrGracefulShutdownHandler {
            for await _ in wake {
                await drain()
            }
            await drain()
        } onCancelOrGracefulShutdown: {
            self.state.withLock { $0.isStopping = true }
            self.waker.finish()
        }
    }

    private func drain() async {
        while true {
            let batch = takeBatch()
            if batch.isEmpty { return }
            await commit(batch)
        }
    }

    private func takeBatch() -> [Waiting] {
        state.withLock { state in
            var weight = 0
            var count = 0
            while count < state.waiting.count, weight < Self.largestBatch {
                switch state.waiting[count].request {
                case .offer: weight += 1
                // What the chain did is a batch by itself: it may be large, and touches what it names.
                case .chain: weight = count == 0 ? Self.largestBatch : .max
                case .fund(let update): weight += max(1, update.decisions.count)
                case .imported, .cancel, .importedCancel, .expire: weight += Self.cancelWeight
                }
                if weight == .max { break }
                count += 1
            }
            let batch = Array(state.waiting[..<count])
            state.waiting.removeFirst(count)
            return batch
        }
    }

    private func commit(_ batch: [Waiting]) async {
        do throws(WriteFailure) {
            let commit = try await log.commit(batch.map(\.request))
            await show(commit)
            for (waiting, result) in zip(batch, commit.results) { waiting.completion(result) }
            sink.changed(commit.events)
        } catch {
            logger.warning(
                "a batch was not committed", metadata: ["requests": "\(batch.count)", "failure": "\(error)"])
            for waiting in batch { waiting.completion(.failed(error)) }
        }
    }

    /// Brings the local books to the commit; rows of other processes before it are read first, and those of its own
    /// that an earlier try wrote without an answer.
    private func show(_ commit: Commit) async {
        _ = books.apply(commit.events)
        while books.appliedSeq < commit.headAfter {
            do {
                let seq = books.appliedSeq
                let missing = try await log.events(
                    after: seq, limit: BookChanges.readLimit(after: seq, most: Self.largestBatch))
                guard !missing.isEmpty else { return }
                _ = books.apply(missing)
                _ = books.apply(commit.events)
            } catch {
                // The follower reads the gap as soon as the database answers again.
                logger.warning("the books lag behind the log", metadata: ["appliedSeq": "\(books.appliedSeq)"])
                return
            }
        }
    }
}

/// Who hears of committed changes after their authors have their answers: the Redis mirror, the live hub.
public protocol ChangeSink: Sendable {
    /// `events` were committed by this process, in seq order. Must not block.
    func changed(_ events: [BookEvent])
}
