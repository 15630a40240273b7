import Ethereum
import Exchange
import Market
import Testing

@Suite("What one batch writes")
struct CommitPlanTests {
    @Test("rows are gapless and each chains to the one before")
    func chain() {
        var database = MemoryDatabase()
        let plan = database.commit((1...5).map { .offer(Samples.signed(salt: $0)) })
        #expect(plan.entries.map(\.seq) == [1, 2, 3, 4, 5])
        var previous = Samples.deployment.domainSeparator
        for entry in plan.entries {
            #expect(entry.previousHash == previous)
            previous = entry.hash
        }
        #expect(database.head.hash == previous)
    }

    @Test("a row's hash is keccak256(prev ‖ seq ‖ length-prefixed texts), made here by hand")
    func rowHash() {
        let entry = LogEntry(
            seq: 258, eventType: "offer_created", relatedID: "0xab", data: nil, createdAtMicros: 17,
            previousHash: .zero)
        var bytes = [UInt8](repeating: 0, count: 32) + [0, 0, 0, 0, 0, 0, 1, 2]
        for text in ["offer_created", "0xab", "", "", "17", ""] {
            bytes += [0, 0, 0, UInt8(text.utf8.count)] + Array(text.utf8)
        }
        #expect(entry.hash == Keccak256.hash(bytes))
    }

    @Test("an offer that is there gets its stored row and no new one")
    func repeated() {
        var database = MemoryDatabase()
        let offer = Samples.signed()
        _ = database.commit([.offer(offer)])
        let plan = database.commit([.offer(offer), .offer(offer)])
        #expect(plan.isEmpty)
        for result in plan.results {
            guard case .existed(let stored) = result else {
                Issue.record("not the stored row: \(result)")
                continue
            }
            #expect(stored.seq == 1)
        }
    }

    @Test("a cancel closes its offer once; again it answers where it was closed")
    func cancelTwice() {
        var database = MemoryDatabase()
        let offer = Samples.signed()
        _ = database.commit([.offer(offer)])
        let hash = offer.hashes.offerHash
        let first = database.commit([.cancel(Samples.cancel([hash]))])
        #expect(results(first) == [CancelResult(offerHash: hash, status: .cancelled, seq: 2)])
        let second = database.commit([.cancel(Samples.cancel([hash]))])
        #expect(results(second) == [CancelResult(offerHash: hash, status: .alreadyCancelled, seq: 2)])
        #expect(second.isEmpty)
    }

    @Test("a cancel before its offer is a tombstone: the offer is born cancelled, also in one batch")
    func tombstone() {
        let offer = Samples.signed()
        let hash = offer.hashes.offerHash
        for batches in [[[0], [1]], [[0, 1]]] {
            var database = MemoryDatabase()
            let requests: [WriteRequest] = [.cancel(Samples.cancel([hash])), .offer(offer)]
            let plans = batches.map { batch in database.commit(batch.map { requests[$0] }) }
            let answered = plans.flatMap(\.results)
            guard case .cancelled(let cancels, _) = answered[0], case .created(let state) = answered[1] else {
                Issue.record("\(answered)")
                continue
            }
            #expect(cancels.map(\.status) == [.tombstoned])
            #expect(state.status(now: Samples.now) == .cancelled)
        }
    }

    @Test("another's tombstone does not bite")
    func foreignTombstone() {
        var database = MemoryDatabase()
        let offer = Samples.signed(writer: 1)
        _ = database.commit([.cancel(Samples.cancel([offer.hashes.offerHash], by: 2))])
        guard case .created(let state) = database.commit([.offer(offer)]).results[0] else {
            Issue.record("not created")
            return
        }
        #expect(state.closed == nil)
    }

    @Test("a cancel that names another's offer cancels nothing")
    func foreignOffer() {
        var database = MemoryDatabase()
        let (mine, theirs) = (Samples.signed(writer: 1), Samples.signed(writer: 2))
        _ = database.commit([.offer(mine), .offer(theirs)])
        let plan = database.commit([.cancel(Samples.cancel([mine.hashes.offerHash, theirs.hashes.offerHash]))])
        guard case .rejected(let rejection) = plan.results[0] else {
            Issue.record("not refused")
            return
        }
        #expect(rejection.code == "not_the_writer")
        #expect(plan.isEmpty)
    }

    @Test("a watermark closes what was accepted before it, and catches what is accepted under it later")
    func watermark() {
        var database = MemoryDatabase()
        let (old, foreign) = (Samples.signed(salt: 1), Samples.signed(writer: 2, salt: 1))
        _ = database.commit([.offer(old), .offer(foreign)])
        let plan = database.commit([.cancel(Samples.cancelAll(before: Samples.now + 60))], now: Samples.now + 1)
        #expect(results(plan).map(\.offerHash) == [old.hashes.offerHash])
        guard
            case .created(let caught) = database.commit([.offer(Samples.signed(salt: 2))], now: Samples.now + 59)
                .results[0],
            case .created(let free) = database.commit([.offer(Samples.signed(salt: 3))], now: Samples.now + 60).results[
                0]
        else {
            Issue.record("not created")
            return
        }
        #expect(caught.status(now: Samples.now) == .cancelled)
        #expect(free.status(now: Samples.now) == .open)
        #expect(database.offers[foreign.hashes.offerHash]?.closed == nil)
    }

    @Test("a watermark is never lowered")
    func lowerWatermark() {
        var database = MemoryDatabase()
        _ = database.commit([.cancel(Samples.cancelAll(before: Samples.now + 10))])
        #expect(database.commit([.cancel(Samples.cancelAll(before: Samples.now))]).isEmpty)
        #expect(database.watermarks[Samples.address(1)] == Samples.now + 10)
    }

    @Test(
        "the deadline is the last second at which an offer can be taken",
        arguments: [(Samples.now + 3_600, 0), (Samples.now + 3_601, 1)])
    func expiry(at moment: UInt64, expired: Int) {
        var database = MemoryDatabase()
        let offer = Samples.signed(deadline: Samples.now + 3_600)
        _ = database.commit([.offer(offer)])
        let plan = database.commit([.expire([offer.hashes.offerHash], leaderEpoch: 1)], now: moment)
        guard case .expired(let count) = plan.results[0] else {
            Issue.record("\(plan.results)")
            return
        }
        #expect(count == expired)
    }

    @Test("an old leader writes nothing")
    func oldLeader() {
        var database = MemoryDatabase()
        let offer = Samples.signed()
        _ = database.commit([.offer(offer)])
        database.leaderEpoch = 2
        let plan = database.commit([.expire([offer.hashes.offerHash], leaderEpoch: 1)], now: Samples.now + 9_999)
        #expect(plan.isEmpty)
    }

    @Test("an expired offer's cancel is recorded, should a reorg give it back")
    func cancelExpired() {
        var database = MemoryDatabase()
        let offer = Samples.signed()
        let hash = offer.hashes.offerHash
        _ = database.commit([.offer(offer)])
        _ = database.commit([.expire([hash], leaderEpoch: 1)], now: Samples.now + 9_999)
        let plan = database.commit([.cancel(Samples.cancel([hash]))], now: Samples.now + 10_000)
        #expect(results(plan) == [CancelResult(offerHash: hash, status: .expired, seq: 3)])
        #expect(plan.cancellations.count == 1)
    }

    private func results(_ plan: CommitPlan) -> [CancelResult] {
        guard case .cancelled(let results, _)? = plan.results.first else { return [] }
        return results
    }
}
