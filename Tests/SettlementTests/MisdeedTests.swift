import AsyncHTTPClient
import Ethereum
import Exchange
import Foundation
import Market
import NIOCore
import Settlement
import Store
import Testing

/// A settlement's life from approval to its end with a CoW that misbehaves and a worker that is killed, on a real
/// PostgreSQL and a real socket.
struct Life {
    let database: SettlementDatabase
    let cow: CowStandIn
    let client: CowClient
    let clock = TestClock(seconds: expiry + 100)

    /// A worker that lives until `death`.
    func worker(_ death: MortalStore.Death? = nil) -> (SettlementWorker, MortalStore) {
        let store = MortalStore(database.store, death: death)
        let worker = SettlementWorker(
            store: store, cow: client, rules: rules, leadership: Leads(epoch: 0), nowMicros: { clock.nowMicros },
            listeners: [], logger: quiet)
        return (worker, store)
    }

    /// Works, killed at each of `deaths` and started again, until `isOver` or an hour and a half have passed.
    func work(deaths: [MortalStore.Death], until isOver: (OptionSettlement) -> Bool, _ tokenId: UInt64) async throws
        -> OptionSettlement
    {
        var deaths = deaths
        var (worker, store) = worker(deaths.isEmpty ? nil : deaths.removeFirst())
        var settlement: OptionSettlement?
        for _ in 0..<2_000 {
            await worker.workThroughDue()
            if store.isDead { (worker, store) = self.worker(deaths.isEmpty ? nil : deaths.removeFirst()) }
            settlement = try await database.store.facts(UInt256(tokenId)).settlement
            if let settlement, isOver(settlement) { return settlement }
            if clock.now > expiry + 7_000 { break }
            // To the next thing that is due.
            let due = settlement?.orders.compactMap(\.dueAtMicros).min() ?? clock.nowMicros
            clock.advance(seconds: max(1, (due - clock.nowMicros) / 1_000_000 + 1))
        }
        return try #require(settlement)
    }
}

@Suite(.serialized, .enabled(if: ProcessInfo.processInfo.environment["STRIKEBOOK_TEST_SETTLEMENTS"] != nil))
struct MisdeedTests {
    /// How many runs; a thousand take some minutes: STRIKEBOOK_TEST_SETTLEMENTS=1000.
    private static let runs =
        ProcessInfo.processInfo.environment["STRIKEBOOK_TEST_SETTLEMENTS"].flatMap(Int.init) ?? 40

    @Test func `Whatever CoW does and wherever the worker is killed, one order is at CoW and the end is right`()
        async throws
    {
        let database = try await SettlementDatabase()
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: CowClient.configuration)
        let cow = try await CowStandIn(chainId: deployment.chainId)
        let client = try #require(CowClient(url: cow.url, http: http, timeout: .milliseconds(60)))
        var ends: [String: Int] = [:]
        for seed in 1...Self.runs {
            let end = try await run(UInt64(seed), Life(database: database, cow: cow, client: client))
            ends[end, default: 0] += 1
        }
        #expect(cow.complaints.isEmpty)
        #expect(ends.count > 1, "\(ends)")
        await cow.close()
        try await http.shutdown()
        await database.close()
    }

    /// One life; how it ended.
    private func run(_ seed: UInt64, _ life: Life) async throws -> String {
        var generator = SplitMix(state: seed)
        let misdeeds = (0..<(generator.next() % 4)).compactMap { _ in
            CowStandIn.Misdeed.allCases.randomElement(using: &generator)
        }
        let lookUps = (0..<(generator.next() % 3)).compactMap { _ in
            [CowStandIn.Misdeed.timeOut, .serverError, .html, .huge, .redirect, .cutAfterTaking].randomElement(
                using: &generator)
        }
        let deaths = (0..<(generator.next() % 4)).map { _ in
            MortalStore.Death(atChange: Int(generator.next() % 5), isStored: generator.next() % 2 == 0)
        }
        let fate = ["fulfilled", "cancelled", "expired", "fulfilled"][Int(generator.next() % 4)]
        let comment = "seed \(seed): \(misdeeds), \(lookUps), \(deaths), \(fate)"

        try await life.database.makeOption(seed)
        let uid = try await life.database.approve(seed, life.database.desk(life.clock))
        try await life.database.request(seed, life.clock)
        let before = Set(life.cow.taken.map(\.uid))
        life.cow.misbehave(misdeeds, lookUps: lookUps)

        // Until CoW has confirmed it, or it failed; then the order meets its fate, and the worker finds out.
        _ = try await life.work(deaths: deaths, until: { $0.status != .approved }, seed)
        life.cow.end(fate, executed: 2_400_000_000)
        let isTaken = life.cow.taken.contains { $0.uid == uid }
        let settlement = try await life.work(
            deaths: [],
            until: { isTaken && fate == "fulfilled" ? $0.status == .completed : $0.present.dueAtMicros == nil }, seed)

        let new = Set(life.cow.taken.map(\.uid)).subtracting(before)
        #expect(new.isSubset(of: [uid]), "\(comment)")
        if isTaken, fate == "fulfilled" {
            #expect(settlement.status == .completed, "\(comment)")
            #expect(settlement.completion?.proceeds == 2_400_000_000, "\(comment)")
        } else {
            #expect(settlement.status == .failed, "\(comment)")
        }
        return "\(settlement.status.rawValue) \(settlement.failure?.reason.rawValue ?? "")"
    }

    @Test func `One misdeed, one kill at each step`() async throws {
        let database = try await SettlementDatabase()
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: CowClient.configuration)
        let cow = try await CowStandIn(chainId: deployment.chainId)
        let client = try #require(CowClient(url: cow.url, http: http, timeout: .milliseconds(60)))
        var tokenId: UInt64 = 0
        for misdeed in CowStandIn.Misdeed.allCases {
            for atChange in 0..<3 {
                for isStored in [false, true] {
                    tokenId += 1
                    let comment = "\(misdeed), killed at step \(atChange), stored: \(isStored)"
                    let life = Life(database: database, cow: cow, client: client)
                    try await database.makeOption(tokenId)
                    let uid = try await database.approve(tokenId, database.desk(life.clock))
                    try await database.request(tokenId, life.clock)
                    let before = cow.taken.count
                    cow.misbehave([misdeed])
                    let settlement = try await life.work(
                        deaths: [.init(atChange: atChange, isStored: isStored)], until: { $0.status != .approved },
                        tokenId)
                    #expect(cow.taken.count - before <= 1, "\(comment)")
                    let isTaken = cow.taken.contains { $0.uid == uid }
                    switch (misdeed, settlement.failure?.reason) {
                    case (.tooManyOrders, .refused?): #expect(!isTaken, "\(comment)")
                    case (.wrongUID, .uidMismatch?): #expect(isTaken, "\(comment)")
                    default: #expect(settlement.status == .submitted && isTaken, "\(comment)")
                    }
                }
            }
        }
        #expect(cow.complaints.isEmpty)
        await cow.close()
        try await http.shutdown()
        await database.close()
    }
}
