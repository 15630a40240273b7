import Ethereum
import Exchange
import Logging
import Market

/// Reading many old blocks: logs in ranges, and headers only of the blocks that hold any.
extension ChainFollower {
    /// One range below the window at the head, in as many updates as its events need.
    func catchUp(_ walk: inout ChainWalk, _ head: NodeHeader, _ epoch: Int64) async throws -> Bool {
        guard let cursor = walk.chain?.cursor else { return true }
        // What was followed must still be in the chain before anything is put on top of it.
        let ends = [cursor] + (walk.ahead?.updates.last?.headers.suffix(1) ?? [])
        let theirs = try await node.headers(at: ends.map(\.number)).map { $0?.header.hash }
        if theirs[0] != cursor.hash { return try await compare(&walk, head, epoch) }
        if theirs != ends.map(\.hash) { walk.ahead = nil }
        let end = head.header.number - Self.window
        walk.isFar = true
        let isAhead = walk.ahead?.first == cursor.number + 1
        let fetched =
            if isAhead, let ahead = walk.ahead { ahead } else { try await fetch(cursor.number + 1, end, walk.range) }
        walk.ahead = nil
        walk.range = fetched.range
        var updates = fetched.updates
        let tip = updates[updates.count - 1].headers.last?.number ?? cursor.number
        updates[0].blocks += try await secondLook(walk, upTo: tip)
        let range = walk.range
        // The node looks up the next range while the database takes this one.
        async let ahead = tip < end ? fetchIfPossible(tip + 1, end, range) : nil
        for update in updates {
            let isStored = try await commit(&walk, ChainUpdate(blocks: update.blocks), to: update.headers, epoch)
            guard isStored else { return false }
        }
        walk.ahead = await ahead
        progress(tip, head.header.number)
        return false
    }

    private func fetchIfPossible(_ first: UInt64, _ end: UInt64, _ range: LogRange) async -> FetchedRange? {
        // What fails is asked again in its turn, where it counts.
        try? await fetch(first, end, range)
    }

    /// The events of as many blocks from `first` on, up to `end`, as the node answers at a time, with the headers of those
    /// that hold any.
    private func fetch(_ first: UInt64, _ end: UInt64, _ range: LogRange) async throws(NodeFailure) -> FetchedRange {
        var range = range
        while true {
            do throws(NodeFailure) {
                let (logs, tip) = try await node.logs(from: first, through: min(end, first + range.size - 1))
                range.grow()
                return FetchedRange(first: first, updates: try await updates(logs, through: tip.header), range: range)
            } catch {
                guard error.mayBeTooMuch, range.size > 1, !Task.isCancelled else { throw error }
                range.shrink()
            }
        }
    }

    /// Cuts a range's logs into updates that end with a block. Each has the headers of its blocks, by which a reorg finds
    /// every block that holds events.
    private func updates(
        _ logs: [NodeLog], through last: ChainHeader
    ) async throws(NodeFailure) -> [FetchedRange.Update] {
        var byBlock: [UInt64: [NodeLog]] = [:]
        for log in logs { byBlock[log.blockNumber, default: []].append(log) }
        let numbers = byBlock.keys.sorted()
        let found = try await node.headers(at: numbers)
        var updates: [FetchedRange.Update] = []
        var (blocks, headers, size) = ([ChainBlock](), [ChainHeader](), 0)
        for (number, header) in zip(numbers, found) {
            let logs = byBlock[number] ?? []
            guard let header = header?.header, logs.allSatisfy({ $0.blockHash == header.hash }) else {
                throw NodeFailure.inconsistent("the logs of block \(number) are another block's")
            }
            let events = logs.compactMap { $0.event(of: contract) }
            if events.isEmpty { continue }
            blocks.append(block(header, events))
            if number + UInt64(kept) > last.number { headers.append(header) }
            size += events.count
            if size >= Self.largestUpdate {
                updates.append(.init(blocks: blocks, headers: headers.last == header ? headers : headers + [header]))
                (blocks, headers, size) = ([], [], 0)
            }
        }
        if updates.last?.headers.last != last {
            updates.append(.init(blocks: blocks, headers: headers.last == last ? headers : headers + [last]))
        }
        return updates
    }

    private func progress(_ at: UInt64, _ head: UInt64) {
        logger.info("catching up with the chain", metadata: ["block": "\(at)", "left": "\(head - at)"])
    }
}

/// A range of blocks as a node told of it.
struct FetchedRange: Sendable {
    /// One transaction's part: blocks that hold events, and headers to follow, the last of them its end.
    struct Update: Sendable {
        var blocks: [ChainBlock]
        let headers: [ChainHeader]
    }

    /// Its first block.
    let first: UInt64
    /// In ascending order; never empty.
    let updates: [Update]
    /// What to ask for next.
    let range: LogRange
}

extension NodeFailure {
    /// Whether less might be answered: a node's limit has many words, so any refusal counts.
    var mayBeTooMuch: Bool {
        switch self {
        case .refused, .tooLarge: true
        case .unreachable: true
        case .garbled, .wrongChain, .inconsistent: false
        }
    }
}
