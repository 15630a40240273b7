public import Exchange
public import Redis

/// Rate limits counted in Redis, for all processes together.
public struct RedisLimiter: SharedLimiter {
    private let redis: RedisClient
    private let prefix: String

    /// Counts under `prefix` + `ratelimit:`.
    public init(redis: RedisClient, prefix: String) {
        self.redis = redis
        self.prefix = prefix
    }

    /// Takes up to `count` units of `key`; nil when Redis is away or answers nonsense.
    public func take(_ count: Int, of key: String, limit: Int, window: Duration) async -> RateDecision? {
        guard redis.isConnected else { return nil }
        let milliseconds = Int(window.components.seconds) * 1_000
        do {
            let answer = try await redis.evaluate(
                RedisScripts.take, keys: ["\(prefix)ratelimit:\(key)"], arguments: [limit, milliseconds, count])
            let numbers = try answer.elements().map { Int(try $0.integer()) }
            guard numbers.count == 3 else { return nil }
            return RateDecision(
                limit: limit, remaining: numbers[1], resetSeconds: max(1, (numbers[2] + 999) / 1_000),
                allowed: numbers[0])
        } catch {
            return nil
        }
    }
}
