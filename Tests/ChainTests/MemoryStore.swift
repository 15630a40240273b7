import Chain
import Ethereum
@_spi(Store) import Market
import Synchronization

@testable import Exchange

/// A database of one test: keeps what plans write, as PostgreSQL would, and shows plans everything. The same histories
/// run against PostgreSQL elsewhere.
final class MemoryStore: ChainStore, Leadership {
    struct Tables {
        var head = LogHead(seq: 0, hash: deployment.domainSeparator, epoch: 7)
        var offers: [Bytes32: OfferState] = [:]
        var tombstones: [LockedState.Tombstone: UInt64] = [:]
        var chain = ChainState()
        var fills: [EventKey: FillState] = [:]
        var headers: [ChainHeader] = []
        var reorgs = 0
        var executions: [Bytes32: ContractExecution] = [:]
        var entries: [LogEntry] = []
    }

    let books = Books()
    private let tables = Mutex(Tables())

    var epoch: Int64? { 1 }
    var all: Tables { tables.withLock { $0 } }

    @discardableResult
    func commit(_ request: WriteRequest) -> WriteResult {
        tables.withLock { tables in
            var state = LockedState(
                head: tables.head, leaderEpoch: 1, nowMicros: Int64(now) * 1_000_000, offers: tables.offers,
                tombstones: tables.tombstones, watermarks: [:])
            state.chain = tables.chain
            var plan = CommitPlan(inParts: [request.inParts(of: 4)], on: state)
            while let part = plan.nextPart() { Self.write(part, to: &tables) }
            _ = books.apply(plan.events)
            return plan.results[0]
        }
    }

    private static func write(_ plan: CommitPlan, to tables: inout Tables) {
        tables.head = plan.head
        tables.entries += plan.entries
        for offer in plan.created {
            tables.offers[offer.offerHash] = offer
            tables.chain.name(offer.signed)
        }
        for closing in plan.closings {
            tables.offers[closing.offerHash] = tables.offers[closing.offerHash]?.closing(
                at: closing.seq, reason: closing.reason, micros: plan.nowMicros)
        }
        for row in plan.cancellations {
            tables.tombstones[.init(offerHash: row.offerHash, signer: row.signer)] = row.seq
        }
        let writes = plan.chain
        for offer in writes.offers {
            precondition(offer.filled <= offer.offer.collateralAmount, "the database refuses this")
            tables.offers[offer.offerHash] = offer
            // What the database derives from the closing row.
            let isByChain = offer.closed.map { closed in
                tables.entries[Int(closed.seq) - 1].txHash != nil
            }
            if isByChain == true {
                tables.chain.closedByChain.insert(offer.offerHash)
            } else {
                tables.chain.closedByChain.remove(offer.offerHash)
            }
        }
        tables.chain.events.merge(writes.events) { $1 }
        tables.chain.options.merge(writes.options) { $1 }
        tables.fills.merge(writes.fills) { $1 }
        tables.reorgs += writes.reorgs.count
        for transaction in writes.removedExecutions { tables.executions[transaction] = nil }
        tables.executions.merge(writes.executions) { stored, _ in stored }
        if let move = writes.cursor {
            let gone = Set(writes.removedBlocks)
            let numbers = Set(move.headers.map(\.number))
            let floor = tables.headers.map(\.number).filter { $0 < move.forgetBelow }.max() ?? 0
            tables.headers.removeAll {
                gone.contains($0.hash) || $0.number < floor || $0.number > move.to.number || numbers.contains($0.number)
            }
            tables.headers += move.headers
            tables.headers.sort { $0.number < $1.number }
            tables.chain.cursor = move.to.hash
            precondition(tables.headers.last?.hash == move.to.hash, "the cursor is the highest header")
        }
    }

    func followedHeaders(_ limit: Int) async throws -> [ChainHeader] {
        tables.withLock { Array($0.headers.suffix(limit).reversed()) }
    }

    func recordedBlocks(from height: UInt64) async throws -> [RecordedBlock] {
        let live = all.chain.events.values.filter { $0.status != .reverted && $0.blockNumber >= height }
        return Dictionary(grouping: live, by: \.key.blockHash)
            .map { RecordedBlock(number: $1[0].blockNumber, hash: $0, events: $1.count) }
            .sorted { $0.number > $1.number }
    }

    func leaderEpoch() async throws -> Int64 { 1 }

    func chainSummary() async throws -> ChainSummary {
        ChainSummary(cursor: nil, reorgs: (0, []), quarantined: (0, []), pending: 0, latestBlockTime: nil)
    }

    /// Everything that must not depend on how the chain was followed.
    var look: ChainLook {
        let tables = all
        var look = ChainLook()
        for offer in tables.offers.values {
            look.offers[offer.offerHash] = [offer.filled, offer.closed == nil ? 1 : 0]
        }
        for (key, fill) in tables.fills where fill.status != .reverted {
            look.fills[key] = "\(fill.status) \(fill.taken) \(fill.offerHash?.hex ?? "-") \(fill.premium ?? 0)"
        }
        for (token, option) in tables.chain.options where option.status != .reverted {
            look.options[token] = option.at(seq: 0)
        }
        for (key, event) in tables.chain.events where event.status != .reverted {
            look.events[key] = "\(event.status) \(event.quarantine ?? "") \(event.text)"
        }
        look.executions = tables.executions
        for isCall in [true, false] {
            books.book(BookID(underlying: address(0xaa), isCall: isCall)).forEach { entry in
                look.rows[entry.state.offerHash] = entry.state.filled
                return true
            }
        }
        return look
    }
}

extension WriteRequest {
    /// The same with parts of so few events that small histories have many.
    func inParts(of size: Int) -> WriteRequest {
        guard case .chain(var update) = self else { return self }
        update.partSize = size
        return .chain(update)
    }
}

/// What readers can see of the chain's doings.
struct ChainLook: Equatable {
    var offers: [Bytes32: [UInt256]] = [:]
    var fills: [EventKey: String] = [:]
    var options: [UInt256: OptionState] = [:]
    var events: [EventKey: String] = [:]
    var rows: [Bytes32: UInt256] = [:]
    var executions: [Bytes32: ContractExecution] = [:]
}
