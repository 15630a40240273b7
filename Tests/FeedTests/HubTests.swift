import Ethereum
import Exchange
import Foundation
import Market
import NIOCore
import NIOEmbedded
import Testing

@testable import Feed

@Suite("The hub")
struct HubTests {
    private static let calls = "orderbook:weth:call"

    private static func seq(_ message: HubClient.Message?, _ name: String = "seq") -> UInt64? {
        (message?[name] as? NSNumber)?.uint64Value
    }

    private static func hashes(_ message: HubClient.Message?) -> [String] {
        (message?["rows"] as? [HubClient.Message] ?? []).compactMap { $0["offerHash"] as? String }
    }

    private static func operations(_ message: HubClient.Message?) -> [String] {
        (message?["changes"] as? [HubClient.Message] ?? []).compactMap { $0["op"] as? String }
    }

    @Test("subscribed, then the book as it stands, then each commit once, each after the last")
    func order() async throws {
        var hub = try await EmbeddedHub()
        _ = hub.create(0..<3)
        let client = try hub.client()
        client.send("{\"type\":\"subscribe\",\"channel\":\"\(Self.calls)\"}")
        #expect(client.message()?["type"] as? String == "subscribed")
        let snapshot = client.next("snapshot")
        #expect(Self.hashes(snapshot).count == 3)
        #expect(Self.seq(snapshot) == 3)
        #expect(snapshot?["epoch"] as? String == "0000000000000007")
        let offers = hub.create(3..<5)
        hub.commit([.none])
        hub.commit([.closed(offerHash: offers[0].offerHash, book: BookID(offers[0].offer), reason: .cancelled)])
        let (first, second) = (client.next("delta"), client.next("delta"))
        #expect(Self.operations(first) == ["add", "add"])
        #expect((Self.seq(first, "prevSeq"), Self.seq(first)) == (3, 5))
        #expect(Self.operations(second) == ["remove"])
        #expect((Self.seq(second, "prevSeq"), Self.seq(second)) == (5, 7))
        #expect(client.message() == nil)
        hub.commit([.created(hub.offer(99, isCall: false))])
        #expect(client.message() == nil)
    }

    @Test("an update tells what remains; a fill, a withdrawal and a return are update, remove and add")
    func fills() async throws {
        var hub = try await EmbeddedHub()
        let client = try hub.client()
        client.subscribe(Self.calls)
        _ = client.next("snapshot")
        var offer = hub.create(0..<1)[0]
        offer.filled = 400
        hub.commit([.changed(offer, wasListed: true)])
        offer.filled = 1_000
        offer.closed = .init(seq: 3, reason: .filled)
        hub.commit([.changed(offer, wasListed: true)])
        offer.filled = 0
        offer.closed = nil
        hub.commit([.changed(offer, wasListed: false)])
        let deltas = (0..<4).map { _ in client.next("delta") }
        #expect(deltas.flatMap(Self.operations) == ["add", "update", "remove", "add"])
        let remaining = deltas.compactMap { ($0?["changes"] as? [HubClient.Message])?.first?["remaining"] as? String }
        #expect(remaining == ["1000", "600", "0", "1000"])
    }

    @Test("who comes back gets what it missed, and nothing else; who cannot be told gets a reason and the book")
    func replay() async throws {
        var limits = FeedLimits()
        limits.recentRows = 10
        var hub = try await EmbeddedHub(limits: limits)
        for commit in 0..<30 as Range<UInt64> { _ = hub.create(commit..<(commit + 1)) }
        let client = try hub.client()
        client.subscribe(Self.calls, ",\"fromSeq\":27,\"epoch\":\"0000000000000007\"")
        let missed = (0..<3).map { _ in client.next("delta") }
        #expect(missed.map { Self.seq($0, "prevSeq") } == [27, 28, 29])
        #expect(missed.map { Self.seq($0) } == [28, 29, 30])
        #expect(client.message() == nil)
        client.subscribe(Self.calls, ",\"fromSeq\":30")
        #expect(client.message() == nil)
        _ = hub.create(50..<51)
        #expect(Self.seq(client.next("delta"), "prevSeq") == 30)
        for (more, reason) in [
            (",\"fromSeq\":2", "too old"), (",\"fromSeq\":32", "in the future"),
            (",\"fromSeq\":30,\"epoch\":\"0000000000000008\"", "another epoch"),
        ] {
            client.subscribe(Self.calls, more)
            #expect(client.next("resync")?["reason"] as? String == reason)
            #expect(Self.hashes(client.next("snapshot")).count == 31)
        }
    }

    @Test("a heartbeat shows where the book stands, and its hash, of what the client has had")
    func heartbeats() async throws {
        var hub = try await EmbeddedHub()
        let client = try hub.client()
        client.subscribe(Self.calls)
        _ = client.next("snapshot")
        _ = hub.create(0..<2)
        _ = client.next("delta")
        hub.loop.advanceTime(by: .seconds(6))
        let beat = try #require(client.message())
        #expect(beat["type"] as? String == "heartbeat")
        let channels = beat["channels"] as? [HubClient.Message]
        #expect(channels?.count == 1)
        #expect(Self.seq(channels?.first) == 2)
        let hash = hub.books.book(BookID(underlying: EmbeddedHub.weth.address, isCall: true)).hash
        #expect(channels?.first?["bookHash"] as? String == hash.bigEndian.hex)
    }

    @Test("of prices the current one at once, then every tick once; unsubscribing ends them")
    func prices() async throws {
        let hub = try await EmbeddedHub()
        hub.tick(1)
        let client = try hub.client()
        client.subscribe("prices:weth")
        #expect(client.next("price")?["priceE8"] as? String == "1")
        hub.tick(2)
        hub.tick(3)
        #expect((0..<2).map { _ in client.next("price")?["priceE8"] as? String } == ["2", "3"])
        client.send("{\"type\":\"unsubscribe\",\"channel\":\"prices:weth\"}")
        #expect(client.next("unsubscribed") != nil)
        hub.tick(4)
        #expect(client.message() == nil)
    }

    @Test("a client that is silent is pinged, and closed when it stays silent; one that answers stays")
    func silence() async throws {
        let hub = try await EmbeddedHub()
        let (dead, alive) = (try hub.client(), try hub.client())
        for _ in 0..<12 {
            hub.loop.advanceTime(by: .seconds(5))
            while let frame = alive.frame() { if frame.first == 0x89 { alive.receive(ClientFrame.make(10)) } }
        }
        #expect(dead.closeCode() == 1_008)
        #expect(alive.channel.isActive && hub.hub.connectionCount == 1)
    }

    @Test("connections are counted, by address too, and given back")
    func admission() async throws {
        var limits = FeedLimits()
        (limits.connections, limits.connectionsPerClient) = (3, 2)
        let hub = try await EmbeddedHub(limits: limits)
        let clients = try (0..<2).map { _ in try hub.client() }
        #expect(throws: Handshake.Refusal.self) { try hub.client() }
        _ = try HubClient(hub.hub, hub.loop, from: "10.0.0.2")
        #expect(throws: Handshake.Refusal.self) { try HubClient(hub.hub, hub.loop, from: "10.0.0.3") }
        clients[0].leave()
        hub.loop.run()
        #expect(hub.hub.connectionCount == 2)
        _ = try hub.client()
    }

    @Test("a channel nobody reads is not encoded for anybody, and one that is read is given to each of its readers")
    func interest() async throws {
        var hub = try await EmbeddedHub()
        let clients = try (0..<3).map { _ in try hub.client() }
        for client in clients.dropLast() {
            client.subscribe("offers")
            _ = client.next("snapshot")
        }
        #expect(hub.hub.state.wanted([.offers, .prices(EmbeddedHub.weth.address)]) == [.offers])
        _ = hub.create(0..<1)
        #expect(clients.map { $0.next("delta") != nil } == [true, true, false])
        for client in clients { client.leave() }
        hub.loop.run()
        #expect(hub.hub.state.wanted([.offers]) == [])
    }
}
