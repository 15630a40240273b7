import Ethereum
import Market

/// Whose funds are looked at when: those whose offers changed at once, of all others a bounded number a block, in turn.
/// Pure: blocks, answers and moments go in, pairs and decisions come out.
struct FundsRounds {
    /// Pairs that are asked about because of a new block.
    static let pairsOfBlock = 500
    /// Pairs of one request round.
    static let pairsAtOnce = 250
    /// Pairs of which something is remembered; past it all are looked at anew.
    static let capacity = 200_000
    /// Changed pairs that are noticed at a time.
    static let noticedAtOnce = 10_000

    private struct Known {
        let answer: FundsAnswer
        let version: UInt64
    }

    private(set) var block: FundsBlock?
    /// Where the round through all pairs goes on.
    var place = 0
    /// Pairs of this block's part of the round that are still to be asked about.
    private var left = 0
    /// Pairs whose offers changed, and when that was noticed, µs since 1970.
    private var waiting: [FundingPair: Int64] = [:]
    private var known: [FundingPair: Known] = [:]
    private var patience: [FundingPair: FundingPatience] = [:]

    /// A block that was not looked at yet begins another part of the round.
    mutating func look(at newest: FundsBlock, pairs: Int) {
        guard newest != block else { return }
        block = newest
        left = min(pairs, Self.pairsOfBlock)
    }

    /// How many of the round may be asked about now.
    mutating func takeTurn() -> Int {
        let turn = min(left, Self.pairsAtOnce)
        left -= turn
        return turn
    }

    /// Offers of these pairs changed. They are due once the chain was asked for its head after that: who is given tokens
    /// and makes an offer at once is not found without them.
    mutating func notice(_ pairs: [FundingPair], at micros: Int64) {
        for pair in pairs { waiting[pair] = micros }
    }

    /// Pairs that were not answered are due again.
    mutating func putBack(_ pairs: [FundingPair]) {
        for pair in pairs where waiting[pair] == nil { waiting[pair] = .min }
    }

    func isWaiting(_ pair: FundingPair) -> Bool { waiting[pair] != nil }

    /// Changed pairs of which everything that the chain did before is applied; each is handed out once.
    mutating func due(at appliedThrough: Int64) -> [FundingPair] {
        let due = waiting.lazy.filter { $0.value <= appliedThrough }.prefix(Self.pairsAtOnce).map(\.key)
        let pairs = Array(due)
        for pair in pairs { waiting[pair] = nil }
        return pairs
    }

    /// Whether nothing is new: neither what a pair's token says nor its offers.
    func knows(_ pair: FundingPair, _ answer: FundsAnswer, version: UInt64?) -> Bool {
        guard let old = known[pair], let version else { return false }
        return old.version == version && old.answer == answer
    }

    /// What is to be written for the offers of a pair; nothing when nothing is new.
    mutating func decide(
        _ pair: FundingPair, _ answer: FundsAnswer, _ offers: [OfferState], version: UInt64,
        now: ContinuousClock.Instant
    ) -> [FundingUpdate.Decision] {
        if case .unanswered = answer { return [] }
        if known.count >= Self.capacity { known.removeAll() }
        if patience.count >= Self.capacity { patience.removeAll() }
        if knows(pair, answer, version: version) { return [] }
        var decisions = Self.decisions(answer, offers)
        let back = Set(offers.lazy.filter { !$0.isListed }.map(\.offerHash))
        let relisted = decisions.contains { $0.funding?.isUnfunded != true && back.contains($0.offerHash) }
        if relisted, patience[pair, default: FundingPatience()].admits(now) == false {
            // Hidden at once, shown again in its time; until then the pair stays unknown.
            decisions.removeAll { $0.funding?.isUnfunded != true && back.contains($0.offerHash) }
            known[pair] = nil
        } else {
            if relisted { patience[pair, default: FundingPatience()].spend(now) }
            known[pair] = offers.isEmpty ? nil : Known(answer: answer, version: version)
        }
        return decisions
    }

    /// Forgets what was found of a pair: what was decided did not get into the log.
    mutating func forget(_ pair: FundingPair) { known[pair] = nil }

    private static func decisions(_ answer: FundsAnswer, _ offers: [OfferState]) -> [FundingUpdate.Decision] {
        let states = Dictionary(offers.map { ($0.offerHash, $0) }, uniquingKeysWith: { first, _ in first })
        switch answer {
        case .unanswered: return []
        case .unknown(let reason):
            return offers.filter { $0.funding != nil }.map {
                FundingUpdate.Decision(offerHash: $0.offerHash, funding: nil, finding: .unknown(reason))
            }
        case .funds(let funds):
            return FundingRule.judge(offers, available: funds.available).compactMap { verdict in
                guard let state = states[verdict.offerHash], !verdict.isAsBefore(state) else { return nil }
                return FundingUpdate.Decision(
                    offerHash: verdict.offerHash, funding: verdict.funding,
                    finding: .funds(funds, claimed: verdict.claimed))
            }
        }
    }
}

extension FundingRule.Verdict {
    /// Whether the log says so already. How much an unfunded offer lacks is nothing new.
    func isAsBefore(_ state: OfferState) -> Bool {
        if funding?.isUnfunded == true, state.funding?.isUnfunded == true { return true }
        return funding == state.funding
    }
}

/// How soon a writer's offers are listed again: at once the first times, then after pauses that double. Who moves its
/// tokens to and fro at every block shall not write the log full.
struct FundingPatience {
    /// Times that cost nothing.
    static let free = 4
    /// The longest pause.
    static let longest = Duration.seconds(600)

    private var times = 0
    private var last: ContinuousClock.Instant?

    private var pause: Duration {
        times < Self.free ? .zero : min(Self.longest, .seconds(1 << min(times - Self.free + 1, 10)))
    }

    func admits(_ now: ContinuousClock.Instant) -> Bool {
        guard let last else { return true }
        return now - last >= pause
    }

    mutating func spend(_ now: ContinuousClock.Instant) {
        if let last, now - last >= Self.longest * 2 { times = 0 }
        times += 1
        last = now
    }
}
