import Ethereum
import Exchange
import Foundation
import Market
import Redis
import Store
import TestServers
import Testing

@Suite(.enabled(if: ProcessInfo.processInfo.environment["STRIKEBOOK_TEST_SERVERS"] != nil))
struct RedisMirrorTests {
    private let epoch = LogHead(seq: 0, hash: .zero, epoch: 0xab)

    private func withMirror(
        _ body: @Sendable (TestRedis, RedisMirror, Books) async throws -> Void
    ) async throws {
        let server = try TestRedis()
        let redis = RedisClient(configuration: try RedisConfiguration(url: server.url), logger: quiet)
        let books = Books()
        books.load([], BooksSnapshot(head: epoch, lastChanges: []))
        let mirror = RedisMirror(redis: redis, books: books, prefix: "t:", logger: quiet)
        _ = try await redis.send(RedisCommand("PING"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await mirror.run() }
            try await body(server, mirror, books)
            group.cancelAll()
        }
        await redis.shutdown()
    }

    private func created(_ offer: SignedOffer, seq: UInt64) -> BookEvent {
        let state = OfferState(signed: offer, seq: seq, createdAtMicros: 0)
        return BookEvent(seq: seq, createdAtMicros: 0, change: .created(state))
    }

    private func closed(_ offer: SignedOffer, seq: UInt64) -> BookEvent {
        let book = BookID(offer.offer)
        return BookEvent(
            seq: seq, createdAtMicros: 0,
            change: .closed(offerHash: offer.hashes.offerHash, book: book, reason: .cancelled))
    }

    @Test func `An older change never replaces a newer one, whichever comes first`() async throws {
        try await withMirror { server, mirror, _ in
            let offer = try Terms().signed(by: key(1))
            let name = "t:offer:\(offer.hashes.offerHash.hex)"
            mirror.changed([closed(offer, seq: 2)])
            #expect(await eventually { (try? server.cli("HGET", name, "status")) == "cancelled" })
            mirror.changed([created(offer, seq: 1)])
            #expect(await eventually { (try? server.cli("HEXISTS", name, "offer")) == "1" })
            #expect(try server.cli("HGET", name, "status") == "cancelled")
            #expect(try server.cli("HGET", name, "seq") == "2")
        }
    }

    @Test func `Wrong types and nonsense under our keys make room`() async throws {
        try await withMirror { server, mirror, books in
            let offer = try Terms().signed(by: key(1))
            let name = "t:offer:\(offer.hashes.offerHash.hex)"
            let book = "t:orderbook:\(offer.offer.underlying.checksummed):call"
            _ = try server.cli("SET", name, "poison")
            _ = try server.cli("LPUSH", book, "poison")
            _ = books.apply([created(offer, seq: 1)])
            mirror.changed([created(offer, seq: 1)])
            #expect(await eventually { (try? server.cli("HGET", name, "status")) == "open" })
            #expect(await eventually { (try? server.cli("HGET", book, "seq")) == "1" })
            _ = try server.cli("HSET", book, "seq", "nonsense")
            mirror.changed([created(offer, seq: 1)])
            #expect(await eventually { (try? server.cli("HGET", book, "seq")) == "1" })
            _ = try server.cli("FLUSHALL")
            mirror.changed([created(offer, seq: 1)])
            #expect(await eventually { (try? server.cli("HGET", name, "status")) == "open" })
        }
    }

    @Test func `A window in Redis is shared, slides, and survives a wrong type`() async throws {
        let server = try TestRedis()
        let redis = RedisClient(configuration: try RedisConfiguration(url: server.url), logger: quiet)
        _ = try await redis.send(RedisCommand("PING"))
        let limiters = [RedisLimiter(redis: redis, prefix: "t:"), RedisLimiter(redis: redis, prefix: "t:")]
        _ = try server.cli("SET", "t:ratelimit:a", "poison")
        let first = await limiters[0].take(3, of: "a", limit: 5, window: .seconds(60))
        #expect(first?.allowed == 3)
        let second = await limiters[1].take(3, of: "a", limit: 5, window: .seconds(60))
        #expect(second?.allowed == 2)
        #expect(second?.remaining == 0)
        try server.stop()
        #expect(await eventually { !redis.isConnected })
        #expect(await limiters[0].take(1, of: "a", limit: 5, window: .seconds(60)) == nil)
        await redis.shutdown()
    }
}
