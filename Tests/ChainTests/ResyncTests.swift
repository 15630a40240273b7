import Chain
import Ethereum
import Exchange
import Market
import Testing

/// After forks of any depth a resync leaves what a fresh sync of the final chain has.
@Suite struct ResyncTests {
    private static let histories: UInt64 = 60

    private static func resync(_ node: ScriptedNode, _ store: MemoryStore, confirmations: UInt64) -> ChainResync {
        ChainResync(
            node: node, store: store, contract: deployment.verifyingContract, confirmations: confirmations,
            write: { store.commit(.chain($0)) })
    }

    @Test func `Histories of forks of any depth end as a fresh sync once they are resynced`() async throws {
        var (stopped, withdrawn) = (0, 0)
        for seed in 90_000..<90_000 + Self.histories {
            var history = RandomForkTests.History(seed: seed)
            let lived = MemoryStore()
            let follower = RandomForkTests.follower(history.node, lived, confirmations: history.confirmations)
            var walk = ChainWalk()
            var none: [(tx: UInt64, logs: [EventLog])] = []
            for _ in 0..<150 { history.mine(&none) }
            for _ in 0..<6 {
                let request = history.post()
                history.posted.append(request)
                lived.commit(request)
                for _ in 0..<8 { _ = await follower.step(&walk) }
                history.fork(followed: follower.status.cursor?.number ?? 0, deepest: 140)
            }
            while history.node.tip <= history.highest + history.confirmations + 3 { history.node.mine() }
            for _ in 0..<4 { _ = await follower.step(&walk) }
            if follower.status.phase == .reorgTooDeep { stopped += 1 }
            history.node.fault { $0.longestRange = 30 }
            let isFromStart = Bool.random(using: &history.random)
            let resync = Self.resync(history.node, lived, confirmations: history.confirmations)
            do {
                withdrawn += try await resync.run(from: isFromStart ? 0 : nil).withdrawnEvents
            } catch is ChainResync.Refused {
                // Nothing known is in the chain any more.
                withdrawn += try await resync.run(from: 0).withdrawnEvents
            }
            await RandomForkTests.finish(follower, &walk)
            #expect(follower.status.phase == .following)
            let fresh = MemoryStore()
            for request in history.posted { fresh.commit(request) }
            var freshWalk = ChainWalk()
            await RandomForkTests.finish(
                RandomForkTests.follower(history.node, fresh, confirmations: history.confirmations), &freshWalk)
            let (a, b) = (lived.look, fresh.look)
            if a != b { Issue.record("history \(seed) differs: \(RandomForkTests.difference(a, b))") }
            let seq = lived.all.head.seq
            let again = try await resync.run(from: 0)
            #expect((again.withdrawnEvents, again.applied) == (0, 0))
            #expect(lived.all.head.seq == seq, "a second run writes nothing")
        }
        #expect(stopped > 20)
        #expect(withdrawn > 20)
    }

    @Test func `A node that lags behind what was followed withdraws nothing`() async throws {
        let (node, store) = (ScriptedNode(), MemoryStore())
        let follower = RandomForkTests.follower(node, store, confirmations: 3)
        var walk = ChainWalk()
        store.commit(.offer(offer(1)))
        node.mine([(1, [log(of: taken(1, of: offer(1).hashes.offerHash, amount: 5))])])
        for _ in 0..<5 { node.mine() }
        await RandomForkTests.finish(follower, &walk)
        node.fault { $0.lag = 3 }
        await #expect(throws: ChainResync.Refused.self) {
            try await Self.resync(node, store, confirmations: 3).run()
        }
        #expect(store.look.fills.count == 1)
    }

    @Test func `What the operator posted above the chain stays`() async throws {
        let (node, store) = (ScriptedNode(), MemoryStore())
        var walk = ChainWalk()
        for _ in 0..<5 { node.mine() }
        await RandomForkTests.finish(RandomForkTests.follower(node, store, confirmations: 3), &walk)
        let posted = ChainEvent(
            txHash: word(1), logIndex: 0, content: .event(taken(7, of: word(2), amount: 5)), isFinal: true)
        store.commit(.chain(ChainUpdate(blocks: [ChainBlock(number: 999, hash: word(3), time: now, events: [posted])])))
        let done = try await Self.resync(node, store, confirmations: 3).run(from: 0)
        #expect(done.withdrawnEvents == 0)
        #expect(store.look.fills.count == 1)
    }
}
