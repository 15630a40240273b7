public import Ethereum
import Synchronization

/// The latest price of every token, and everybody who listens.
///
/// A listener gets the current prices at once, then every tick, in order, none twice.
public final class PriceBoard: Sendable {
    /// Names a listener, to end its subscription.
    public struct Subscription: Sendable, Hashable {
        fileprivate let number: UInt64
    }

    private struct State {
        var latest: [Address: PriceTick] = [:]
        var lastTick: [PriceTick] = []
        var recordedAsOfMillis: Int64?
        var listeners: [Subscription: any PriceListener] = [:]
        var nextNumber: UInt64 = 0
        var feeds: [Address: PriceFeedState] = [:]
        var feedProblems: [Address: String] = [:]
    }

    /// Held while listeners are called, so that they hear ticks one after the other; `state` is free meanwhile and may be
    /// read by them.
    private let delivery = Mutex(())
    private let state = Mutex(State())

    private let settlesSimulated: Bool

    /// A board without prices. `settlesSimulated` is true on the demonstration chain alone: there a simulated price may
    /// decide what an option pays.
    public init(settlesSimulated: Bool = false) {
        self.settlesSimulated = settlesSimulated
    }

    /// The latest price of `token`; nil while none is known.
    public func latest(_ token: Address) -> PriceTick? { state.withLock { $0.latest[token] } }

    /// The latest price of every token, in no order.
    public var all: [PriceTick] { state.withLock { Array($0.latest.values) } }

    /// The stamp of the newest tick, ms since 1970; nil before the first.
    public var asOfMillis: Int64? { state.withLock { $0.lastTick.first?.asOfMillis } }

    /// The stamp of the newest stored tick, ms since 1970; nil before the first.
    public var recordedAsOfMillis: Int64? { state.withLock { $0.recordedAsOfMillis } }

    /// Shows one tick of the market and tells every listener. A tick that is not later than the one shown is passed over.
    public func publish(_ ticks: [PriceTick]) {
        guard let asOf = ticks.first?.asOfMillis else { return }
        delivery.withLock { _ in
            let listeners: [any PriceListener]? = state.withLock { state in
                if let last = state.lastTick.first, last.asOfMillis >= asOf { return nil }
                state.lastTick = ticks
                if ticks.allSatisfy(\.isRecorded) { state.recordedAsOfMillis = asOf }
                for tick in ticks { state.latest[tick.token] = tick }
                return Array(state.listeners.values)
            }
            for listener in listeners ?? [] { listener.published(ticks) }
        }
    }

    /// Tells `listener` the current prices now and every tick from then on.
    public func subscribe(_ listener: any PriceListener) -> Subscription {
        delivery.withLock { _ in
            let (subscription, current) = state.withLock { state in
                let subscription = Subscription(number: state.nextNumber)
                state.nextNumber += 1
                state.listeners[subscription] = listener
                return (subscription, Array(state.latest.values))
            }
            if !current.isEmpty { listener.published(current) }
            return subscription
        }
    }

    /// Ends a subscription. A tick that is being published at this very moment may still be heard.
    public func unsubscribe(_ subscription: Subscription) {
        state.withLock { $0.listeners[subscription] = nil }
    }

    // MARK: Prices from outside

    /// Shows what feeds and the operator said last.
    public func show(_ feeds: [PriceFeedState]) {
        state.withLock { state in
            for feed in feeds { state.feeds[feed.observation.token] = feed }
        }
    }

    /// What a feed or the operator said last of `token`, and the volatility estimated from all they said.
    public func feed(of token: Address) -> PriceFeedState? { state.withLock { $0.feeds[token] } }

    /// Notes what is wrong with the feed of `token`, nil when nothing is; true when that is news. Known to the process that
    /// asks the feeds; everywhere else the age of the last answer tells.
    @discardableResult
    public func setFeedProblem(_ problem: String?, of token: Address) -> Bool {
        state.withLock { state in
            defer { state.feedProblems[token] = problem }
            return state.feedProblems[token] != problem
        }
    }

    /// What is wrong with the feed of `token` at `nowMillis`, as far as this process knows; nil when nothing is, or it has
    /// none.
    public func feedProblem(of token: Token, nowMillis: Int64) -> String? {
        guard let market = token.market, market.feed != nil else { return nil }
        let (problem, state) = state.withLock { ($0.feedProblems[token.address], $0.feeds[token.address]) }
        if let problem { return problem }
        guard let state else { return "it has not answered yet" }
        guard nowMillis - state.observation.observedAtMillis > market.heartbeatMillis else { return nil }
        return "its last answer is older than its heartbeat of \(market.heartbeatMillis / 1_000) s"
    }

    /// The S that settles an option at `nowMillis`: what a feed or the operator said, with its source and time, at most
    /// 60 s old; on the demonstration chain else the simulated price. Nil: 503 `price_unavailable`.
    public func settlementPrice(of token: Address, nowMillis: Int64) -> PriceObservation? {
        let (feed, tick) = state.withLock { ($0.feeds[token]?.observation, $0.latest[token]) }
        if let feed, feed.isFresh(atMillis: nowMillis) { return feed }
        guard settlesSimulated, let tick, tick.source == .simulation else { return nil }
        let simulated = PriceObservation(
            token: token, priceE8: tick.priceE8, observedAtMillis: tick.asOfMillis, source: .simulation)
        return simulated.isFresh(atMillis: nowMillis) ? simulated : nil
    }
}
