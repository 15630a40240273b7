import Ethereum
public import Exchange
public import Logging
public import Market
public import Redis
public import ServiceLifecycle
import StrictJSON
import Synchronization

/// Shows settlements in Redis for outside readers: a HASH `settlement:{tokenId}` with the JSON of the API, and a message a
/// change in the channel `settlements`. Behind the answers and never in their way; all of it can be rebuilt.
public final class SettlementMirror: SettlementListener, Service {
    /// Changes that may wait; past it the oldest are forgotten.
    private static let capacity = 10_000
    private static let ttl = 86_400

    private struct Change {
        let stored: StoredSettlement
        let event: SettlementEvent
    }

    private let waiting = Mutex<[Change]>([])
    private let wake: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation
    private let redis: RedisClient
    private let prefix: String
    private let epoch: String
    private let logger: Logger

    /// Mirrors under `prefix`, in the life of the log that `epoch` names.
    public init(redis: RedisClient, prefix: String, epoch: String, logger: Logger) {
        self.redis = redis
        self.prefix = prefix
        self.epoch = epoch
        self.logger = logger
        (wake, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Queues a change to be mirrored.
    public func changed(_ stored: StoredSettlement, _ event: SettlementEvent) {
        waiting.withLock { waiting in
            if waiting.count >= Self.capacity { waiting.removeFirst(Self.capacity / 2) }
            waiting.append(Change(stored: stored, event: event))
        }
        waker.yield()
    }

    /// Mirrors until shutdown.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in self.wake {
                let changes = self.waiting.withLock { waiting in
                    defer { waiting = [] }
                    return waiting
                }
                for change in changes { await self.mirror(change) }
            }
        }
    }

    private func mirror(_ change: Change) async {
        guard redis.isConnected else { return }
        let stored = change.stored
        var json = JSONWriter(capacity: 1_536)
        SettlementJSON.encode(stored, to: &json)
        var message = JSONWriter(capacity: 256)
        message.beginObject()
        message.key("type")
        message.string("settlement_\(change.event.rawValue)")
        message.key("tokenId")
        message.uint256(stored.settlement.tokenId)
        message.key("status")
        message.string(stored.settlement.status.rawValue)
        message.key("seq")
        message.integer(stored.seq)
        message.endObject()
        do {
            try await redis.evaluate(
                RedisScripts.settlement, keys: ["\(prefix)settlement:\(stored.settlement.tokenId.decimalString)"],
                arguments: [
                    epoch, String(stored.seq), stored.settlement.status.rawValue, json.bytes, Self.ttl,
                    "\(prefix)settlements", message.bytes,
                ]
            ).check()
        } catch {
            logger.debug("Redis did not take a settlement", metadata: ["error": "\(error)"])
        }
    }
}
