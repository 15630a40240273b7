import Ethereum
import Exchange
import Foundation
import Market
import Postgres
import Store
import TestServers
import Testing

/// Commits that fail half-way, at their end or beyond it: whatever is answered is what happened.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["STRIKEBOOK_TEST_SERVERS"] != nil))
struct LogWriterFaultTests {
    /// What became of a request, in a word.
    private func outcome(_ result: WriteResult) -> String {
        switch result {
        case .created(let state): "created at \(state.seq)"
        case .existed(let state): "existed at \(state.seq)"
        case .cancelled(let results, _): results.map { "\($0.status.rawValue) at \($0.seq)" }.joined(separator: ", ")
        case .expired(let count): "\(count) expired"
        case .followed(let outcome): "\(outcome.applied) applied"
        case .funded(let count): "\(count) funded"
        case .rejected(let rejection): rejection.code
        case .failed(let failure): "\(failure)"
        }
    }

    private func premiums(_ numbers: ClosedRange<UInt64>) throws -> [WriteRequest] {
        try numbers.map { .offer(try Terms(premium: UInt256($0)).signed(by: key(1))) }
    }

    @Test func `A batch is one transaction of one moment, and knows its own duplicates`() async throws {
        let stored = try await StoredLog()
        let requests = try premiums(1...30)
        let commit = try await stored.log.commit(requests + requests[..<3])
        #expect(commit.results.map(outcome) == (1...30).map { "created at \($0)" } + (1...3).map { "existed at \($0)" })
        #expect((commit.headBefore, commit.headAfter) == (0, 30))
        #expect(commit.events.map(\.seq) == Array(1...30))
        let row = try await stored.read {
            try $0.query("SELECT count(DISTINCT xmin::text), count(DISTINCT created_at) FROM transaction_logs").single()
        }
        #expect((try row.int64(0), try row.int64(1)) == (1, 1))
        let again = try await stored.log.commit(requests)
        #expect(again.results.map(outcome) == (1...30).map { "existed at \($0)" })
        #expect((again.headBefore, again.headAfter, again.events.count) == (30, 30, 0))
        await stored.close()
    }

    @Test func `A commit whose answer is lost is looked up on another connection, never guessed`() async throws {
        let postgres = try TestPostgres.shared()
        let stored = try await StoredLog()
        let proxy = try CuttingProxy(before: postgres)
        let client = try makeClient(proxy.url(database: databaseName(stored.url))) { $0.role = "strikebook_app" }
        let log = PostgresLog(writes: client, reads: client, deployment: deployment, logger: quiet)
        let offers = try (1...3).map { try Terms(premium: UInt256($0)).signed(by: key(1)) }
        let hashes = offers.map(\.hashes.offerHash)

        proxy.loseCommits(1)
        let created = try await log.commit(offers.map { .offer($0) })
        #expect(created.results.map(outcome) == ["existed at 1", "existed at 2", "existed at 3"])
        #expect((created.headBefore, created.headAfter, proxy.lostCommits) == (3, 3, 1))

        proxy.loseCommits(1)
        let cancelled = try await log.commit([.cancel(try signedCancel(.offers([hashes[1]]), by: key(1)))])
        #expect(cancelled.results.map(outcome) == ["already_cancelled at 4"])

        // An offer that comes with one whose answer was lost is written by the second try, and its answer lost again.
        proxy.loseCommits(2)
        let late = try Terms(premium: UInt256(9)).signed(by: key(2))
        let tombstone = try signedCancel(.offers([late.hashes.offerHash]), by: key(2))
        let both = try await log.commit([.cancel(tombstone), .offer(late)])
        #expect(both.results.map(outcome) == ["already_cancelled at 6", "existed at 6"])

        #expect(try await stored.log.events(after: 0, limit: 100).map(\.seq) == Array(1...6))
        await client.shutdown()
        await stored.close()
    }

    @Test func `A lost answer that cannot be looked up is an unknown outcome, and nothing else`() async throws {
        let stored = try await StoredLog()
        let proxy = try CuttingProxy(before: try TestPostgres.shared())
        let client = try makeClient(proxy.url(database: databaseName(stored.url))) { $0.role = "strikebook_app" }
        let log = PostgresLog(writes: client, reads: client, deployment: deployment, logger: quiet)
        let requests = try premiums(1...2)
        proxy.loseCommits(1, thenAway: true)
        await #expect(throws: WriteFailure.outcomeUnknown) { try await log.commit(requests) }
        await #expect(throws: WriteFailure.notStored) { try await log.commit(requests) }
        proxy.comeBack()
        let answered = await eventually {
            try await log.commit(requests).results.map(outcome) == ["existed at 1", "existed at 2"]
        }
        #expect(answered)
        await client.shutdown()
        await stored.close()
    }

    @Test func `A head that another keeps locked costs the lock's time-out, and nothing is stored`() async throws {
        let stored = try await StoredLog()
        let client = try makeClient(stored.url) {
            $0.role = "strikebook_app"
            $0.lockTimeout = .milliseconds(100)
        }
        let log = PostgresLog(writes: client, reads: client, deployment: deployment, logger: quiet)
        let requests = try premiums(1...2)
        try await withConnection(stored.url) { connection in
            connection.responseTimeout = .seconds(30)
            _ = try connection.query("BEGIN")
            _ = try connection.query("SELECT seq FROM log_head FOR UPDATE")
            let failure = Mutexed<WriteFailure?>(nil)
            let done = DispatchSemaphore(value: 0)
            Task {
                do throws(WriteFailure) { _ = try await log.commit(requests) } catch { failure.set(error) }
                done.signal()
            }
            done.wait()
            #expect(failure.value == .notStored)
            _ = try connection.query("ROLLBACK")
        }
        #expect(try await log.commit(requests).results.map(outcome) == ["created at 1", "created at 2"])
        await client.shutdown()
        await stored.close()
    }

    @Test func `One request that a constraint refuses spoils no other of its batch`() async throws {
        let stored = try await StoredLog()
        try await withConnection(stored.url) {
            try $0.execute(script: "ALTER TABLE offers ADD CONSTRAINT unlucky CHECK (premium_per_day NOT IN (4, 13))")
        }
        let commit = try await stored.log.commit(try premiums(1...20))
        var seq = 0
        let expected = (1...20).map { number in
            if number == 4 || number == 13 { return "not_storable" }
            seq += 1
            return "created at \(seq)"
        }
        #expect(commit.results.map(outcome) == expected)
        #expect(commit.events.map(\.seq) == Array(1...18))
        #expect((commit.headBefore, commit.headAfter) == (0, 18))
        #expect(try await stored.log.events(after: 0, limit: 100).count == 18)
        await stored.close()
    }

    @Test func `When half of a split batch fails for another reason the other half keeps its answers`() async throws {
        let stored = try await StoredLog()
        try await withConnection(stored.url) {
            try $0.execute(
                script: """
                    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                        IF NEW.premium_per_day = 2 THEN RAISE check_violation; END IF;
                        IF NEW.premium_per_day = 4 THEN RAISE query_canceled; END IF;
                        RETURN NEW;
                    END $$;
                    CREATE TRIGGER refuse BEFORE INSERT ON offers FOR EACH ROW EXECUTE FUNCTION refuse();
                    """)
        }
        let commit = try await stored.log.commit(try premiums(1...4))
        #expect(commit.results.map(outcome) == ["created at 1", "not_storable", "notStored", "notStored"])
        #expect(try await stored.log.events(after: 0, limit: 10).map(\.seq) == [1])
        await stored.close()
    }

    @Test func `Watermarks and tombstones hold across batches and writers`() async throws {
        let stored = try await StoredLog()
        let other = try makeClient(stored.url) { $0.role = "strikebook_app" }
        let second = PostgresLog(writes: other, reads: other, deployment: deployment, logger: quiet)
        let (early, late) = (try Terms(premium: .one).signed(by: key(3)), try Terms(premium: .max).signed(by: key(3)))
        let all = try signedCancel(.all(writer: early.offer.writer, issuedBefore: 4_000_000_000), by: key(3))
        let lower = try signedCancel(.all(writer: early.offer.writer, issuedBefore: 1), by: key(3))
        #expect(try await stored.commit(.offer(early)).map(outcome) == ["created at 1"])
        #expect(
            try await second.commit([.cancel(all), .cancel(lower)]).results.map(outcome) == ["cancelled at 3", ""])
        let born = try await stored.commit(.offer(late))
        guard case .created(let state)? = born.first else {
            Issue.record("\(born)")
            return
        }
        #expect(state.closed == .init(seq: 4, reason: .cancelled))
        #expect(try await second.commit([.offer(early)]).results.map(outcome) == ["existed at 1"])
        await other.shutdown()
        await stored.close()
    }
}
