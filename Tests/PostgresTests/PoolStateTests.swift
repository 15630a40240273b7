import SocketThreads
import Testing

@testable import Postgres

@Suite("The pool's bookkeeping")
struct PoolStateTests {
    var state = PoolState<String>(size: 2, maximumWaiting: 3)
    let down = PostgresError(.connectFailed, "down")

    func waiter(_ id: UInt64, _ after: Duration = .seconds(60)) -> PoolState<String>.Waiter {
        .init(id: id, deadline: Deadline(after: after), work: "job \(id)")
    }

    /// Submits a caller for whom a worker is to be started, and connects that one.
    mutating func connect(_ id: UInt64) throws -> Int {
        let worker = try #require(state.submit(waiter(id)).started)
        #expect(state.didConnect(worker, at: 1) == nil)
        return worker
    }

    @Test mutating func `work goes to an idle worker, the last used one first`() throws {
        let first = try connect(1)
        let second = try connect(2)
        #expect(state.next(first).work == "job 1")
        #expect(state.next(second).work == "job 2")
        _ = state.next(first)
        _ = state.next(second)
        let worker = state.submit(waiter(3)).assigned
        #expect(worker == second)
        #expect(state.next(second).work == "job 3")
        #expect(state.idleCount == 1)
    }

    @Test mutating func `no more workers than allowed, no more callers than allowed`() throws {
        for id in 1...2 { _ = try connect(UInt64(id)) }
        #expect(state.submit(waiter(3)).isQueued(start: nil))
        let error = state.submit(waiter(4)).refusal
        #expect(error?.kind == .poolExhausted)
        #expect(state.workers.count == 2)
    }

    @Test mutating func `a failed first attempt fails everybody, and one worker goes on trying`() throws {
        let first = try #require(state.submit(waiter(1)).started)
        let second = try #require(state.submit(waiter(2)).started)
        let one = state.didFailToConnect(first, down, at: 10)
        #expect(one.failed.isEmpty)  // the other may succeed
        #expect(one.retry == .later)
        let other = state.didFailToConnect(second, down, at: 11)
        #expect(other.failed == ["job 1", "job 2"])
        #expect(other.retry == .no)
        let isOver = state.didEnd(second)
        #expect(!isOver)
        #expect(state.downSince == 11)
        let error = state.submit(waiter(3)).refusal
        #expect(error?.message == "down")
        _ = state.didConnect(first, at: 20)
        #expect(state.downSince == nil)
        #expect(state.connectedSince == 20)
        #expect(state.next(first).isSleep)
        #expect(state.submit(waiter(4)).assigned == first)
    }

    @Test mutating func `of many lost connections one comes back by itself`() throws {
        let first = try connect(1)
        let second = try connect(2)
        _ = (state.next(first), state.next(second))
        let ends = state.didLoseConnection(first, at: 5)
        #expect(!ends)
        _ = state.didEnd(first)
        #expect(state.connectedSince == 1)
        let again = state.didLoseConnection(second, at: 6)
        #expect(again)
        #expect(state.downSince == 6)
        // Callers wait for that attempt.
        #expect(state.submit(waiter(3)).isQueued(start: nil))
        _ = state.didConnect(second, at: 7)
        #expect(state.reconnects == 1)
        #expect(state.next(second).work == "job 3")
    }

    @Test mutating func `work given to a worker whose connection is gone goes back to the front`() throws {
        let first = try connect(1)
        _ = state.next(first)
        _ = state.next(first)
        _ = state.submit(waiter(2))
        let again = state.didLoseConnection(first, at: 5)
        #expect(again)
        #expect(state.waiting.map(\.work) == ["job 2"])
    }

    @Test mutating func `passed deadlines are told apart from later ones`() throws {
        _ = try connect(1)
        _ = state.submit(waiter(2, .zero))
        let expiry = state.expire()
        #expect(expiry.expired == ["job 2"])
        #expect(expiry.error.kind == .poolExhausted)
        #expect(expiry.next != nil)
        let first = state.cancel(1)
        #expect(first == "job 1")
        let again = state.cancel(1)
        #expect(again == nil)
        #expect(state.expire().next == nil)
    }

    @Test mutating func `a stopped pool refuses, and is over when its last worker is`() throws {
        let first = try connect(1)
        _ = state.next(first)
        _ = state.submit(waiter(2))
        #expect(state.stop() == ["job 2"])
        let error = state.submit(waiter(3)).refusal
        #expect(error?.kind == .shutdown)
        #expect(state.next(first).isStop)
        state.didClose()
        // The second was still connecting.
        let isOver = state.didEnd(first)
        #expect(!isOver)
        let isOverNow = state.didEnd(2)
        #expect(isOverNow)
    }
}

extension PoolState.Submission {
    fileprivate var started: Int? { if case .queued(let worker) = self { worker } else { nil } }
    fileprivate var assigned: Int? { if case .assigned(let worker) = self { worker } else { nil } }
    fileprivate var refusal: PostgresError? { if case .refused(let error) = self { error } else { nil } }
    fileprivate func isQueued(start: Int?) -> Bool { if case .queued(start) = self { true } else { false } }
}

extension PoolState.Step {
    fileprivate var work: Work? { if case .run(let work) = self { work } else { nil } }
    fileprivate var isSleep: Bool { if case .sleep = self { true } else { false } }
    fileprivate var isStop: Bool { if case .stop = self { true } else { false } }
}

@Suite("Delays between attempts")
struct BackoffTests {
    @Test func `they double up to the longest, each from its upper half`() throws {
        var least = Backoff(first: .milliseconds(50), longest: .seconds(5))
        var most = least
        let low = (0..<10).map { _ in least.next(fraction: 0) }
        let high = (0..<10).map { _ in most.next(fraction: 1) }
        #expect(low[0] == .milliseconds(25))
        #expect(high[0] == .milliseconds(50))
        #expect(high[3] == .milliseconds(400))
        #expect(high[9] == .seconds(5))
        #expect(low[9] == .milliseconds(2500))
        least.reset()
        #expect(least.next(fraction: 0) == .milliseconds(25))
        for _ in 0..<1000 { _ = most.next() }
        #expect(most.next(fraction: 1) == .seconds(5))
    }
}
