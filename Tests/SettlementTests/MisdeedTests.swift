import Ethereum
import Exchange
import Foundation
import Market
import Postgres
import Testing

/// What happens in one life, all of it decided by its seed.
private struct Plan {
    /// How one order is treated by CoW, and what becomes of it.
    struct Intent {
        var misdeeds: [CowStandIn.Misdeed]
        var lookUps: [CowStandIn.Misdeed]
        /// What CoW says of it once it is there.
        var fate: String
        /// The round of the worker before which the option changes hands.
        var soldBefore: Int?
    }

    var intents: [Intent]
    var deaths: [MortalStore.Death]
    /// Whether what CoW gave up fills after all.
    var fillsLate: Bool

    init(seed: UInt64) {
        var generator = SplitMix(state: seed)
        intents = (0..<(1 + generator.next() % 3)).map { _ in
            Intent(
                misdeeds: (0..<(generator.next() % 4)).compactMap { _ in
                    CowStandIn.Misdeed.allCases.randomElement(using: &generator)
                },
                lookUps: (0..<(generator.next() % 3)).compactMap { _ in
                    [CowStandIn.Misdeed.timeOut, .serverError, .html, .huge, .redirect, .cutAfterTaking].randomElement(
                        using: &generator)
                },
                fate: ["fulfilled", "cancelled", "expired", "fulfilled"][Int(generator.next() % 4)],
                soldBefore: generator.next() % 3 == 0 ? Int(generator.next() % 3) : nil)
        }
        deaths = (0..<(generator.next() % 5)).map { _ in
            MortalStore.Death(atChange: Int(generator.next() % 4), isStored: generator.next() % 2 == 0)
        }
        fillsLate = generator.next() % 3 == 0
    }
}

@Suite(.serialized, .enabled(if: withServers))
struct MisdeedTests {
    /// How many lives; CI takes some seconds over them. STRIKEBOOK_TEST_SETTLEMENTS=1000 takes minutes.
    private static let lives =
        ProcessInfo.processInfo.environment["STRIKEBOOK_TEST_SETTLEMENTS"].flatMap(UInt64.init) ?? 60
    private static let lanes: UInt64 = 4
    private static let proceeds: UInt256 = 2_400_000_000

    @Test func `Whatever CoW does and wherever the worker is killed, each intent is one order and the end is right`()
        async throws
    {
        let ends = try await withThrowingTaskGroup(of: [String: Int].self) { group in
            for number in 1...Self.lanes {
                group.addTask {
                    let lane = try await Lane()
                    var ends: [String: Int] = [:]
                    for seed in stride(from: number, through: Self.lives, by: Int(Self.lanes)) {
                        ends[try await live(seed, lane), default: 0] += 1
                    }
                    try await lane.close()
                    return ends
                }
            }
            return try await group.reduce(into: [:]) { $0.merge($1) { $0 + $1 } }
        }
        print("\(ends.values.reduce(0, +)) lives:", ends.sorted { $0.value > $1.value }.map { "\($0) \($1)" })
        #expect(ends.values.reduce(0, +) == Int(Self.lives))
        #expect(ends.count > 2, "\(ends)")
    }

    /// One life; how it ended.
    private func live(_ seed: UInt64, _ lane: Lane) async throws -> String {
        let plan = Plan(seed: seed)
        var life = Life(lane, tokenId: seed, deaths: plan.deaths)
        let comment = "seed \(seed): \(plan)"
        try await lane.database.makeOption(seed)
        var intended: Set<OrderUID> = []
        let before = Set(lane.cow.taken.map(\.uid))
        var settlement: OptionSettlement?
        for intent in plan.intents {
            let uid = try await life.intend()
            intended.insert(uid)
            lane.cow.misbehave(intent.misdeeds, lookUps: intent.lookUps)
            settlement = try await life.work(until: { $0.status != .approved }) { round, life in
                if round == intent.soldBefore { try await life.sell() }
            }
            lane.cow.arrive()
            if settlement?.status == .submitted {
                #expect(lane.cow.taken.contains { $0.uid == uid }, "submitted, but CoW has it not; \(comment)")
                lane.cow.end(uid, intent.fate, executed: Self.proceeds)
                settlement = try await life.work(until: { $0.status != .submitted })
            }
            if settlement?.status == .completed { break }
        }
        let mine = lane.cow.taken.filter { !before.contains($0.uid) }
        if plan.fillsLate, settlement?.status == .failed,
            let late = mine.first(where: { UInt64($0.uid.validTo) >= lane.clock.now })
        {
            lane.cow.end(late.uid, "fulfilled", executed: Self.proceeds)
        }
        settlement = try await life.outlive()

        #expect(Set(mine.map(\.uid)).isSubset(of: intended), "an order that nobody approved; \(comment)")
        #expect(lane.cow.complaints.isEmpty, "\(lane.cow.complaints); \(comment)")
        try await Self.checkEnd(try #require(settlement), lane, mine.map(\.uid), comment)
        return "\(settlement?.status.rawValue ?? "") \(settlement?.failure?.reason.rawValue ?? "")"
    }

    /// CoW knows what became of the orders: what is stored must be that, and the log must say how it came to it.
    private static func checkEnd(
        _ settlement: OptionSettlement, _ lane: Lane, _ mine: [OrderUID], _ comment: String
    ) async throws {
        let filled = lane.cow.taken.first { mine.contains($0.uid) && $0.status == "fulfilled" }
        if let filled {
            #expect(settlement.status == .completed, "\(comment)")
            #expect(settlement.completion?.proceeds == proceeds, "\(comment)")
            #expect(
                settlement.completion.flatMap { settlement.order($0.attempt) }?.proposal.uid == filled.uid,
                "\(comment)")
        } else {
            #expect(settlement.status == .failed, "\(comment)")
        }
        let log = try await lane.database.client.query(
            """
            SELECT substr(event_type, 12) FROM transaction_logs
            WHERE related_id = \(settlement.tokenId.decimalString) AND event_type LIKE 'settlement_%' ORDER BY seq
            """
        ).map { try $0.text(0) }
        let steps: [String: Set<String>] = [
            "": ["initiated"], "initiated": ["initiated", "approved", "failed"],
            "approved": ["submitted", "failed", "completed"], "submitted": ["completed", "failed"],
            "failed": ["initiated", "completed"], "completed": [],
        ]
        for (from, to) in zip([""] + log, log) { #expect(steps[from]?.contains(to) == true, "\(log); \(comment)") }
        #expect(log.last == settlement.status.rawValue, "\(comment)")
    }

    /// A misdeed, and the one step of the worker that is not survived.
    private struct Case {
        let misdeed: CowStandIn.Misdeed
        let death: MortalStore.Death

        static let all = CowStandIn.Misdeed.allCases.flatMap { misdeed in
            (0..<3).flatMap { change in
                [false, true].map { Case(misdeed: misdeed, death: .init(atChange: change, isStored: $0)) }
            }
        }
    }

    @Test func `One misdeed, one kill at each step`() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<Int(Self.lanes) {
                group.addTask {
                    let lane = try await Lane()
                    for index in stride(from: number, to: Case.all.count, by: Int(Self.lanes)) {
                        try await live(Case.all[index], tokenId: UInt64(index + 1), lane)
                    }
                    #expect(lane.cow.complaints.isEmpty)
                    try await lane.close()
                }
            }
            try await group.waitForAll()
        }
    }

    private func live(_ one: Case, tokenId: UInt64, _ lane: Lane) async throws {
        try await lane.database.makeOption(tokenId)
        var life = Life(lane, tokenId: tokenId, deaths: [one.death])
        let uid = try await life.intend()
        let before = lane.cow.taken.count
        lane.cow.misbehave([one.misdeed])
        let settlement = try await life.work(until: { $0.status != .approved })
        let isTaken = lane.cow.taken.contains { $0.uid == uid }
        #expect(lane.cow.taken.count - before <= 1, "\(one)")
        switch (one.misdeed, settlement.failure?.reason) {
        case (.tooManyOrders, .refused?), (.strangeUID, .uidMismatch?): #expect(!isTaken, "\(one)")
        case (.wrongUID, .uidMismatch?): #expect(isTaken, "\(one)")
        default: #expect(settlement.status == .submitted && isTaken, "\(one)")
        }
        lane.cow.end(uid, "fulfilled", executed: Self.proceeds)
        #expect(try await life.outlive().status == (isTaken ? .completed : .failed), "\(one)")
    }
}
