import Ethereum
import Exchange
import Market
import StrictJSON

/// The messages of the service, as JSON; `type` comes first.
enum ServerMessage {
    /// The first message of a connection.
    static func welcome(server: String, epoch: String, heartbeatSeconds: Int64) -> [UInt8] {
        make("welcome") { json in
            json.key("server")
            json.string(server)
            json.key("epoch")
            json.string(epoch)
            json.key("heartbeatSeconds")
            json.integer(heartbeatSeconds)
        }
    }

    /// A subscription that was made (or was there), by its canonical name and as it was asked for.
    static func subscribed(_ channel: String, requested: String, requestID: String?) -> [UInt8] {
        make("subscribed", requestID) { json in
            json.key("channel")
            json.string(channel)
            json.key("requested")
            json.string(requested)
        }
    }

    /// A subscription that was ended.
    static func unsubscribed(_ channel: String, requestID: String?) -> [UInt8] {
        make("unsubscribed", requestID) { json in
            json.key("channel")
            json.string(channel)
        }
    }

    /// The answer to a ping of the application.
    static func pong(requestID: String?) -> [UInt8] { make("pong", requestID) { _ in } }

    /// A request that was refused.
    static func error(code: String, detail: String, field: String?, requestID: String?) -> [UInt8] {
        make("error", requestID) { json in
            json.key("code")
            json.string(code)
            json.key("detail")
            json.string(detail)
            if let field {
                json.key("field")
                json.string(field)
            }
        }
    }

    /// What was missed cannot be told; a snapshot follows.
    static func resync(_ channel: String, reason: String) -> [UInt8] {
        make("resync") { json in
            json.key("channel")
            json.string(channel)
            json.key("reason")
            json.string(reason)
        }
    }

    /// A tick of one token.
    static func price(_ channel: String, _ tick: PriceTick) -> [UInt8] {
        make("price") { json in
            json.key("channel")
            json.string(channel)
            json.key("token")
            json.address(tick.token)
            json.key("priceE8")
            json.string("\(tick.priceE8)")
            json.key("tick")
            json.integer(tick.tick)
            json.key("asOf")
            json.timestamp(micros: tick.asOfMillis * 1_000)
        }
    }

    /// What changed in a book: its own part of a piece of the log.
    static func delta(_ channel: String, _ changes: [BookChanges.Change], prevSeq: UInt64, seq: UInt64) -> [UInt8] {
        make("delta", capacity: 256 + 1_200 * changes.count) { json in
            json.key("channel")
            json.string(channel)
            json.key("seq")
            json.integer(seq)
            json.key("prevSeq")
            json.integer(prevSeq)
            json.key("changes")
            json.beginArray()
            for change in changes { write(change, to: &json) }
            json.endArray()
        }
    }

    private static func write(_ change: BookChanges.Change, to json: inout JSONWriter) {
        json.beginObject()
        json.key("op")
        json.string(change.kind.rawValue)
        json.key("offerHash")
        json.hash(change.offerHash)
        json.key("remaining")
        json.uint256(change.entry?.state.remaining ?? .zero)
        if let entry = change.entry {
            json.key("row")
            json.raw(entry.rowJSON)
        }
        json.endObject()
    }

    /// A snapshot up to its rows; with the hash of the rows where they are a book's.
    static func snapshotHead(_ channel: String, epoch: String, seq: UInt64, bookHash: UInt256? = nil) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("type")
        json.string("snapshot")
        json.key("channel")
        json.string(channel)
        json.key("epoch")
        json.string(epoch)
        json.key("seq")
        json.integer(seq)
        if let bookHash {
            json.key("bookHash")
            json.hash(bookHash.bigEndian)
        }
        json.key("rows")
        json.beginArray()
        return json.bytes
    }

    /// What ends a snapshot behind its rows.
    static let snapshotTail = Array("]}".utf8)

    /// An option of the channel's address as it is now.
    static func optionUpdate(
        _ channel: String, _ operation: PositionTable.Operation, _ option: OptionState, mark: OptionMark?
    ) -> [UInt8] {
        make("optionUpdate", capacity: 1_024) { json in
            json.key("channel")
            json.string(channel)
            json.key("seq")
            json.integer(option.seq)
            json.key("op")
            json.string(operation.rawValue)
            OptionJSON.encodeFields(option, mark: mark, to: &json)
        }
    }

    /// A settlement as it is now; `seq` is its own.
    static func settlementUpdate(_ channel: String, _ stored: StoredSettlement) -> [UInt8] {
        var json = JSONWriter(capacity: 2_048)
        SettlementJSON.encode(stored, to: &json)
        return wrapped("settlementUpdate", channel: channel, requestID: nil, object: json.bytes)
    }

    /// Where books stand.
    static func heartbeat(_ channels: [(name: String, standing: BookStanding)]) -> [UInt8] {
        make("heartbeat") { json in
            json.key("channels")
            json.beginArray()
            for (name, standing) in channels {
                json.beginObject()
                json.key("channel")
                json.string(name)
                json.key("seq")
                json.integer(standing.seq)
                json.key("bookHash")
                json.hash(standing.hash.bigEndian)
                json.endObject()
            }
            json.endArray()
        }
    }

    /// An object that was made elsewhere, with its type in front.
    /// - Parameter object: a JSON object.
    static func wrapped(_ type: StaticString, channel: String? = nil, requestID: String?, object: [UInt8]) -> [UInt8] {
        var message = make(type, requestID, capacity: object.count + 128) { json in
            if let channel {
                json.key("channel")
                json.string(channel)
            }
        }
        guard object.count > 2 else { return message }
        message.removeLast()
        message.append(UInt8(ascii: ","))
        message.append(contentsOf: object.dropFirst())
        return message
    }

    private static func make(
        _ type: StaticString, _ requestID: String? = nil, capacity: Int = 256, _ body: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var json = JSONWriter(capacity: capacity)
        json.beginObject()
        json.key("type")
        json.string(type)
        if let requestID {
            json.key("requestId")
            json.string(requestID)
        }
        body(&json)
        json.endObject()
        return json.bytes
    }
}
