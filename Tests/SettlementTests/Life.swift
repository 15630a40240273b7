import AsyncHTTPClient
import Ethereum
import Exchange
import Market
import NIOCore
import Settlement
import Store
import Testing

/// Where lives are lived one after the other: a database, a CoW and a clock of its own. Lanes do not meet, so several run
/// at once while one waits for an answer that does not come.
struct Lane {
    let database: SettlementDatabase
    let cow: CowStandIn
    let client: CowClient
    let clock: TestClock
    private let http: HTTPClient

    /// How long the worker waits for CoW here; the one time that is the machine's own.
    private static let timeout = TimeAmount.milliseconds(60)

    init() async throws {
        let clock = TestClock(seconds: expiry + 100)
        self.clock = clock
        database = try await SettlementDatabase()
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: CowClient.configuration)
        cow = try await CowStandIn(chainId: deployment.chainId) { clock.now }
        client = try #require(CowClient(url: cow.url, http: http, timeout: Self.timeout))
    }

    func close() async throws {
        await cow.close()
        try await http.shutdown()
        await database.close()
    }

    /// A worker that lives until `death`.
    func worker(_ death: MortalStore.Death? = nil) -> (SettlementWorker, MortalStore) {
        let (store, clock) = (MortalStore(database.store, death: death), clock)
        let worker = SettlementWorker(
            store: store, cow: client, rules: rules, leadership: Leads(epoch: 0), nowMicros: { clock.nowMicros },
            listeners: [], logger: quiet)
        return (worker, store)
    }
}

/// A settlement's life with a CoW that misbehaves and a worker that is killed and started again.
struct Life {
    let lane: Lane
    let tokenId: UInt64
    /// When the workers die, the next one first.
    var deaths: [MortalStore.Death]
    private(set) var owner = holder

    init(_ lane: Lane, tokenId: UInt64, deaths: [MortalStore.Death] = []) {
        self.lane = lane
        self.tokenId = tokenId
        self.deaths = deaths
    }

    var id: UInt256 { UInt256(tokenId) }

    func settlement() async throws -> OptionSettlement {
        try #require(try await lane.database.store.facts(id).settlement)
    }

    /// Initiates, approves as whoever holds the option, and asks to submit. Waits where an earlier order may still fill.
    func intend() async throws -> OrderUID {
        let desk = lane.database.desk(lane.clock)
        var uid: OrderUID?
        do {
            uid = try await lane.database.approve(tokenId, desk, as: owner)
        } catch let refusal as Rejection where refusal.code == "order_may_fill" {
            let last = try await settlement().orders.map(\.proposal.order.validTo).max() ?? 0
            lane.clock.advance(to: UInt64(last) + 1)
            try await lane.database.confirmBlock(at: lane.clock.now)
        }
        let sure = if let uid { uid } else { try await lane.database.approve(tokenId, desk, as: owner) }
        try await lane.database.request(tokenId, lane.clock)
        return sure
    }

    /// The option goes to the other one.
    mutating func sell() async throws {
        owner = owner.address == holder.address ? buyer : holder
        try await lane.database.move(tokenId, to: owner.address)
    }

    /// Works, killed and started again, until `isOver` or nothing is due any more.
    /// - Parameters:
    ///   - rounds: after which it is given up.
    ///   - every: what happens before each round, which is numbered from 0.
    @discardableResult
    mutating func work(
        rounds: Int = 100, until isOver: (OptionSettlement) -> Bool,
        before every: (_ round: Int, inout Life) async throws -> Void = { _, _ in }
    ) async throws -> OptionSettlement {
        var (worker, store) = lane.worker(deaths.popFirst())
        var settlement = try await settlement()
        for round in 0..<rounds {
            try await every(round, &self)
            await worker.workThroughDue()
            if store.isDead { (worker, store) = lane.worker(deaths.popFirst()) }
            settlement = try await self.settlement()
            guard !isOver(settlement), let due = settlement.orders.compactMap(\.dueAtMicros).min() else { break }
            // To the next thing that is due; a killed one's is due already.
            lane.clock.advance(seconds: max(1, (due - lane.clock.nowMicros) / 1_000_000 + 1))
        }
        return settlement
    }

    /// Goes on some time, and then until no order is watched any more: an order that CoW knows has its end by then.
    mutating func outlive() async throws -> OptionSettlement {
        let settlement = try await work(rounds: 5, until: { $0.status == .completed })
        if settlement.status == .completed { return settlement }
        let last = settlement.orders.map(\.proposal.order.validTo).max() ?? 0
        lane.clock.advance(to: UInt64(last) + 3_601)
        let end = try await work(until: { $0.status == .completed })
        #expect(end.orders.allSatisfy { $0.dueAtMicros == nil }, "option \(tokenId) is at work for ever")
        return end
    }
}

extension Array {
    fileprivate mutating func popFirst() -> Element? { isEmpty ? nil : removeFirst() }
}
