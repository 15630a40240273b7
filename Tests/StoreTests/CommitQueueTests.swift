import Ethereum
import Exchange
import Foundation
import Market
import Postgres
import Store
import Synchronization
import TestServers
import Testing

/// Group commit over a real PostgreSQL.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["STRIKEBOOK_TEST_SERVERS"] != nil))
struct CommitQueueTests {
    /// A queue over a log, and the books it shows its commits in.
    private struct Desk: ChangeSink {
        let stored: StoredLog
        let books = Books()
        let changes = Mutexed<[UInt64]>([])

        func changed(_ events: [BookEvent]) { changes.update { $0 += events.map(\.seq) } }

        func queue(_ log: PostgresLog? = nil) -> CommitQueue {
            CommitQueue(log: log ?? stored.log, books: books, sink: self, logger: quiet)
        }
    }

    private func makeDesk() async throws -> Desk {
        let desk = Desk(stored: try await StoredLog())
        desk.books.load([], try await desk.stored.log.openBooks { _ in })
        return desk
    }

    /// Runs `queue` for as long as `body` takes.
    private func running<Value: Sendable>(
        _ queue: CommitQueue, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                try await queue.run()
                return nil
            }
            let value = try await body()
            group.cancelAll()
            return value
        }
    }

    private func offers(_ count: Int, by number: UInt64 = 1) throws -> [SignedOffer] {
        try (1...count).map { try Terms(premium: UInt256(UInt64($0))).signed(by: key(number)) }
    }

    @Test func `Callers are answered in seq order, after the books show them, many in one transaction`() async throws {
        let desk = try await makeDesk()
        let (queue, books) = (desk.queue(), desk.books)
        let offers = try offers(300)
        let answered = Mutexed<[UInt64]>([])
        let hidden = Mutexed(0)
        try await running(queue) {
            await withTaskGroup(of: Void.self) { group in
                for offer in offers {
                    group.addTask {
                        await withCheckedContinuation { continuation in
                            queue.submit(.offer(offer)) { result in
                                if case .created(let state) = result {
                                    answered.update { $0.append(state.seq) }
                                    if books.entry(state.offerHash) == nil { hidden.update { $0 += 1 } }
                                }
                                continuation.resume()
                            }
                        }
                    }
                }
            }
        }
        #expect(answered.value == Array(1...300))
        #expect(desk.changes.value == Array(1...300))
        #expect(hidden.value == 0)
        let transactions = try await desk.stored.read {
            try $0.query("SELECT count(DISTINCT xmin::text) FROM transaction_logs").single().int64(0)
        }
        #expect(transactions < 150)
        await desk.stored.close()
    }

    @Test func `What is beyond the bound is refused whole, and what waits is answered`() async throws {
        let desk = try await makeDesk()
        let queue = desk.queue()
        let offer = try offers(1)[0]
        let results = Mutexed<[String: Int]>([:])
        let count: CommitQueue.Completion = { result in
            let name =
                switch result {
                case .created: "created"
                case .existed: "existed"
                case .failed(let failure): "\(failure)"
                default: "other"
                }
            results.update { $0[name, default: 0] += 1 }
        }
        for _ in 0..<(CommitQueue.capacity - 2) { queue.submit(.offer(offer), completion: count) }
        queue.submit(Array(repeating: (.offer(offer), count), count: 3))
        #expect(results.value == ["overloaded": 3])
        queue.submit(Array(repeating: (.offer(offer), count), count: 2))
        queue.submit(.offer(offer), completion: count)
        #expect(results.value == ["overloaded": 4])
        #expect(queue.depth == CommitQueue.capacity)
        try await running(queue) { #expect(await eventually { queue.depth == 0 }) }
        #expect(results.value == ["overloaded": 4, "created": 1, "existed": CommitQueue.capacity - 1])
        queue.submit(.offer(offer), completion: count)
        #expect(results.value["stopping"] == 1)
        await desk.stored.close()
    }

    @Test func `Each waiting caller has one answer when the queue is ended`() async throws {
        let desk = try await makeDesk()
        let queue = desk.queue()
        let answers = Mutexed<[Bytes32: [WriteResult]]>([:])
        let offers = try offers(200)
        try await running(queue) {
            for offer in offers {
                queue.submit(.offer(offer)) { result in
                    answers.update { $0[offer.hashes.offerHash, default: []].append(result) }
                }
            }
        }
        #expect(answers.value.count == 200)
        #expect(answers.value.values.allSatisfy { $0.count == 1 })
        let stored = Set(try await loggedOffers(desk).keys)
        for (hash, results) in answers.value {
            if case .created = results[0] { #expect(stored.contains(hash)) } else { #expect(!stored.contains(hash)) }
        }
        await desk.stored.close()
    }

    @Test func `An answer that was lost is given when the books show what it was about`() async throws {
        let desk = try await makeDesk()
        let proxy = try CuttingProxy(before: try TestPostgres.shared())
        let client = try makeClient(proxy.url(database: databaseName(desk.stored.url))) { $0.role = "strikebook_app" }
        let log = PostgresLog(writes: client, reads: client, deployment: deployment, logger: quiet)
        let (queue, books) = (desk.queue(log), desk.books)
        let offer = try offers(1)[0]
        try await running(queue) {
            proxy.loseCommits(1)
            guard case .existed(let state) = await queue.write(.offer(offer)) else {
                Issue.record("not the stored row")
                return
            }
            #expect(books.entry(state.offerHash)?.state.seq == 1)
            proxy.loseCommits(1)
            _ = await queue.write(.cancel(try signedCancel(.offers([state.offerHash]), by: key(1))))
            #expect(books.entry(state.offerHash) == nil)
            #expect(books.appliedSeq == 2)
        }
        #expect(proxy.lostCommits == 2)
        await client.shutdown()
        await desk.stored.close()
    }

    @Test func `Under load, while sessions are ended at random, every answer is what the log says`() async throws {
        let desk = try await makeDesk()
        let queue = desk.queue()
        let stored = desk.stored
        let told = Mutexed<[Bytes32: String]>([:])
        let isOver = Mutexed(false)
        try await running(queue) {
            async let ended = Self.endSessions(stored.url, until: isOver)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 1...8 as ClosedRange<UInt64> {
                    let offers = try offers(40, by: writer)
                    group.addTask {
                        for offer in offers {
                            let outcome =
                                switch await queue.write(.offer(offer)) {
                                case .created(let state), .existed(let state): "\(state.seq)"
                                case .failed(let failure): "\(failure)"
                                default: "other"
                                }
                            told.update { $0[offer.hashes.offerHash] = outcome }
                        }
                    }
                }
                try await group.waitForAll()
            }
            isOver.set(true)
            #expect(try await ended > 0)
        }
        let logged = try await loggedOffers(desk)
        for (hash, outcome) in told.value {
            switch outcome {
            case "notStored": #expect(logged[hash] == nil)
            case "outcomeUnknown": break
            default: #expect(logged[hash].map { "\($0)" } == outcome)
            }
        }
        #expect(logged.values.sorted() == (0..<logged.count).map { Int64($0 + 1) })
        #expect(Set(told.value.values).count > 1)
        await desk.stored.close()
    }

    private static func endSessions(_ url: String, until isOver: Mutexed<Bool>) async throws -> Int {
        var count = 0
        while !isOver.value {
            count += try await withConnection(url) { connection in
                // Long enough for a connection and some commits.
                _ = try connection.query("SELECT pg_sleep(0.02)")
                return try connection.query(
                    """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
                    """
                ).count
            }
        }
        return count
    }

    /// The seq of each created offer.
    private func loggedOffers(_ desk: Desk) async throws -> [Bytes32: Int64] {
        try await withConnection(desk.stored.url) { connection in
            let rows = try connection.query("SELECT offer_hash, seq FROM offers ORDER BY seq")
            return try Dictionary(
                uniqueKeysWithValues: rows.map { (try #require(Bytes32(bytes: try $0.bytes(0))), try $0.int64(1)) })
        }
    }
}

/// A value behind a lock.
final class Mutexed<Value: Sendable>: Sendable {
    private let state: Mutex<Value>

    init(_ value: Value) { state = Mutex(value) }

    var value: Value { state.withLock { $0 } }

    func set(_ value: Value) { state.withLock { $0 = value } }

    func update(_ change: @Sendable (inout Value) -> Void) { state.withLock { change(&$0) } }
}
