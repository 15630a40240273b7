public import Exchange
public import Logging
public import Redis
public import ServiceLifecycle
import StrictJSON

/// Publishes the leader's ticks on the Redis channel `prices` for outside readers: behind everybody else and in nobody's
/// way. Ticks that Redis is too slow for are left out, the oldest first.
public struct PriceMirror: PriceListener, Service {
    /// Ticks that may wait.
    private static let capacity = 64

    private let redis: RedisClient
    private let leadership: any Leadership
    private let channel: String
    private let logger: Logger
    private let ticks: AsyncStream<[PriceTick]>
    private let waiting: AsyncStream<[PriceTick]>.Continuation

    /// Publishes under `prefix` while `leadership` is held: one message a tick and token, whatever the number of processes.
    public init(redis: RedisClient, leadership: any Leadership, prefix: String, logger: Logger) {
        self.redis = redis
        self.leadership = leadership
        self.logger = logger
        channel = "\(prefix)prices"
        (ticks, waiting) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.capacity))
    }

    /// Queues a tick.
    public func published(_ ticks: [PriceTick]) {
        if leadership.epoch != nil { waiting.yield(ticks) }
    }

    /// Publishes until shutdown.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            for await ticks in self.ticks where self.redis.isConnected {
                do {
                    _ = try await self.redis.pipeline(
                        ticks.map { RedisCommand("PUBLISH", self.channel, Self.message($0)) })
                } catch {
                    self.logger.debug("Redis did not take a tick", metadata: ["error": "\(error)"])
                }
            }
        }
    }

    private static func message(_ tick: PriceTick) -> [UInt8] {
        var json = JSONWriter(capacity: 192)
        json.beginObject()
        json.key("type")
        json.string("price")
        json.key("token")
        json.address(tick.token)
        json.key("priceE8")
        json.string(String(tick.priceE8))
        json.key("tick")
        json.integer(tick.tick)
        json.key("asOf")
        json.timestamp(micros: tick.asOfMillis * 1_000)
        json.endObject()
        return json.bytes
    }
}
