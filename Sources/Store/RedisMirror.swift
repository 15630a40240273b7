import Ethereum
public import Exchange
public import Logging
import Market
public import Redis
public import ServiceLifecycle
import StrictJSON
import Synchronization

/// Shows committed changes in Redis for outside readers: offers, what is filled of them, rendered books, and a
/// message a change. Behind the answers and never in their way: what does not fit is dropped, and everything
/// here can be rebuilt.
public final class RedisMirror: ChangeSink, Service {
    /// Changes that may wait; past it they are forgotten, since keys expire.
    private static let capacity = 20_000
    private static let offerTTL = 86_400
    private static let bookTTL = 10
    /// Changes of one script call, so that Redis is never held for long.
    private static let chunk = 64
    /// Books are rendered no more often than this.
    private static let pace = Duration.milliseconds(50)

    private struct State {
        var waiting: [BookEvent] = []
        var dropped = 0
    }

    private let state = Mutex(State())
    private let wake: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation
    private let redis: RedisClient
    private let books: Books
    private let prefix: String
    private let logger: Logger

    /// Mirrors `books` under `prefix`.
    public init(redis: RedisClient, books: Books, prefix: String, logger: Logger) {
        self.redis = redis
        self.books = books
        self.prefix = prefix
        self.logger = logger
        (wake, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Changes that were not mirrored because too many waited.
    public var dropped: Int { state.withLock { $0.dropped } }

    /// Queues `events` to be mirrored.
    public func changed(_ events: [BookEvent]) {
        state.withLock { state in
            if state.waiting.count + events.count > Self.capacity {
                state.dropped += state.waiting.count
                state.waiting.removeAll()
            }
            state.waiting.append(contentsOf: events)
        }
        waker.yield()
    }

    /// Mirrors until shutdown.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in self.wake {
                let events = self.state.withLock { state in
                    defer { state.waiting = [] }
                    return state.waiting
                }
                await self.mirror(events)
                try? await Task.sleep(for: Self.pace)
            }
        }
    }

    private func mirror(_ events: [BookEvent]) async {
        guard redis.isConnected, !events.isEmpty else { return }
        var touched: Set<BookID> = []
        for event in events {
            switch event.change {
            case .created(let offer), .changed(let offer, _): touched.insert(BookID(offer.offer))
            case .closed(_, let book, _, _): touched.insert(book)
            case .none: break
            }
        }
        for start in stride(from: 0, to: events.count, by: Self.chunk) {
            await send(events[start..<min(start + Self.chunk, events.count)])
        }
        for id in touched { await render(id) }
    }

    private func send(_ events: ArraySlice<BookEvent>) async {
        var keys: [any RedisArgument] = []
        var arguments: [any RedisArgument] = [books.loadedHead.epochText, Self.offerTTL, "\(prefix)offers"]
        for event in events { append(event, &keys, &arguments) }
        guard !keys.isEmpty else { return }
        do {
            try await redis.evaluate(RedisScripts.offers, keys: keys, arguments: arguments).check()
        } catch {
            logger.debug("Redis did not take a change", metadata: ["error": "\(error)"])
        }
    }

    private func append(_ event: BookEvent, _ keys: inout [any RedisArgument], _ arguments: inout [any RedisArgument]) {
        let hash: Bytes32
        switch event.change {
        case .none: return
        case .created(let offer):
            hash = offer.offerHash
            let row = BookRow.encode(offer)
            arguments += [
                String(event.seq), offer.closed == nil ? "open" : "cancelled", offer.remaining.decimalString,
                offer.filled.decimalString, row, message("offer_created", hash, event.seq, row: row),
            ]
        case .changed(let offer, _):
            hash = offer.offerHash
            let row = BookRow.encode(offer)
            let open = offer.filled.isZero ? "open" : "partially_filled"
            let status = offer.closed?.reason.rawValue ?? (offer.isListed ? open : "unfunded")
            arguments += [
                String(event.seq), status, offer.remaining.decimalString, offer.filled.decimalString, row,
                message("offer_changed", hash, event.seq, row: row),
            ]
        case .closed(let closed, _, let reason, _):
            hash = closed
            let type: StaticString = reason == .expired ? "offer_expired" : "offer_cancelled"
            arguments += [
                String(event.seq), reason.rawValue, "", "", "", message(type, hash, event.seq, row: nil),
            ]
        }
        keys += ["\(prefix)offer:\(hash.hex)", "\(prefix)filled:\(hash.hex)"]
    }

    private func message(_ type: StaticString, _ hash: Bytes32, _ seq: UInt64, row: [UInt8]?) -> [UInt8] {
        var json = JSONWriter(capacity: 1_024)
        json.beginObject()
        json.key("type")
        json.string(type)
        json.key("offerHash")
        json.hash(hash)
        json.key("seq")
        json.integer(seq)
        if let row {
            json.key("row")
            json.raw(row)
        }
        json.endObject()
        return json.bytes
    }

    private func render(_ id: BookID) async {
        let book = books.book(id)
        let page = BookQuery().page(of: book)
        var json = JSONWriter(capacity: 4_096)
        json.beginObject()
        json.key("seq")
        json.integer(book.seq)
        json.key("asOf")
        json.timestamp(micros: book.changedAtMicros)
        json.key("rows")
        json.beginArray()
        for row in page.rows { json.raw(row.rowJSON) }
        json.endArray()
        json.endObject()
        let key = "\(prefix)orderbook:\(id.underlying.checksummed):\(id.isCall ? "call" : "put")"
        do {
            try await redis.evaluate(
                RedisScripts.book, keys: [key],
                arguments: [books.loadedHead.epochText, String(book.seq), json.bytes, Self.bookTTL]
            ).check()
        } catch {
            logger.debug("Redis did not take a book", metadata: ["error": "\(error)"])
        }
    }
}
