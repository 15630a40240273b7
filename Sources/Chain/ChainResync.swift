public import Ethereum
public import Exchange
import Market

/// Brings what is stored of the chain to what a node has, from some block on: withdraws what the chain no longer has, takes
/// in what it has, and puts the cursor back into the chain. It goes on where a reorg was too deep for the follower.
///
/// Nothing is taken for granted but the database: a run that was cut off, or one beside a follower at work, leaves a state
/// from which the next run ends in the same place. Deep blocks come in as they are; the last of them in one update with the
/// cursor, whose headers show a later reorg.
public struct ChainResync: Sendable {
    /// What a run did.
    public struct Outcome: Sendable, Hashable {
        /// The first block that was compared.
        public internal(set) var from: UInt64 = 0
        /// Where the cursor stands now.
        public internal(set) var cursor: ChainHeader?
        /// Blocks with events that the chain no longer has.
        public internal(set) var withdrawnBlocks = 0
        /// Events withdrawn with them.
        public internal(set) var withdrawnEvents = 0
        /// Events that were missing.
        public internal(set) var applied = 0
        /// Events that were there already.
        public internal(set) var known = 0
    }

    /// Why nothing was, or can be, brought in line; a sentence.
    public struct Refused: Error, CustomStringConvertible {
        /// What is the matter and what to do.
        public let description: String
    }

    /// Runs in a row that a follower may come in between.
    private static let attempts = 8
    /// Blocks below the end that come with the cursor: those that a reorg may reach.
    static let window = UInt64(FollowedChain.deepestReorg)
    /// Followed headers that are looked at: all that the follower keeps.
    private static let headers = 10_000
    /// Headers asked for at a time.
    private static let batch = 100

    let node: any ChainNode
    let store: any ChainStore
    let contract: Address
    let confirmations: UInt64
    let write: @Sendable (ChainUpdate) async -> WriteResult
    let progress: @Sendable (UInt64) -> Void

    /// A run over `node` and `store`, whose updates go to `write`; `progress` hears which block was reached.
    public init(
        node: any ChainNode, store: any ChainStore, contract: Address, confirmations: UInt64,
        progress: @escaping @Sendable (UInt64) -> Void = { _ in },
        write: @escaping @Sendable (ChainUpdate) async -> WriteResult
    ) {
        self.node = node
        self.store = store
        self.contract = contract
        self.confirmations = confirmations
        self.progress = progress
        self.write = write
    }

    /// Compares from block `from` on; nil begins after the newest block that both know.
    /// - Throws: `Refused`, what the node fails with, or the database's error.
    public func run(from: UInt64? = nil) async throws -> Outcome {
        var outcome = Outcome()
        for _ in 1..<Self.attempts where try await attempt(from, &outcome) { return outcome }
        if try await attempt(from, &outcome) { return outcome }
        throw Refused(description: "the cursor moves faster than it can be compared; stop the service and try again")
    }

    /// - Returns: false when somebody moved the cursor meanwhile.
    private func attempt(_ from: UInt64?, _ outcome: inout Outcome) async throws -> Bool {
        let followed = try await store.followedHeaders(Self.headers)
        guard let cursor = followed.first else {
            throw Refused(description: "this database never followed a chain; serve begins with --start-block")
        }
        let head = try await node.head().header
        if head.number < cursor.number, followed.contains(where: { $0.hash == head.hash }) {
            throw Refused(
                description: "the node's newest block is \(head.number), which was followed, but the cursor is at "
                    + "\(cursor.number): the node lags. Try again when it has caught up")
        }
        // What lies above both is nobody's but the operator's, who posted it.
        let highest = max(head.number, cursor.number)
        let recorded = try await store.recordedBlocks(from: from ?? 0).filter { $0.number <= highest }
        let stale = try await self.stale(recorded, head, stopAtFirst: from == nil)
        let strayed = try await self.stale(
            followed.map { RecordedBlock(number: $0.number, hash: $0.hash, events: 0) }, head, stopAtFirst: true)
        let isAstray = strayed.blocks.contains { $0.hash == cursor.hash }
        let last = isAstray ? head.number : cursor.number
        guard let start = from ?? [stale.common, strayed.common].compactMap({ $0 }).max().map({ $0 + 1 }) else {
            throw Refused(
                description: "no block that is known here is in the node's chain; say by --from where to begin, as the "
                    + "service's --start-block")
        }
        let first = min(start, last + 1)
        if let from, from > last { throw Refused(description: "--from \(from) is above the chain's block \(last)") }
        outcome.from = first
        try await withdraw(stale.blocks, &outcome)
        let base = last > Self.window ? max(first, last - Self.window) : first
        if first < base { try await takeIn(first, base - 1, tip: last, &outcome) }
        return try await finish(base, last, cursor, strayed.blocks.map(\.hash), &outcome)
    }

    /// Those of `recorded` (highest first) that the node's chain does not have.
    /// - Returns: them, highest first, and the height of the newest that it has.
    private func stale(
        _ recorded: [RecordedBlock], _ head: ChainHeader, stopAtFirst: Bool
    ) async throws -> (blocks: [RecordedBlock], common: UInt64?) {
        var blocks: [RecordedBlock] = []
        var common: UInt64?
        var start = 0
        while start < recorded.count {
            let part = recorded[start..<min(start + Self.batch, recorded.count)]
            start = part.endIndex
            let within = part.filter { $0.number <= head.number }
            blocks += part.filter { $0.number > head.number }
            let theirs = try await node.headers(at: within.map(\.number))
            for (block, header) in zip(within, theirs) {
                if header?.header.hash != block.hash {
                    blocks.append(block)
                } else if common == nil {
                    common = block.number
                }
            }
            if stopAtFirst, common != nil { break }
        }
        return (blocks, common)
    }
}

/// The updates of a run.
extension ChainResync {
    /// Withdraws blocks, the highest first, in as many updates as their events need.
    private func withdraw(_ blocks: [RecordedBlock], _ outcome: inout Outcome) async throws {
        var part: [RecordedBlock] = []
        for (index, block) in blocks.enumerated() {
            part.append(block)
            guard part.reduce(0, { $0 + $1.events }) >= ChainFollower.largestUpdate || index == blocks.count - 1 else {
                continue
            }
            _ = try await commit(ChainUpdate(reverted: part.map(\.hash), blocks: []), &outcome)
            outcome.withdrawnBlocks += part.count
            part = []
        }
    }

    /// Takes in the events of a range, by ranges as wide as the node answers.
    private func takeIn(_ first: UInt64, _ last: UInt64, tip: UInt64, _ outcome: inout Outcome) async throws {
        var (next, range) = (first, LogRange())
        while next <= last {
            let through = min(last, next + range.size - 1)
            let logs: [NodeLog]
            do throws(NodeFailure) {
                logs = try await node.logs(from: next, through: through).logs
            } catch {
                guard error.mayBeTooMuch, range.size > 1 else { throw error }
                range.shrink()
                continue
            }
            for blocks in try await cut(logs) {
                var update = ChainUpdate(blocks: blocks)
                update.confirmedThrough = confirmed(at: tip)
                _ = try await commit(update, &outcome)
            }
            progress(through)
            range.grow()
            next = through + 1
        }
    }

    /// Blocks with events in ascending order, so many at a time as one update should carry.
    private func cut(_ logs: [NodeLog]) async throws -> [[ChainBlock]] {
        let byBlock = Dictionary(grouping: logs, by: \.blockNumber)
        let numbers = byBlock.keys.sorted()
        var parts: [[ChainBlock]] = [[]]
        var size = 0
        for (number, header) in zip(numbers, try await node.headers(at: numbers)) {
            guard let header = header?.header, let logs = byBlock[number],
                logs.allSatisfy({ $0.blockHash == header.hash })
            else { throw NodeFailure.inconsistent("the logs of block \(number) are another block's") }
            let block = ChainBlock(header, logs, of: contract)
            if block.events.isEmpty { continue }
            if size >= ChainFollower.largestUpdate { (parts, size) = (parts + [[]], 0) }
            parts[parts.count - 1].append(block)
            size += block.events.count
        }
        return parts.filter { !$0.isEmpty }
    }

    /// The last blocks with the cursor, in one update: what was recorded of other blocks at their heights goes.
    /// - Returns: false when the cursor is not where it was, or the chain moved: all is to be compared again.
    private func finish(
        _ base: UInt64, _ last: UInt64, _ cursor: ChainHeader, _ strayed: [Bytes32], _ outcome: inout Outcome
    ) async throws -> Bool {
        let below = try await node.headers(at: [base > 0 ? base - 1 : 0])
        guard let floor = below[0]?.header else {
            throw NodeFailure.inconsistent("there is no block \(base - 1)")
        }
        var chain = FollowedChain(newestFirst: [floor])
        if last > floor.number {
            let linked = chain.linked(try await node.headers(at: Array(floor.number + 1...last)))
            guard UInt64(linked.count) == last - floor.number else { return false }
            chain.advance(removing: [], adding: linked.map(\.header), keeping: .max)
        }
        let headers = chain.headers
        guard let tip = headers.last else { return false }
        let known = Set(headers.map(\.hash))
        let highest = max(last, cursor.number)
        let gone = try await store.recordedBlocks(from: base).filter {
            $0.number <= highest && !known.contains($0.hash)
        }
        let logs = try await node.logs(of: headers)
        var update = ChainUpdate(
            reverted: Array(Set(strayed).union(gone.map(\.hash)).subtracting(known)),
            blocks: zip(headers, logs).map { ChainBlock($0, $1, of: contract) }.filter { !$0.events.isEmpty })
        update.confirmedThrough = confirmed(at: tip.number)
        update.cursor = .init(
            from: cursor.hash, to: tip, headers: headers, forgetBelow: 0,
            leaderEpoch: try await store.leaderEpoch())
        guard try await commit(update, &outcome) else { return false }
        outcome.withdrawnBlocks += gone.count
        outcome.cursor = tip
        progress(tip.number)
        return true
    }

    private func confirmed(at tip: UInt64) -> UInt64? {
        ConfirmedHeight.height(at: tip, confirmations: confirmations)
    }

    /// - Returns: false when the cursor is not where it was, or another process leads by now.
    private func commit(_ update: ChainUpdate, _ outcome: inout Outcome) async throws -> Bool {
        switch await write(update) {
        case .followed(let done):
            outcome.withdrawnEvents += done.reverted
            outcome.applied += done.applied
            outcome.known += done.known
            return true
        case .rejected(let rejection) where rejection.code == "cursor_moved": return false
        case .rejected(let rejection): throw UpdateRefused(reason: rejection.detail)
        case .failed(.notStored) where update.cursor != nil: return false
        default: throw UpdateRefused(reason: "the database does not take it at the moment")
        }
    }
}

extension ChainBlock {
    /// A block with those of `logs` that are events of `contract`, each place once.
    init(_ header: ChainHeader, _ logs: [NodeLog], of contract: Address) {
        self.init(header, logs.compactMap { $0.event(of: contract) })
    }

    /// A block with events in any order, some perhaps twice.
    init(_ header: ChainHeader, _ events: [ChainEvent]) {
        var seen: Set<UInt32> = []
        let once = events.filter { seen.insert($0.logIndex).inserted }.sorted { $0.logIndex < $1.logIndex }
        self.init(number: header.number, hash: header.hash, time: header.time, events: once)
    }
}

/// How deep is deep enough.
enum ConfirmedHeight {
    /// The height up to which everything is confirmed while `tip` is the newest block; nil below the first.
    static func height(at tip: UInt64, confirmations: UInt64) -> UInt64? {
        let (next, _) = tip.addingReportingOverflow(1)
        return next >= confirmations ? next - confirmations : nil
    }
}
