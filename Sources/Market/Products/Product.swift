public import Ethereum

/// A price that a product looks at: a published tick, or one that the operator gave to this product alone.
public struct ObservedPrice: Sendable, Hashable {
    /// 1e-8 units, 1 to 2^62.
    public let priceE8: Int64
    /// The number of the tick; for the operator's price that of the newest tick before it.
    public let tick: UInt64
    /// The stamp, ms since 1970.
    public let stampMillis: Int64

    /// A price of 1e-8 units at `stampMillis` (ms since 1970).
    public init(priceE8: Int64, tick: UInt64, stampMillis: Int64) {
        self.priceE8 = priceE8
        self.tick = tick
        self.stampMillis = stampMillis
    }
}

/// A Lucky Ladder or Momentum Catcher at one moment: a fold of what it observed since its acceptance.
///
/// The same observations in the same order give the same product, whenever and wherever they are folded. Once it has an
/// outcome nothing changes it.
public struct Product: Sendable, Hashable {
    /// How far it has come.
    public enum Progress: Sendable, Hashable {
        /// Rungs hit and left.
        case luckyLadder(LuckyLadder)
        /// Movement so far.
        case momentumCatcher(MomentumCatcher)
    }

    /// How it ended: decided once.
    public struct Outcome: Sendable, Hashable {
        /// Any but `active`.
        public let status: ProductStatus
        /// What it pays, 1e-8 units, 0 to the payoff.
        public let payoutE8: Int64
        /// When, ms since 1970: the stamp of the tick that decided it; its end, when its time was over.
        public let atMillis: Int64

        /// An end with its payout (1e-8 units).
        public init(status: ProductStatus, payoutE8: Int64, atMillis: Int64) {
            self.status = status
            self.payoutE8 = payoutE8
            self.atMillis = atMillis
        }
    }

    /// What an observation did.
    public enum Effect: Sendable, Hashable {
        /// It was not for this product: seen before, from before its start, or it has ended.
        case none
        /// It was observed.
        case observed
        /// It hit a rung.
        case hit
        /// It decided the outcome.
        case ended
    }

    /// Its id.
    public let id: String
    /// What it bets on.
    public let terms: ProductTerms
    /// Who submitted it; nil when nobody was logged in.
    public let owner: Address?
    /// Its start, ms since 1970: ticks with a later stamp count.
    public let startMillis: Int64
    /// How far it has come.
    public private(set) var progress: Progress
    /// The newest tick that it has taken account of.
    public private(set) var seenTick: UInt64
    /// What it last observed; nil before the first.
    public private(set) var last: ObservedPrice?
    /// How it ended; nil while it is active.
    public private(set) var outcome: Outcome?

    /// A product as it begins: accepted at `startMillis` (ms since 1970), when `seenTick` was the newest tick.
    public init(id: String, terms: ProductTerms, owner: Address?, startMillis: Int64, seenTick: UInt64) {
        let progress: Progress =
            switch terms.bet {
            case .luckyLadder(let rungs): .luckyLadder(LuckyLadder(rungsE8: rungs))
            case .momentumCatcher(let target, let mode):
                .momentumCatcher(MomentumCatcher(targetE8: target, mode: mode))
            }
        self.init(
            id: id, terms: terms, owner: owner, startMillis: startMillis, progress: progress, seenTick: seenTick,
            last: nil, outcome: nil)
    }

    /// A product as it was stored.
    public init(
        id: String, terms: ProductTerms, owner: Address?, startMillis: Int64, progress: Progress, seenTick: UInt64,
        last: ObservedPrice?, outcome: Outcome?
    ) {
        self.id = id
        self.terms = terms
        self.owner = owner
        self.startMillis = startMillis
        self.progress = progress
        self.seenTick = seenTick
        self.last = last
        self.outcome = outcome
    }

    /// The last moment whose tick counts, ms since 1970.
    public var endMillis: Int64 { startMillis + terms.durationMillis }

    /// What it became.
    public var status: ProductStatus { outcome?.status ?? .active }

    /// Takes account of a published tick of its token; ticks come in their order, and one that it has seen is nothing new.
    public mutating func observe(tick observation: ObservedPrice) -> Effect {
        guard outcome == nil, observation.tick > seenTick else { return .none }
        seenTick = observation.tick
        guard observation.stampMillis > startMillis else { return .none }
        let effect = take(observation)
        // Stamps rise strictly: no later tick counts.
        return outcome == nil && observation.stampMillis == endMillis ? expire() : effect
    }

    /// Takes account of a tick at which its token had no price: time passes.
    public mutating func pass(tick: UInt64, stampMillis: Int64) -> Effect {
        guard outcome == nil, tick > seenTick else { return .none }
        seenTick = tick
        return stampMillis >= endMillis ? expire() : .none
    }

    /// Takes account of a price that is given to it alone, between the tick it has seen and the next.
    public mutating func observe(operatorPrice observation: ObservedPrice) -> Effect {
        outcome == nil ? take(observation) : .none
    }

    /// Ends it before its time, without a payout.
    /// - Returns: whether it was still active.
    public mutating func cancel(atMillis: Int64) -> Bool {
        guard outcome == nil else { return false }
        outcome = Outcome(status: .cancelled, payoutE8: 0, atMillis: atMillis)
        return true
    }

    private mutating func take(_ observation: ObservedPrice) -> Effect {
        guard observation.stampMillis <= endMillis else { return expire() }
        last = observation
        var effect = Effect.observed
        switch progress {
        case .luckyLadder(var ladder):
            if ladder.observe(observation.priceE8) { effect = .hit }
            progress = .luckyLadder(ladder)
            if ladder.isComplete { return end(.completed, pays: terms.payoffE8, at: observation.stampMillis) }
        case .momentumCatcher(var catcher):
            catcher.observe(observation.priceE8)
            progress = .momentumCatcher(catcher)
            if catcher.isTargetHit { return end(.targetHit, pays: terms.payoffE8, at: observation.stampMillis) }
        }
        return effect
    }

    private mutating func expire() -> Effect {
        let payout =
            if case .luckyLadder(let ladder) = progress { ladder.payoutE8(of: terms.payoffE8) } else { Int64(0) }
        return end(.expired, pays: payout, at: endMillis)
    }

    private mutating func end(_ status: ProductStatus, pays payoutE8: Int64, at millis: Int64) -> Effect {
        outcome = Outcome(status: status, payoutE8: payoutE8, atMillis: millis)
        return .ended
    }
}
