import AsyncHTTPClient
import Ethereum
import Exchange
import Market
import Postgres
import Settlement
import Store
import Testing

@Suite(.serialized, .enabled(if: withServers))
struct DeskTests {
    private func code(_ body: () async throws -> Void) async -> String? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? Rejection)?.code ?? "\(error)"
        }
    }

    @Test func `Fifty at once initiate one proposal, and submit one order`() async throws {
        let database = try await SettlementDatabase(connections: 8)
        let (clock, hearing) = (TestClock(seconds: expiry + 100), SettlementHearing())
        let cow = try await CowStandIn(chainId: deployment.chainId) { clock.now }
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: CowClient.configuration)
        let client = try #require(CowClient(url: cow.url, http: http))
        let worker = SettlementWorker(
            store: database.store, cow: client, rules: rules, leadership: Leads(epoch: 0),
            nowMicros: { clock.nowMicros }, listeners: [hearing], logger: quiet)
        let desk = database.desk(clock, hearing: hearing) { worker.wake() }
        try await database.makeOption(1)
        let initiations = try await withThrowingTaskGroup(of: SettlementDesk.Initiation.self) { group in
            for _ in 0..<50 { group.addTask { try await desk.initiate(1, SettlementWish()) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        var created = 0
        var proposals: Set<SettlementProposal> = []
        for case .created(let proposal) in initiations {
            created += 1
            proposals.insert(proposal)
        }
        for case .stood(let proposal) in initiations { proposals.insert(proposal) }
        #expect(created == 1 && proposals.count == 1 && initiations.count == 50)
        let uid = try await database.approve(1, desk)
        let running = Task { try await worker.run() }
        let submissions = try await withThrowingTaskGroup(of: StoredSettlement.self) { group in
            for _ in 0..<50 { group.addTask { try await desk.submit(1) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(submissions.allSatisfy { $0.settlement.status == .submitted })
        #expect(cow.posts == 1 && cow.taken.map(\.uid) == [uid])
        running.cancel()
        _ = try? await running.value
        let log = try await database.client.query(
            "SELECT event_type FROM transaction_logs WHERE related_id = '1' ORDER BY seq"
        ).map { try $0.text(0) }
        #expect(log == ["settlement_initiated", "settlement_approved", "settlement_submitted"])
        await cow.close()
        try await http.shutdown()
        await database.close()
    }

    @Test func `An approval is the holder's, is hidden until the order is out, and dies with a Transfer`() async throws
    {
        let database = try await SettlementDatabase()
        let clock = TestClock(seconds: expiry + 100)
        let desk = database.desk(clock) {}
        try await database.makeOption(1)
        guard case .created(let proposal) = try await desk.initiate(1, SettlementWish()) else {
            Issue.record("not created")
            return
        }
        let consent = SettlementConsent(conditionsHash: proposal.terms.conditionsHash, own: nil)
        let digest = proposal.terms.digest(deployment)
        let stranger = buyer.sign(digest: digest).bytes65
        #expect(await code { _ = try await desk.approve(1, consent, signature: stranger) } == "signature_mismatch")
        try await database.approve(1, desk)
        // Anybody's session sees none of it, the holder's and the worker's do.
        #expect(try await database.row("SELECT count(*)::text FROM settlement_signatures") == ["0"])
        #expect(try await database.row("SELECT taker_signature::text FROM settlements") == [nil])
        let counts = try await database.client.withConnection { connection in
            try connection.transaction {
                _ = try connection.query("SELECT set_config('strikebook.worker', 'settlement', true)")
                return try connection.query("SELECT count(*) FROM settlement_signatures").single().int64(0)
            }
        }
        #expect(counts == 1)
        try await database.move(1, to: buyer.address)
        #expect(await code { _ = try await desk.submit(1) } == "holder_changed")
        let settlement = try #require(try await database.store.facts(1).settlement)
        #expect(settlement.failure?.reason == .holderChanged)
        await database.close()
    }

    @Test func `An approval that carries its terms stands on its own`() async throws {
        let database = try await SettlementDatabase()
        let clock = TestClock(seconds: expiry + 100)
        let desk = database.desk(clock)
        try await database.makeOption(1)
        let wish = SettlementWish(minBuyAmount: 2_450_000_000, validTo: clock.now + 900)
        guard case .created(let mine) = try await desk.initiate(1, wish),
            case .created = try await desk.initiate(1, SettlementWish(minBuyAmount: 2_499_000_000))
        else {
            Issue.record("not created")
            return
        }
        let signature = holder.sign(digest: mine.terms.digest(deployment)).bytes65
        let hash = mine.terms.conditionsHash
        let bare = SettlementConsent(conditionsHash: hash, own: nil)
        #expect(await code { _ = try await desk.approve(1, bare, signature: signature) } == "terms_changed")
        let own = SettlementConsent(conditionsHash: hash, own: wish)
        let approved = try await desk.approve(1, own, signature: signature)
        #expect(approved.settlement.status == .approved)
        #expect(approved.settlement.present.proposal.uid == mine.uid)
        // Again: the same answer; a stranger's other terms: too late.
        #expect(try await desk.approve(1, bare, signature: signature) == approved)
        #expect(
            await code { _ = try await desk.initiate(1, SettlementWish(minBuyAmount: 2_499_000_000)) }
                == "already_approved")
        #expect(await code { _ = try await desk.submit(1) } == "cow_not_configured")
        await database.close()
    }

    @Test func `Pages of settlements skip none and repeat none`() async throws {
        let database = try await SettlementDatabase()
        let clock = TestClock(seconds: expiry + 100)
        let desk = database.desk(clock)
        for tokenId in 1...7 {
            try await database.makeOption(UInt64(tokenId))
            _ = try await desk.initiate(UInt256(UInt64(tokenId)), SettlementWish())
        }
        try await database.approve(3, desk)
        var filter = SettlementFilter()
        filter.holder = holder.address
        var seen: [UInt256] = []
        var after: UInt256?
        repeat {
            let page = try await database.store.settlements(matching: filter, after: after, limit: 2)
            seen += page.settlements.map(\.settlement.tokenId)
            after = page.next
        } while after != nil
        #expect(seen == (1...7).map { UInt256(UInt64($0)) })
        filter.status = .approved
        let approved = try await database.store.settlements(matching: filter, after: nil, limit: 10)
        #expect(approved.settlements.map(\.settlement.tokenId) == [3])
        let tally = try await database.store.tally()
        #expect(tally.first { $0.status == .initiated }?.count == 6)
        clock.advance(seconds: 4_000)
        #expect(try await database.store.overtaken(atMicros: clock.nowMicros, after: 0, limit: 10).tokenIds.count == 6)
        await database.close()
    }
}
