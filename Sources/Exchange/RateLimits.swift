public import Ethereum
public import Market
import Synchronization

/// What a limiter says of one request.
public struct RateDecision: Sendable, Hashable {
    /// The most in one window.
    public let limit: Int
    /// What is left of the limit.
    public let remaining: Int
    /// Seconds until the oldest counted request leaves the window.
    public let resetSeconds: Int
    /// How many of the asked units were allowed.
    public let allowed: Int

    /// `allowed` of the asked units fit; `remaining` are left for `resetSeconds`.
    public init(limit: Int, remaining: Int, resetSeconds: Int, allowed: Int) {
        self.limit = limit
        self.remaining = remaining
        self.resetSeconds = resetSeconds
        self.allowed = allowed
    }
}

/// Counts requests in a sliding window shared by all processes; nil when it is away.
public protocol SharedLimiter: Sendable {
    /// Takes up to `count` units of `key`.
    func take(_ count: Int, of key: String, limit: Int, window: Duration) async -> RateDecision?
}

/// The limits on posting and cancelling: in Redis for all processes, from memory when that is away.
public struct RateLimits: Sendable {
    /// Requests in a window; 0 is no limit.
    public struct Rule: Sendable, Hashable {
        /// The most in one window.
        public let limit: Int
        /// The length of the window.
        public let window: Duration

        /// At most `limit` in any `window`.
        public init(limit: Int, window: Duration) {
            self.limit = limit
            self.window = window
        }
    }

    private let offers: Rule
    private let cancels: Rule
    private let logIns: Rule
    private let shared: (any SharedLimiter)?
    private let memory: MemoryLimiter

    /// Limits on offers (per client and per writer), on log-ins and, far larger, on cancels (per client).
    public init(
        offers: Rule = Rule(limit: 100, window: .seconds(900)),
        cancels: Rule = Rule(limit: 6_000, window: .seconds(900)),
        logIns: Rule = Rule(limit: 100, window: .seconds(900)),
        shared: (any SharedLimiter)?, memory: MemoryLimiter = MemoryLimiter()
    ) {
        self.offers = offers
        self.cancels = cancels
        self.logIns = logIns
        self.shared = shared
        self.memory = memory
    }

    /// False when offers are not limited at all.
    public var limitsOffers: Bool { offers.limit > 0 }
    /// The rule for offers, per client and per writer.
    public var offerRule: Rule { offers }

    /// Counts `count` posted offers of a client before they are parsed; nil without a limit.
    public func takeClient(_ client: String, count: Int) async -> RateDecision? {
        await take(count, of: "offers:client:\(client)", offers)
    }

    /// Counts one cancel of a client; nil without a limit.
    public func takeCancel(_ client: String) async -> RateDecision? {
        await take(1, of: "cancels:client:\(client)", cancels)
    }

    /// Counts one log-in of a client.
    public func takeLogIn(_ client: String) async -> RateDecision? {
        await take(1, of: "logins:client:\(client)", logIns)
    }

    /// Counts one new, verified offer of a writer.
    /// - Throws: a `tooMany` rejection when the writer's window is full.
    public func takeWriter(_ writer: Address) async throws(Rejection) {
        guard let decision = await take(1, of: "offers:writer:\(writer.checksummed)", offers) else { return }
        if decision.allowed == 0 { throw Self.tooManyOffers(decision, who: "writer") }
    }

    /// The refusal of an offer over the limit.
    public static func tooManyOffers(_ decision: RateDecision, who: String) -> Rejection {
        Rejection(
            .tooMany, code: "rate_limited", field: nil,
            detail: "Too many offers created: at most \(decision.limit) for one \(who) in the window. "
                + "Try again in \(decision.resetSeconds) s.")
    }

    private func take(_ count: Int, of key: String, _ rule: Rule) async -> RateDecision? {
        guard rule.limit > 0 else { return nil }
        if let decision = await shared?.take(count, of: key, limit: rule.limit, window: rule.window) {
            return decision
        }
        return memory.take(count, of: key, limit: rule.limit, window: rule.window, now: .now)
    }
}

/// A sliding window in memory: the times of the last `limit` requests of each key, of a bounded number of keys.
public final class MemoryLimiter: Sendable {
    private static let mostKeys = 50_000

    private let windows = Mutex<[String: [ContinuousClock.Instant]]>([:])

    /// No requests counted yet.
    public init() {}

    /// Takes up to `count` units of `key` at `now`.
    public func take(
        _ count: Int, of key: String, limit: Int, window: Duration, now: ContinuousClock.Instant
    ) -> RateDecision {
        windows.withLock { windows in
            if windows.count > Self.mostKeys {
                windows = windows.filter { $0.value.last.map { $0 + window > now } ?? false }
                // Still full: a flood of clients. Forgetting them all is bounded; remembering them is not.
                if windows.count > Self.mostKeys { windows.removeAll() }
            }
            var times = windows[key, default: []]
            times.removeAll { $0 + window <= now }
            let allowed = max(0, min(count, limit - times.count))
            times.append(contentsOf: repeatElement(now, count: allowed))
            windows[key] = times
            let reset = times.first.map { ($0 + window) - now } ?? .zero
            return RateDecision(
                limit: limit, remaining: limit - times.count,
                resetSeconds: max(1, Int(reset.components.seconds) + (reset.components.attoseconds > 0 ? 1 : 0)),
                allowed: allowed)
        }
    }
}
