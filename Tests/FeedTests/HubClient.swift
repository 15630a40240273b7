import Ethereum
import Exchange
import Foundation
import Logging
@_spi(Store) import Market
import NIOCore
import NIOEmbedded
import NIOHTTP1

@testable import Feed

/// A hub on an embedded event loop, with the books it tells of: everything happens when the test says so.
struct EmbeddedHub {
    let loop = EmbeddedEventLoop()
    let books = Books()
    let board = PriceBoard()
    let hub: Hub
    private var seq: UInt64 = 0

    static let weth = Token(symbol: "WETH", address: address(0xaa), decimals: 18, isStablecoin: false)

    init(limits: FeedLimits = FeedLimits()) async throws {
        books.load([], BooksSnapshot(head: LogHead(seq: 0, hash: .zero, epoch: 7), lastChanges: []))
        hub = Hub(
            limits: limits, books: books, tokens: TokenList([Self.weth]), prices: board, allowedOrigins: [],
            server: "test", home: loop, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        // The log is empty: nothing of it is read.
        try await hub.follow(UnreadLog())
    }

    static func address(_ byte: UInt8) -> Address {
        Address(bytes: [UInt8](repeating: byte, count: 20)) ?? .zero
    }

    /// A client that was let in and has read its welcome.
    func client() throws -> HubClient {
        let client = try HubClient(hub, loop)
        _ = client.next("welcome")
        return client
    }

    /// One commit of so many rows of the log.
    mutating func commit(_ changes: [BookEvent.Change]) {
        let events = changes.enumerated().map { number, change in
            BookEvent(seq: seq + UInt64(number) + 1, createdAtMicros: Int64(seq + 1), change: change)
        }
        seq += UInt64(changes.count)
        _ = books.apply(events)
        loop.run()
    }

    /// An offer as the log's next row but `later` creates it.
    func offer(_ salt: UInt64, isCall: Bool = true, later: UInt64 = 0) -> OfferState {
        let offer = Offer(
            writer: Self.address(1), underlying: Self.weth.address, collateralAmount: UInt256(1_000),
            stablecoin: Self.address(0xbb), isCall: isCall, premiumPerDay: UInt256(10 + salt), minDuration: 1,
            maxDuration: 30, minFillAmount: UInt256(1), deadline: 4_000_000_000, configHash: UInt256(salt).bigEndian)
        let deployment = Deployment(chainId: 31_337, verifyingContract: Self.address(0x11))
        return OfferState(
            signed: .stored(
                offer: offer, hashes: deployment.hashes(offer), signature: [UInt8](repeating: 27, count: 65)),
            seq: seq + 1 + later, createdAtMicros: Int64(seq + 1))
    }

    /// Creates so many calls in one commit.
    mutating func create(_ salts: Range<UInt64>) -> [OfferState] {
        let offers = salts.enumerated().map { offer($0.element, later: UInt64($0.offset)) }
        commit(offers.map { .created($0) })
        return offers
    }

    /// One tick of WETH.
    func tick(_ number: UInt64) {
        board.publish([
            PriceTick(
                token: Self.weth.address, priceE8: Int64(number), tick: number, asOfMillis: Int64(number) * 100,
                source: .simulation)
        ])
        loop.run()
    }
}

/// A log that no test reads.
private struct UnreadLog: OfferLog {
    struct Unread: Error {}

    func commit(_ requests: [WriteRequest]) async throws(WriteFailure) -> Commit { throw .notStored }
    func events(after seq: UInt64, limit: Int) async throws -> [BookEvent] { throw Unread() }
    func openBooks(_ offer: @escaping @Sendable (OfferState) -> Void) async throws -> BooksSnapshot { throw Unread() }
    func offer(named hash: Bytes32) async throws -> OfferState? { throw Unread() }
    func offers(matching filter: OfferFilter, after seq: UInt64, limit: Int) async throws -> OfferListing {
        throw Unread()
    }
}

/// A client of an embedded hub.
struct HubClient {
    typealias Message = [String: Any]

    let channel: EmbeddedChannel
    let loop: EmbeddedEventLoop

    init(_ hub: Hub, _ loop: EmbeddedEventLoop, from address: String = "10.0.0.1") throws {
        self.loop = loop
        channel = EmbeddedChannel(loop: loop)
        try channel.connect(to: SocketAddress(ipAddress: "10.0.0.1", port: 1)).wait()
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/ws")
        head.headers = [
            "Host": "x", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
        ]
        try hub.admit(head, client: address, channel: channel).serve(channel)
    }

    func send(_ text: String) { receive(ClientFrame.text(text)) }

    /// Hands bytes of the client's to the service.
    func receive(_ bytes: [UInt8]) {
        _ = try? channel.writeInbound(ByteBuffer(bytes: bytes))
        loop.run()
    }

    /// Ends the connection from the client's side.
    func leave() {
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        loop.run()
    }

    /// Subscribes, and reads what says so.
    func subscribe(_ name: String, _ more: String = "") {
        send("{\"type\":\"subscribe\",\"channel\":\"\(name)\"\(more)}")
        _ = next("subscribed")
    }

    /// The next frame: its first byte, and its content. `nil` when none was written.
    func frame() -> (first: UInt8, content: [UInt8])? {
        guard var bytes = try? channel.readOutbound(as: ByteBuffer.self), let first = bytes.readInteger(as: UInt8.self),
            let length = bytes.readInteger(as: UInt8.self)
        else { return nil }
        if length == 126 { _ = bytes.readInteger(as: UInt16.self) }
        if length == 127 { _ = bytes.readInteger(as: UInt64.self) }
        return (first, Array(bytes.readableBytesView))
    }

    /// The next message, whole.
    func message() -> Message? {
        var content: [UInt8] = []
        while let frame = frame() {
            content += frame.content
            guard frame.first & 0x80 == 0 else {
                return try? JSONSerialization.jsonObject(with: Data(content)) as? Message
            }
        }
        return nil
    }

    /// The next message if it is of this type; heartbeats are passed over unless asked for.
    func next(_ type: String) -> Message? {
        while let message = message() {
            if message["type"] as? String == type { return message }
            if message["type"] as? String != "heartbeat" { return nil }
        }
        return nil
    }

    /// The code of the close frame that comes after everything else.
    func closeCode() -> UInt16? {
        while let frame = frame() {
            if frame.first == 0x88 { return frame.content.prefix(2).reduce(0) { $0 << 8 | UInt16($1) } }
        }
        return nil
    }
}
