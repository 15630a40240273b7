import Ethereum
@_spi(Store) import Market
import Testing

@testable import Exchange

/// Whose funds are looked at when, and what is written of it.
@Suite struct FundsRoundsTests {
    private let funded = FundsAnswer.funds(Funds(balance: UInt256(5_000), allowance: UInt256(1_000)))
    private let poor = FundsAnswer.funds(Funds(balance: UInt256(5_000), allowance: .zero))
    private let start = ContinuousClock.now

    private func offer(writer: UInt8 = 1, salt: UInt64 = 0) -> OfferState {
        OfferState(signed: Samples.signed(writer: writer, salt: salt), seq: salt + 1, createdAtMicros: 0)
    }

    private func block(_ number: UInt64) -> FundsBlock {
        FundsBlock(number: number, hash: Keccak256.hash(Array("\(number)".utf8)))
    }

    @Test func `Any history of offers leaves the index with those that are open, and a round visits each writer once`()
    {
        var random = SplitMix(state: 3)
        var (index, open) = (FundingIndex(), [Bytes32: OfferState]())
        index.gathers = true
        for step in 0..<4_000 {
            if let old = open.values.randomElement(using: &random), Int.random(in: 0..<5, using: &random) < 2 {
                index.remove(old)
                open[old.offerHash] = nil
            } else {
                let new = offer(writer: UInt8.random(in: 1...40, using: &random), salt: UInt64(step))
                index.add(new)
                open[new.offerHash] = new
            }
            guard step % 200 == 0 else { continue }
            let expected = Dictionary(grouping: open.values, by: FundingPair.init).mapValues {
                Set($0.map(\.offerHash))
            }
            #expect(index.count == expected.count)
            for (pair, hashes) in expected { #expect(index.offers(pair) == hashes) }
            for limit in [1, 7, 100] {
                var (visited, place): ([FundingPair], Int) = ([], 0)
                while visited.count < expected.count {
                    let (pairs, next) = index.pairs(from: place, limit: min(limit, expected.count - visited.count))
                    visited += pairs
                    place = next
                }
                #expect(Set(visited) == Set(expected.keys) && visited.count == expected.count)
            }
        }
        // What changed is handed out once.
        var changed: [FundingPair] = []
        while case let some = index.takeChanges(3), !some.isEmpty { changed += some }
        #expect(Set(changed).count == changed.count && Set(changed).isSuperset(of: open.values.map(FundingPair.init)))
    }

    @Test
    func `A block asks about a bounded number of writers, a change about its own once the chain was asked after it`() {
        var rounds = FundsRounds()
        rounds.look(at: block(1), pairs: 2_000)
        var asked = 0
        while case let turn = rounds.takeTurn(), turn > 0 { asked += turn }
        #expect(asked == FundsRounds.pairsOfBlock)
        rounds.look(at: block(1), pairs: 2_000)
        #expect(rounds.takeTurn() == 0)
        rounds.look(at: block(2), pairs: 3)
        #expect(rounds.takeTurn() == 3)
        let pair = FundingPair(offer())
        rounds.notice([pair], at: 100)
        #expect(rounds.due(at: 99).isEmpty && rounds.isWaiting(pair))
        #expect(rounds.due(at: 100) == [pair] && rounds.due(at: 200).isEmpty)
        rounds.putBack([pair])
        #expect(rounds.due(at: 0) == [pair])
    }

    @Test func `What the log says already is not written again, and what is unknown hides nothing`() {
        var rounds = FundsRounds()
        var offer = offer()
        let pair = FundingPair(offer)
        #expect(rounds.decide(pair, funded, [offer], version: 1, now: start).isEmpty)
        #expect(rounds.decide(pair, .unanswered, [offer], version: 1, now: start).isEmpty)
        #expect(rounds.decide(pair, .unknown("no"), [offer], version: 1, now: start).isEmpty)
        let hidden = rounds.decide(pair, poor, [offer], version: 1, now: start)
        #expect(hidden.map(\.funding) == [Funding(fundable: .zero, isUnfunded: true)])
        offer.funding = hidden.first?.funding
        #expect(rounds.decide(pair, poor, [offer], version: 2, now: start).isEmpty)
        // Of one that stays hidden it is no news how much it lacks.
        let little = FundsAnswer.funds(Funds(balance: .zero, allowance: UInt256(9)))
        #expect(rounds.decide(pair, little, [offer], version: 2, now: start).isEmpty)
        #expect(rounds.decide(pair, .unknown("no"), [offer], version: 2, now: start).map(\.funding) == [nil])
    }

    @Test func `Tokens that go to and fro at every block bring a writer's offers back more and more slowly`() {
        var rounds = FundsRounds()
        var offer = offer()
        let pair = FundingPair(offer)
        var (rows, version): (Int, UInt64) = (0, 0)
        for second in 0..<3_600 {
            let answer = second.isMultiple(of: 2) ? poor : funded
            version += 1
            let now = start + .seconds(second)
            for decision in rounds.decide(pair, answer, [offer], version: version, now: now) {
                offer.funding = decision.funding
                rows += 1
            }
            // Hidden at once whenever its tokens are gone.
            if second.isMultiple(of: 2) { #expect(!offer.isListed) }
        }
        #expect(rows < 50)
        // And it does come back, however long it went on.
        let later = start + .seconds(3_600 + 601)
        #expect(rounds.decide(pair, funded, [offer], version: version + 1, now: later).map(\.funding) == [nil])
    }
}
