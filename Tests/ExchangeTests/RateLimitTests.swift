import Ethereum
import Exchange
import Market
import Testing

@Suite("Rate limits in memory")
struct RateLimitTests {
    private let start = ContinuousClock.Instant.now

    @Test("a window slides: what left it counts no more")
    func sliding() {
        let limiter = MemoryLimiter()
        let window = Duration.seconds(10)
        func take(_ count: Int, at seconds: Int) -> RateDecision {
            limiter.take(count, of: "a", limit: 5, window: window, now: start + .seconds(seconds))
        }
        #expect(take(3, at: 0).allowed == 3)
        #expect(take(3, at: 5) == RateDecision(limit: 5, remaining: 0, resetSeconds: 5, allowed: 2))
        #expect(take(1, at: 9).allowed == 0)
        #expect(take(4, at: 10).allowed == 3)
    }

    @Test("keys do not share a window")
    func keys() {
        let limiter = MemoryLimiter()
        for key in ["a", "b"] {
            #expect(limiter.take(9, of: key, limit: 5, window: .seconds(1), now: start).allowed == 5)
        }
    }

    @Test("a writer's window is used up only by the writer; 0 is no limit")
    func writers() async throws {
        let limits = RateLimits(offers: .init(limit: 1, window: .seconds(900)), shared: nil)
        try await limits.takeWriter(Samples.address(1))
        try await limits.takeWriter(Samples.address(2))
        await #expect(throws: Rejection.self) { try await limits.takeWriter(Samples.address(1)) }
        let unlimited = RateLimits(offers: .init(limit: 0, window: .seconds(900)), shared: nil)
        #expect(await unlimited.takeClient("a", count: 1_000_000) == nil)
    }
}
