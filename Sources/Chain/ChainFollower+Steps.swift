import Ethereum
import Exchange
import Logging
import Market

/// The follower's steps; each ends in at most one update.
extension ChainFollower {
    /// Headers that are kept: every one that a reorg or a second look may need.
    var kept: Int { FollowedChain.deepestReorg * 2 + Int(clamping: min(settings.confirmations, 1_024)) }

    /// - Returns: whether the head is reached.
    func advance(_ walk: inout ChainWalk, epoch: Int64) async throws -> Bool {
        if walk.chain == nil || walk.isStopped { try await load(&walk) }
        if walk.isStopped { return true }
        let head = try await node.head()
        tell { $0.head = head.header }
        guard let cursor = walk.chain?.cursor else { return try await begin(&walk, head, epoch) }
        if cursor.hash == head.header.hash {
            walk.shorter = 0
            return true
        }
        if head.header.number <= cursor.number { return try await compare(&walk, head, epoch) }
        if head.header.number - cursor.number > Self.window { return try await catchUp(&walk, head, epoch) }
        return try await follow(&walk, head, epoch)
    }

    private func load(_ walk: inout ChainWalk) async throws {
        let chain = FollowedChain(newestFirst: try await store.followedHeaders(kept))
        if walk.isStopped, chain.cursor?.hash == walk.stoppedAt { return }
        walk.isStopped = false
        walk.chain = chain
    }

    /// The first block of an empty database: the one before the first that is followed.
    private func begin(_ walk: inout ChainWalk, _ head: NodeHeader, _ epoch: Int64) async throws -> Bool {
        let start = min(settings.startBlock ?? head.header.number, head.header.number + 1)
        guard let first = try await node.headers(at: [start == 0 ? 0 : start - 1])[0] else {
            throw NodeFailure.inconsistent("there is no block \(start)")
        }
        logger.info("the chain is followed from here", metadata: ["block": "\(start)"])
        return try await commit(&walk, ChainUpdate(blocks: []), to: [first.header], epoch)
    }

    // MARK: At the head

    /// The next blocks, each of which must follow the one before.
    private func follow(_ walk: inout ChainWalk, _ head: NodeHeader, _ epoch: Int64) async throws -> Bool {
        guard let cursor = walk.chain?.cursor else { return true }
        let last = min(head.header.number, cursor.number + Self.stride)
        let headers = try await node.headers(at: Array(cursor.number + 1...last))
        let linked = walk.chain?.linked(headers) ?? []
        guard let tip = linked.last else { return try await compare(&walk, head, epoch) }
        walk.shorter = 0
        var blocks = try await blocks(of: linked, &walk)
        blocks += try await secondLook(walk, upTo: tip.header.number)
        walk.isFar = false
        let isDone = tip.header.number == head.header.number
        return try await commit(&walk, ChainUpdate(blocks: blocks), to: linked.map(\.header), epoch) && isDone
    }

    /// Those of `headers` that hold events, with them.
    private func blocks(of headers: [NodeHeader], _ walk: inout ChainWalk) async throws -> [ChainBlock] {
        var blocks: [ChainBlock] = []
        for (header, logs) in zip(headers, try await node.logs(of: headers.map(\.header))) {
            let events = logs.compactMap { $0.event(of: contract) }
            if events.isEmpty, !header.bloom.isEmpty, probe.mayMatch(header), doubt(header.header.hash, &walk) {
                throw NodeFailure.inconsistent("block \(header.header.number) should hold events, but no logs came")
            }
            if !events.isEmpty { blocks.append(block(header.header, events)) }
        }
        return blocks
    }

    /// Asked again a few times: then the filter's bits came from others.
    private func doubt(_ hash: Bytes32, _ walk: inout ChainWalk) -> Bool {
        let times = walk.doubts[hash, default: 0]
        guard times < 3 else { return false }
        if walk.doubts.count > 1_000 { walk.doubts = [:] }
        walk.doubts[hash] = times + 1
        return true
    }

    /// The logs of blocks a little below the head, once more: what a lagging node kept back at first is there by now.
    func secondLook(_ walk: ChainWalk, upTo tip: UInt64, without gone: [Bytes32] = []) async throws -> [ChainBlock] {
        guard let chain = walk.chain, let cursor = chain.cursor else { return [] }
        let depth = min(max(settings.confirmations, 2), Self.window)
        let due = chain.headers.filter {
            $0.number + depth > cursor.number + 1 && $0.number + depth <= tip + 1 && !gone.contains($0.hash)
        }
        if due.isEmpty { return [] }
        let logs = try await node.logs(of: due)
        return zip(due, logs).compactMap { header, logs in
            let events = logs.compactMap { $0.event(of: contract) }
            return events.isEmpty ? nil : block(header, events)
        }
    }

    /// The height up to which everything is confirmed while `tip` is the newest block; nil below the first.
    func confirmed(at tip: UInt64) -> UInt64? {
        ConfirmedHeight.height(at: tip, confirmations: settings.confirmations)
    }

    func block(_ header: ChainHeader, _ events: [ChainEvent]) -> ChainBlock { ChainBlock(header, events) }

    // MARK: Reorgs

    /// The node's chain is not what was followed: finds where they part and undoes what is gone.
    func compare(_ walk: inout ChainWalk, _ head: NodeHeader, _ epoch: Int64) async throws -> Bool {
        guard let chain = walk.chain, let cursor = chain.cursor else { return true }
        let candidates = chain.candidates
        let theirs = try await node.headers(at: candidates.map(\.number)).map { $0?.header }
        switch chain.fork(against: theirs) {
        case .none: return true
        case .tooDeep:
            // Where following began lately there is nothing below to be undone.
            if let first = chain.headers.first, cursor.number - first.number < Self.window, first.number > 0,
                let base = try await node.headers(at: [min(first.number, head.header.number)])[0]
            {
                return try await commit(
                    &walk, ChainUpdate(reverted: chain.headers.map(\.hash), blocks: []), to: [base.header], epoch)
            }
            stop(&walk, at: cursor, "no followed block of the last \(candidates.count) is in the node's chain")
            return true
        case .depth(let gone, let back):
            // A chain that only ends earlier: the node lags behind another that was asked before, or blocks were dropped.
            if head.header.number <= back.number, walk.shorter < Self.patience {
                walk.shorter += 1
                return true
            }
            walk.shorter = 0
            logger.notice("a reorg", metadata: ["depth": "\(gone.count)", "back": "\(back.number)"])
            tell { $0.reorgs += 1 }
            return try await replace(&walk, gone, back, head, epoch)
        }
    }

    private func stop(_ walk: inout ChainWalk, at cursor: ChainHeader, _ why: String) {
        logger.error("a reorg is too deep; go on with strikebook chain resync", metadata: ["why": "\(why)"])
        walk.isStopped = true
        walk.stoppedAt = cursor.hash
        tell { status in
            status.phase = .reorgTooDeep
            status.problem = why
        }
    }

    /// Withdraws `gone` and applies what the chain has instead, in one transaction as far as one step reaches.
    private func replace(
        _ walk: inout ChainWalk, _ gone: [Bytes32], _ back: ChainHeader, _ head: NodeHeader, _ epoch: Int64
    ) async throws -> Bool {
        var fresh = FollowedChain(newestFirst: [back])
        var blocks: [ChainBlock] = []
        if head.header.number > back.number {
            let last = min(head.header.number, back.number + Self.window)
            let linked = fresh.linked(try await node.headers(at: Array(back.number + 1...last)))
            guard !linked.isEmpty else { throw NodeFailure.inconsistent("the chain moved while it was compared") }
            blocks = try await self.blocks(of: linked, &walk)
            fresh.advance(removing: [], adding: linked.map(\.header), keeping: kept)
        }
        let added = Array(fresh.headers.dropFirst())
        blocks += try await secondLook(walk, upTo: (added.last ?? back).number, without: gone)
        return try await commit(&walk, ChainUpdate(reverted: gone, blocks: blocks), to: added, back: back, epoch)
            && (added.last ?? back).number >= head.header.number
    }

    // MARK: Writing

    /// Hands an update over whose cursor moves over `headers`, or back to `back` when there are none.
    /// - Returns: true; false when another process had moved the cursor, and all is to be read again.
    func commit(
        _ walk: inout ChainWalk, _ update: ChainUpdate, to headers: [ChainHeader], back: ChainHeader? = nil,
        _ epoch: Int64
    ) async throws -> Bool {
        guard let to = headers.last ?? back else { return true }
        var update = update
        let number = to.number
        update.confirmedThrough = confirmed(at: number)
        update.cursor = .init(
            from: walk.chain?.cursor?.hash, to: to, headers: headers,
            forgetBelow: number > UInt64(kept) ? number - UInt64(kept) : 0, leaderEpoch: epoch)
        switch await write(update) {
        case .followed(let outcome):
            walk.chain?.advance(removing: update.reverted, adding: headers, keeping: kept)
            tell { $0.events += outcome.applied }
            return true
        case .rejected(let rejection) where rejection.code == "cursor_moved":
            walk.chain = nil
            return false
        case .rejected(let rejection): throw UpdateRefused(reason: rejection.detail)
        default:
            // Whatever became of it, the database knows.
            walk.chain = nil
            throw UpdateRefused(reason: "the database does not take it at the moment")
        }
    }
}

/// The database did not take an update.
struct UpdateRefused: Error, CustomStringConvertible {
    let reason: String
    var description: String { "an update was not stored: \(reason)" }
}
