import Ethereum
import Exchange
import Foundation
import Market
import Postgres
import Store
import Testing

@Suite(.enabled(if: ProcessInfo.processInfo.environment["STRIKEBOOK_TEST_SERVERS"] != nil))
struct LogWriterTests {
    @Test func `A cancel and its offer end alike in one batch, in two, and the other way round`() async throws {
        for order in [[0, 1], [1, 0]] {
            for batches in [[order], order.map { [$0] }] {
                let stored = try await StoredLog()
                let offer = try Terms().signed(by: key(1))
                let cancel = try signedCancel(.offers([offer.hashes.offerHash]), by: key(1))
                let requests: [WriteRequest] = [.offer(offer), .cancel(cancel)]
                for batch in batches { _ = try await stored.log.commit(batch.map { requests[$0] }) }
                let state = try await stored.log.offer(named: offer.hashes.offerHash)
                #expect(state?.status(now: 0) == .cancelled)
                let again = try await stored.commit(.offer(offer))
                guard case .existed(let same) = again[0] else {
                    Issue.record("\(again)")
                    continue
                }
                #expect(same == state)
                await stored.close()
            }
        }
    }

    @Test func `Two writers leave no gap, and two readers of the log end with the same books`() async throws {
        let stored = try await StoredLog()
        let other = try makeClient(stored.url) { $0.role = "strikebook_app" }
        let second = PostgresLog(writes: other, reads: other, deployment: deployment, logger: quiet)
        let books = [Books(), Books()]
        for book in books {
            book.load([], BooksSnapshot(head: try await stored.read { try $0.logHead() }, lastChanges: []))
        }
        let offers = try (0..<200).map { try Terms(premium: UInt256(UInt64(1 + $0))).signed(by: key(UInt64($0 % 5))) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, log) in [stored.log, second].enumerated() {
                group.addTask {
                    for start in stride(from: index * 100, to: index * 100 + 100, by: 7) {
                        let batch = offers[start..<min(start + 7, index * 100 + 100)]
                        _ = books[index].apply(try await log.commit(batch.map { .offer($0) }).events)
                    }
                }
            }
            try await group.waitForAll()
        }
        for book in books {
            _ = book.apply(try await stored.log.events(after: book.appliedSeq, limit: 1_000))
            #expect(book.appliedSeq == 200)
        }
        let open = Collected()
        _ = try await stored.log.openBooks { open.add($0) }
        let rows = try #require(offers.first).offer
        let pages = books.map { BookQuery().page(of: $0.book(BookID(rows))).rows.map(\.state) }
        #expect(pages[0] == pages[1])
        #expect(open.offers.map(\.seq) == Array(1...200))
        await other.shutdown()
        await stored.close()
    }

    @Test func `A writer whose sessions are ended at random tells the truth`() async throws {
        let stored = try await StoredLog()
        let offers = try (0..<120).map { try Terms(premium: UInt256(UInt64(1 + $0))).signed(by: key(1)) }
        let isOver = Collected()
        async let ended: Void = {
            defer { isOver.add(OfferState(signed: offers[0], seq: 1, createdAtMicros: 0)) }
            for _ in 0..<20 {
                try await withConnection(stored.url) { connection in
                    _ = try connection.query(
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename IS NOT NULL
                        """)
                    // Long enough for a connection and some commits.
                    _ = try connection.query("SELECT pg_sleep(0.02)")
                }
            }
        }()
        var answered: [Bytes32: UInt64] = [:]
        var tries = 0
        while isOver.offers.isEmpty || answered.isEmpty {
            let offer = offers[tries % offers.count]
            tries += 1
            guard let commit = try? await stored.log.commit([.offer(offer)]) else { continue }
            switch commit.results[0] {
            case .created(let state), .existed(let state): answered[state.offerHash] = state.seq
            default: Issue.record("\(commit.results)")
            }
        }
        try await ended
        let entries = try await withConnection(stored.url) { connection in
            try connection.query("SELECT seq, related_id FROM transaction_logs ORDER BY seq").map {
                (try $0.int64(0), try $0.text(1))
            }
        }
        #expect(entries.map(\.0) == (0..<entries.count).map { Int64($0 + 1) })
        #expect(Set(entries.map(\.1)).count == entries.count)
        for (hash, seq) in answered { #expect(entries.contains { $0.1 == hash.hex && $0.0 == Int64(seq) }) }
        await stored.close()
    }

    @Test func `An expiry under an older leader's epoch writes nothing`() async throws {
        let stored = try await StoredLog()
        let offer = try Terms(deadline: 1).signed(by: key(1))
        _ = try await stored.commit(.offer(offer))
        let results = try await stored.commit(.expire([offer.hashes.offerHash], leaderEpoch: 99))
        guard case .failed = results[0] else {
            Issue.record("\(results)")
            return
        }
        let rightful = try await stored.commit(.expire([offer.hashes.offerHash], leaderEpoch: 0))
        guard case .expired(1) = rightful[0] else {
            Issue.record("\(rightful)")
            return
        }
        await stored.close()
    }
}

extension PostgresConnection {
    /// The log's head.
    func logHead() throws -> LogHead {
        let row = try query("SELECT seq, hash, epoch FROM log_head").single()
        guard let hash = Bytes32(bytes: try row.bytes(1)) else { preconditionFailure("32 bytes") }
        return LogHead(seq: UInt64(try row.int64(0)), hash: hash, epoch: UInt64(bitPattern: try row.int64(2)))
    }
}
