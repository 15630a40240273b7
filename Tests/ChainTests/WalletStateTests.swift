import Ethereum
import Exchange
import Market
import Testing

@testable import Chain

/// The pure parts behind `ContractWallets`: what is remembered, whose turn it is, what an address may use.
@Suite struct WalletStateTests {
    private func wallet(_ number: UInt8) -> Address {
        Address(bytes: [UInt8](repeating: number, count: 20)) ?? .zero
    }

    private func hash(_ number: UInt8) -> Bytes32 { Keccak256.hash([number]) }

    private func claim(_ wallet: UInt8, _ digest: UInt8 = 1, _ signature: [UInt8] = [1]) -> WalletClaim {
        WalletClaim(wallet: self.wallet(wallet), digest: hash(digest), signature: signature)
    }

    @Test func `An answer counts for its block, wallet, digest and signature alone`() {
        var answers = WalletAnswers()
        answers.keep(.signed, of: claim(1), at: hash(1))
        #expect(answers.answer(claim(1), at: hash(1)) == .signed)
        #expect(answers.answer(claim(1), at: hash(2)) == nil)
        #expect(answers.answer(claim(2), at: hash(1)) == nil)
        #expect(answers.answer(claim(1, 2), at: hash(1)) == nil)
        #expect(answers.answer(claim(1, 1, [2]), at: hash(1)) == nil)
        #expect(answers.last(claim(1))?.answer == .signed)
        answers.keep(.refused, of: claim(1), at: hash(2))
        #expect(answers.answer(claim(1), at: hash(1)) == nil)
        #expect(answers.last(claim(1))?.block == hash(2))
    }

    @Test func `No code is no code for every signature, but for one that deploys`() {
        var answers = WalletAnswers()
        answers.keep(.noCode, of: claim(1), at: hash(1))
        #expect(answers.answer(claim(1, 2, [3]), at: hash(1)) == .noCode)
        #expect(answers.answer(claim(1, 2, ERC6492.suffix), at: hash(1)) == nil)
        answers.keep(.signed, of: claim(1, 2, ERC6492.suffix), at: hash(1))
        #expect(answers.answer(claim(1, 2, ERC6492.suffix), at: hash(1)) == .signed)
        // Deployed since: what is said now replaces what was.
        answers.keep(.refused, of: claim(1), at: hash(2))
        #expect(answers.last(claim(1))?.answer == .refused)
        #expect(answers.last(claim(1, 9)) == nil)
    }

    @Test func `What is remembered is bounded`() {
        var answers = WalletAnswers()
        for number in 0..<(2 * WalletAnswers.capacity + 10) {
            let digest = Keccak256.hash(Array("\(number)".utf8))
            let claim = WalletClaim(wallet: wallet(1), digest: digest, signature: [])
            answers.keep(.refused, of: claim, at: hash(UInt8(number % 2)))
        }
        #expect(answers.count <= WalletAnswers.capacity + 1)
    }

    @Test func `A quick wallet never runs out, a slow one soon does and comes back`() {
        var budget = WalletBudget()
        let start = ContinuousClock.now
        for _ in 0..<10_000 { budget.charge(wallet(1), .milliseconds(200), now: start) }
        #expect(budget.admits(wallet(1), now: start))
        budget.charge(wallet(2), .seconds(3), now: start)
        #expect(budget.admits(wallet(2), now: start))
        budget.charge(wallet(2), .seconds(3), now: start)
        #expect(!budget.admits(wallet(2), now: start))
        #expect(budget.admits(wallet(3), now: start))
        #expect(!budget.admits(wallet(2), now: start - .seconds(60)))
        #expect(budget.admits(wallet(2), now: start + .seconds(1)))
    }

    @Test func `One question is asked once, a wallet has a few lanes, and the rest go in order`() {
        var turns = WalletTurns<Int>()
        func key(_ claim: WalletClaim) -> WalletAnswers.Key { WalletAnswers.Key(claim) }
        #expect(turns.take(key(claim(1)), 0).isYours)
        #expect(turns.take(key(claim(1)), 1).isWaiting)
        for digest in 2...UInt8(WalletTurns<Int>.mostOfWallet) {
            #expect(turns.take(key(claim(1, digest)), 10 + Int(digest)).isYours)
        }
        #expect(turns.take(key(claim(1, 100)), 100).isWaiting)
        #expect(turns.take(key(claim(1, 101)), 101).isWaiting)
        #expect(turns.take(key(claim(1, 100)), 102).isWaiting)
        #expect(turns.take(key(claim(2)), 2).isYours)
        let ended = turns.ended(key(claim(1)))
        #expect(ended.hearing == [1] && ended.starting == [100])
        // The same question as the one that has begun joined it.
        let next = turns.ended(key(claim(1, 100)))
        #expect(next.hearing == [102] && next.starting == [101])
        let other = turns.ended(key(claim(2)))
        #expect(other.hearing.isEmpty && other.starting.isEmpty)
    }

    @Test func `Only so many wait, of one wallet and in all, and each of them goes on`() {
        var turns = WalletTurns<Int>()
        var begun: [WalletAnswers.Key] = []
        var waiting = 0
        var refused = 0
        for number in 0..<4_000 {
            let claim = WalletClaim(
                wallet: wallet(UInt8(number % 100)), digest: Keccak256.hash(Array("\(number)".utf8)), signature: [])
            let key = WalletAnswers.Key(claim)
            switch turns.take(key, number) {
            case .yours: begun.append(key)
            case .wait: waiting += 1
            case .refused: refused += 1
            }
        }
        #expect(begun.count == WalletTurns<Int>.most)
        #expect(waiting == WalletTurns<Int>.mostWaiting && refused > 0)
        var resumed = 0
        while let key = begun.popLast() {
            let (hearing, starting) = turns.ended(key)
            resumed += hearing.count + starting.count
            for number in starting {
                let digest = Keccak256.hash(Array("\(number)".utf8))
                begun.append(
                    WalletAnswers.Key(
                        WalletClaim(wallet: wallet(UInt8(number % 100)), digest: digest, signature: [])))
            }
        }
        #expect(resumed == waiting)
    }
}

extension WalletTurns.Turn {
    fileprivate var isYours: Bool { if case .yours = self { true } else { false } }
    fileprivate var isWaiting: Bool { if case .wait = self { true } else { false } }
}
