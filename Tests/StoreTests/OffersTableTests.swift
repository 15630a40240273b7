import Ethereum
import Exchange
import Market
import Postgres
import TestServers
import Testing

@testable import Store

@Suite struct OffersTableTests {
    @Test func `An offer is found by each of its three hashes, and reads as it was written`() async throws {
        let stored = try await StoredLog()
        let extremes = Terms(
            collateral: .max, premium: .max, days: 1...365, deadline: 4_000_000_000)
        let offers = [try Terms().signed(by: key(1)), try extremes.signed(by: key(2))]
        let results = try await stored.commit(.offer(offers[0]), .offer(offers[1]))
        for (offer, result) in zip(offers, results) {
            guard case .created(let state) = result else {
                Issue.record("not created: \(result)")
                continue
            }
            let hashes = offer.hashes
            for hash in [hashes.offerHash, hashes.structHash, offer.encodedHash] {
                let found = try await stored.log.offer(named: hash)
                #expect(found == state)
                #expect(found?.signed == offer)
            }
        }
        #expect(try await stored.log.offer(named: .zero) == nil)
        await stored.close()
    }

    /// A few hundred offers of four makers in every status a posting or a cancel can give.
    private func makeBook() async throws -> (StoredLog, [OfferState]) {
        let stored = try await StoredLog()
        var random = SplitMix(seed: 7)
        for round in 0..<20 {
            var requests: [WriteRequest] = []
            var offers: [(SignedOffer, PrivateKey)] = []
            for number in 0..<10 {
                let maker = try key(random.next() % 4)
                let first = UInt16(1 + random.next() % 60)
                let terms = Terms(
                    underlying: random.next() % 3 == 0 ? wbtc : weth,
                    stablecoin: random.next() % 4 == 0 ? address(2_001) : usdc, isCall: random.next() % 2 == 0,
                    premium: UInt256(UInt64(round * 10 + number + 1)),
                    days: first...(first + UInt16(random.next() % 60)),
                    deadline: random.next() % 8 == 0 ? 1_000 : 4_000_000_000)
                offers.append((try terms.signed(by: maker), maker))
            }
            requests += offers.map { .offer($0.0) }
            for (offer, maker) in offers where random.next() % 4 == 0 {
                requests.append(.cancel(try signedCancel(.offers([offer.hashes.offerHash]), by: maker)))
            }
            // The overdue of every other round are swept; the others wait for it.
            if round.isMultiple(of: 2) {
                requests.append(.expire(offers.map { $0.0.hashes.offerHash }, leaderEpoch: 0))
            }
            _ = try await stored.log.commit(requests)
        }
        try TestPostgres.shared().psql(
            """
            INSERT INTO filled_amounts SELECT offer_hash, collateral_amount, 5 FROM offers
            WHERE closed_seq IS NULL AND seq % 5 = 0;
            INSERT INTO filled_amounts SELECT offer_hash, collateral_amount, 0 FROM offers
            WHERE closed_seq IS NULL AND seq % 5 = 1
            """, database: databaseName(stored.url))
        let all = try await stored.read { connection in
            try connection.query("SELECT \(OfferRow.columns) FROM \(OfferRow.tables) ORDER BY o.seq")
                .map { try OfferRow.read($0) }
        }
        return (stored, all)
    }

    /// What a listing must hold, by the words of the interface.
    private func keeps(_ filter: OfferFilter, _ state: OfferState) -> Bool {
        let offer = state.offer
        if let writer = filter.writer, offer.writer != writer { return false }
        if let token = filter.underlying, offer.underlying != token { return false }
        if let token = filter.stablecoin, offer.stablecoin != token { return false }
        if let isCall = filter.isCall, offer.isCall != isCall { return false }
        if let days = filter.minDuration, offer.maxDuration < days { return false }
        if let days = filter.maxDuration, offer.minDuration > days { return false }
        if let micros = filter.createdAfterMicros, state.createdAtMicros <= micros { return false }
        if let hashes = filter.hashes {
            let own = state.signed.hashes
            if !hashes.contains(where: { [own.offerHash, own.structHash, state.signed.encodedHash].contains($0) }) {
                return false
            }
        }
        guard let status = filter.status else { return true }
        // An overdue offer whose expiry is not logged yet is in no listing by status.
        if state.closed == nil, offer.deadline < 2_000 { return false }
        return state.status(now: 2_000) == status
    }

    @Test func `Every filter keeps what a plain search keeps, whatever the size of a page and of the bound`()
        async throws
    {
        let (stored, all) = try await makeBook()
        #expect(all.count == 200)
        #expect(Set(all.map { $0.status(now: 2_000) }).count == 4)
        var random = SplitMix(seed: 11)
        for _ in 0..<100 {
            var filter = OfferFilter()
            if random.next() % 3 == 0 { filter.writer = try key(random.next() % 5).address }
            if random.next() % 3 == 0 { filter.underlying = random.next() % 2 == 0 ? weth : wbtc }
            if random.next() % 4 == 0 { filter.stablecoin = random.next() % 2 == 0 ? usdc : address(2_001) }
            if random.next() % 4 == 0 { filter.isCall = random.next() % 2 == 0 }
            if random.next() % 2 == 0 { filter.status = OfferStatus.allCases.randomElement(using: &random) }
            if random.next() % 4 == 0 { filter.minDuration = UInt16(random.next() % 100) }
            if random.next() % 4 == 0 { filter.maxDuration = UInt16(random.next() % 100) }
            if random.next() % 4 == 0 { filter.createdAfterMicros = all.randomElement(using: &random)?.createdAtMicros }
            if random.next() % 8 == 0 {
                filter.hashes = all.shuffled(using: &random).prefix(9).enumerated().map { index, state in
                    let own = state.signed.hashes
                    return [own.offerHash, own.structHash, state.signed.encodedHash, .zero][index % 4]
                }
            }
            let limit = Int(3 + random.next() % 60)
            let maximum = [5, 30, 200, 20_000].randomElement(using: &random) ?? 1
            let (asked, expected) = (filter, all.filter { keeps(filter, $0) }.map(\.seq))
            let pages = try await stored.read { connection in
                try connection.transaction {
                    var pages: [[UInt64]] = []
                    var next: UInt64? = 0
                    while let seq = next {
                        let page = try OffersTable.list(
                            asked, after: seq, limit: limit, examining: maximum, on: connection)
                        pages.append(page.offers.map(\.seq))
                        next = page.nextSeq
                    }
                    return pages
                }
            }
            #expect(pages.flatMap { $0 } == expected, "\(filter), limit \(limit), maximum \(maximum)")
            #expect(pages.allSatisfy { $0.count <= limit })
        }
        await stored.close()
    }

    @Test func `A page says which head it reflects`() async throws {
        let stored = try await StoredLog()
        let empty = try await stored.log.offers(matching: OfferFilter(), after: 0, limit: 10)
        #expect(empty.headSeq == 0)
        #expect(empty.offers.isEmpty && empty.nextSeq == nil)
        let results = try await stored.commit(.offer(try Terms().signed(by: key(1))))
        let page = try await stored.log.offers(matching: OfferFilter(), after: 0, limit: 10)
        #expect(page.headSeq == 1)
        guard case .created(let state) = results[0] else {
            Issue.record("not created")
            return
        }
        #expect(page.headAtMicros == state.createdAtMicros)
        #expect(page.offers == [state])
        await stored.close()
    }

    @Test func `Loading gives exactly the open offers, in order, and each book's last change`() async throws {
        let (stored, all) = try await makeBook()
        let (offers, collector) = AsyncStream.makeStream(of: OfferState.self)
        let snapshot = try await stored.log.openBooks { collector.yield($0) }
        collector.finish()
        var loaded: [OfferState] = []
        for await offer in offers { loaded.append(offer) }
        #expect(loaded == all.filter { $0.closed == nil })
        #expect(snapshot.head.seq >= all.map(\.seq).max() ?? 0)
        var last: [BookID: UInt64] = [:]
        for state in all {
            let book = BookID(state.offer)
            let bornCancelled = state.closed?.seq == state.seq
            last[book] = max(last[book] ?? 0, bornCancelled ? 0 : state.seq, state.closed?.seq ?? 0)
        }
        #expect(Dictionary(uniqueKeysWithValues: snapshot.lastChanges.map { ($0.book, $0.seq) }) == last)
        await stored.close()
    }
}
