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
        if try await node.headers(at: [cursor.number])[0]?.header.hash != cursor.hash {
            return try await compare(&walk, head, epoch)
        }
        let last = min(head.header.number - Self.window, cursor.number + walk.range.size)
        let (logs, tip): ([NodeLog], NodeHeader)
        do throws(NodeFailure) {
            (logs, tip) = try await node.logs(from: cursor.number + 1, through: last)
        } catch {
            guard error.mayBeTooMuch, walk.range.size > 1 else { throw error }
            walk.range.shrink()
            walk.isFar = true
            return false
        }
        walk.isFar = true
        walk.range.grow()
        var updates = try await updates(logs, through: tip.header)
        updates[0].blocks += try await secondLook(walk, upTo: tip.header.number)
        for update in updates {
            let isStored = try await commit(&walk, ChainUpdate(blocks: update.blocks), to: update.headers, epoch)
            guard isStored else { return false }
        }
        progress(tip.header, head.header)
        return false
    }

    /// Cuts a range's logs into updates that end with a block. Each has the headers of its blocks, by which a reorg finds
    /// every block that holds events.
    private func updates(
        _ logs: [NodeLog], through last: ChainHeader
    ) async throws -> [(blocks: [ChainBlock], headers: [ChainHeader])] {
        var byBlock: [UInt64: [NodeLog]] = [:]
        for log in logs { byBlock[log.blockNumber, default: []].append(log) }
        let numbers = byBlock.keys.sorted()
        let found = try await node.headers(at: numbers)
        var updates: [(blocks: [ChainBlock], headers: [ChainHeader])] = []
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
                updates.append((blocks, headers.last == header ? headers : headers + [header]))
                (blocks, headers, size) = ([], [], 0)
            }
        }
        if updates.last?.headers.last != last {
            updates.append((blocks, headers.last == last ? headers : headers + [last]))
        }
        return updates
    }

    private func progress(_ at: ChainHeader, _ head: ChainHeader) {
        logger.info(
            "catching up with the chain",
            metadata: ["block": "\(at.number)", "left": "\(head.number - at.number)"])
    }
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
