import Chain
import Ethereum
import Exchange
import Foundation
import Market
import Testing

/// The state after any history of forks is that of a fresh sync of the final chain.
@Suite struct RandomForkTests {
    /// One random history: blocks, forks, offers and cancels, with the follower at work in between.
    struct History {
        var random: SplitMix
        let node = ScriptedNode()
        var posted: [WriteRequest] = []
        var offers: [SignedOffer] = []
        var transactions: UInt64 = 0
        var highest: UInt64 = 0
        let confirmations: UInt64
        let deepest: Int

        init(seed: UInt64) {
            random = SplitMix(state: seed)
            confirmations = UInt64.random(in: 0...12, using: &random)
            deepest = Bool.random(using: &random) ? 4 : 64
            offers = (0..<6).map { offer($0, writer: UInt8($0 % 3 + 1), collateral: 1_000) }
        }

        mutating func event(_ tokens: UInt64) -> ProtocolEvent {
            let signed = offers[Int.random(in: 0..<offers.count, using: &random)]
            let names = [signed.hashes.offerHash, signed.hashes.structHash, signed.encodedHash]
            let token = UInt64.random(in: 1...max(1, tokens), using: &random)
            switch Int.random(in: 0..<12, using: &random) {
            case 0: return .offerCancelled(offerHash: names[2], writer: signed.offer.writer)
            case 1: return .offerCancelled(offerHash: names[0], writer: address(0x77))
            case 2, 3:
                return .transfer(
                    from: address(9), to: address(UInt8.random(in: 20...30, using: &random)), tokenId: UInt256(token))
            case 4: return .optionSettled(tokenId: UInt256(token), profit: 5, settler: address(9))
            case 5: return .settlementExecuted(tokenId: UInt256(token), proceedsReceived: 7, settler: address(8))
            default:
                let amount = UInt64.random(in: 1...500, using: &random)
                return taken(tokens + 1, of: names[Int.random(in: 0..<3, using: &random)], amount: amount)
            }
        }

        /// A block on top; some of its transactions may be those of blocks that a fork let go of.
        mutating func mine(_ again: inout [(tx: UInt64, logs: [EventLog])]) {
            var content: [(tx: UInt64, logs: [EventLog])] = []
            if !again.isEmpty, Bool.random(using: &random) { content.append(again.removeFirst()) }
            for _ in 0..<[0, 0, 0, 1, 1, 2, 4][Int.random(in: 0..<7, using: &random)] {
                transactions += 1
                content.append((transactions, [log(of: event(transactions))]))
            }
            if Int.random(in: 0..<40, using: &random) == 0 {
                transactions += 1
                let good = log(of: event(transactions))
                content.append(
                    (transactions, [EventLog(address: good.address, topics: good.topics, data: good.data + [1])]))
            }
            node.mine(content)
            highest = max(highest, node.tip)
        }

        /// Lets go of blocks, never of more than `most` that were followed, and mines others.
        mutating func fork(followed: UInt64, deepest most: Int = 64) {
            let floor = followed > UInt64(most) ? followed - UInt64(most) : 0
            guard node.tip > floor else { return }
            let reach = most > 64 ? most : deepest
            let depth = min(Int.random(in: 1...reach, using: &random), Int(node.tip - floor))
            var again: [(tx: UInt64, logs: [EventLog])] = []
            let tip = node.tip
            for number in max(1, tip - UInt64(min(depth, Int(tip))) + 1)...max(1, tip) where number <= tip {
                for transaction in node.transactions(at: number) where Bool.random(using: &random) {
                    again.append((transaction.tx, transaction.events.map { log(of: $0) }))
                }
            }
            node.drop(depth)
            for _ in 0..<Int.random(in: 1...depth + 2, using: &random) { mine(&again) }
        }

        /// An offer, or a signed cancel of one.
        mutating func post() -> WriteRequest {
            let signed = offers[Int.random(in: 0..<offers.count, using: &random)]
            let isCancel = Int.random(in: 0..<8, using: &random) == 0
            let writer = signed.offer.writer.array[0]
            return isCancel ? .cancel(cancel([signed.hashes.offerHash], by: writer)) : .offer(signed)
        }

        mutating func misbehave() {
            let kind = Int.random(in: 0..<7, using: &random)
            node.fault { faults in
                faults = .init()
                switch kind {
                case 0: faults.lag = 2
                case 1: faults.emptyAnswers = 1
                case 2: faults.duplicates = true
                case 3: faults.failures = 1
                case 4: faults.longestRange = 3
                case 5: faults.shortAnswers = 1
                default: break
                }
            }
        }
    }

    static func follower(_ node: ScriptedNode, _ store: MemoryStore, confirmations: UInt64) -> ChainFollower {
        ChainFollower(
            node: node, store: store, leadership: store, contract: deployment.verifyingContract,
            settings: .init(confirmations: confirmations, startBlock: 0, pollInterval: .seconds(1)),
            nowMicros: { Int64(now) * 1_000_000 }, logger: quiet,
            write: { store.commit(.chain($0)) })
    }

    /// Follows until the head is reached and stays reached.
    static func finish(_ follower: ChainFollower, _ walk: inout ChainWalk) async {
        for _ in 0..<200 where await !follower.step(&walk) || follower.status.phase != .following {}
    }

    static func run(seed: UInt64) async -> (lived: ChainLook, fresh: ChainLook, forks: Int) {
        var history = History(seed: seed)
        let lived = MemoryStore()
        let follower = follower(history.node, lived, confirmations: history.confirmations)
        var walk = ChainWalk()
        var none: [(tx: UInt64, logs: [EventLog])] = []
        for _ in 0..<Int.random(in: 1...80, using: &history.random) { history.mine(&none) }
        for _ in 0..<12 {
            switch Int.random(in: 0..<6, using: &history.random) {
            case 0, 1: history.fork(followed: follower.status.cursor?.number ?? 0)
            case 2: for _ in 0..<Int.random(in: 1...5, using: &history.random) { history.mine(&none) }
            case 3:
                let request = history.post()
                history.posted.append(request)
                lived.commit(request)
            case 4: history.misbehave()
            default: break
            }
            for _ in 0..<Int.random(in: 0...4, using: &history.random) { _ = await follower.step(&walk) }
            if Int.random(in: 0..<10, using: &history.random) == 0 { walk = ChainWalk() }
        }
        history.node.fault { $0 = .init() }
        // A chain ends higher than every branch it left.
        while history.node.tip <= history.highest + history.confirmations + 3 { history.node.mine() }
        await finish(follower, &walk)
        let fresh = MemoryStore()
        let isOfferFirst = Bool.random(using: &history.random)
        if isOfferFirst { for request in history.posted { fresh.commit(request) } }
        var freshWalk = ChainWalk()
        await finish(Self.follower(history.node, fresh, confirmations: history.confirmations), &freshWalk)
        if !isOfferFirst { for request in history.posted { fresh.commit(request) } }
        return (lived.look, fresh.look, lived.all.reorgs)
    }

    /// 2,000 histories take minutes in a debug build: ask for them by STRIKEBOOK_TEST_FORKS=2000.
    private static let histories =
        ProcessInfo.processInfo.environment["STRIKEBOOK_TEST_FORKS"].flatMap { UInt64($0) } ?? 100

    @Test func `Random histories of forks end as a fresh sync of the final chain`() async {
        var forks = 0
        var fills = 0
        for seed in 0..<Self.histories {
            let (lived, fresh, count) = await Self.run(seed: seed)
            if lived != fresh {
                Issue.record("history \(seed) differs: \(Self.difference(lived, fresh))")
                return
            }
            forks += count
            fills += lived.fills.count
        }
        #expect(forks > Int(Self.histories))
        #expect(fills > Int(Self.histories))
    }

    static func difference(_ a: ChainLook, _ b: ChainLook) -> String {
        func keys<Key: Hashable, Value: Equatable>(_ a: [Key: Value], _ b: [Key: Value]) -> String {
            Set(a.keys).union(b.keys).filter { a[$0] != b[$0] }.prefix(2).map {
                "\n  \($0): \(a[$0].map { "\($0)" } ?? "-")\n   vs \(b[$0].map { "\($0)" } ?? "-")"
            }.joined()
        }
        return "offers\(keys(a.offers, b.offers)) fills\(keys(a.fills, b.fills)) options\(keys(a.options, b.options))"
            + " events\(keys(a.events, b.events)) rows\(keys(a.rows, b.rows))"
            + " executions\(keys(a.executions, b.executions))"
    }
}
