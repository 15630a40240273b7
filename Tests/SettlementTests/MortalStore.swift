import Ethereum
import Exchange
import Market
import Store
import Synchronization

/// The store as a process sees it that is killed at a chosen moment: before the n-th step is stored, or right after.
final class MortalStore: SettlementStore {
    struct Killed: Error {}

    /// When the process ends.
    struct Death: Sendable {
        /// Which change it does not survive, from 0.
        var atChange: Int
        /// Whether that change was stored.
        var isStored: Bool
    }

    private struct State {
        var changes = 0
        var isDead = false
    }

    private let store: PostgresSettlements
    private let death: Death?
    private let state = Mutex(State())

    init(_ store: PostgresSettlements, death: Death?) {
        self.store = store
        self.death = death
    }

    var isDead: Bool { state.withLock { $0.isDead } }

    func change<Value: Sendable>(
        _ tokenId: UInt256, by actor: SettlementActor,
        _ decide: @escaping @Sendable (SettlementFacts) throws -> (SettlementStep, Value)
    ) async throws -> SettlementChange<Value> {
        let isLast = try state.withLock { state in
            guard !state.isDead else { throw Killed() }
            defer { state.changes += 1 }
            state.isDead = death?.atChange == state.changes
            return state.isDead
        }
        if isLast, death?.isStored == false { throw Killed() }
        let change = try await store.change(tokenId, by: actor, decide)
        if isLast { throw Killed() }
        return change
    }

    func facts(_ tokenId: UInt256) async throws -> SettlementFacts { try await store.facts(tokenId) }

    func due(atMicros nowMicros: Int64, limit: Int) async throws -> [DueOrder] {
        if isDead { throw Killed() }
        return try await store.due(atMicros: nowMicros, limit: limit)
    }

    func overtaken(atMicros nowMicros: Int64, after seq: UInt64, limit: Int) async throws -> OvertakenSettlements {
        if isDead { throw Killed() }
        return try await store.overtaken(atMicros: nowMicros, after: seq, limit: limit)
    }

    func settlements(
        matching filter: SettlementFilter, after: UInt256?, limit: Int
    ) async throws -> SettlementListing { try await store.settlements(matching: filter, after: after, limit: limit) }

    func tally() async throws -> [SettlementTally] { try await store.tally() }

    func stuck(atMicros nowMicros: Int64, limit: Int) async throws -> [StuckSettlement] {
        try await store.stuck(atMicros: nowMicros, limit: limit)
    }
}
