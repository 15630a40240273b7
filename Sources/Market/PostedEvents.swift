public import Ethereum
public import StrictJSON

/// The body of `POST /chain/events`: what an indexer outside saw, decoded.
public struct PostedEvents: Sendable {
    /// One event with its block.
    public struct Event: Sendable, Hashable {
        /// What it says; nil where its arguments are such as no contract of the protocol emits.
        public let event: ProtocolEvent?
        /// Which event it is.
        public let name: ProtocolEvent.Name
        /// Its arguments as they came, and why they cannot be taken, when `event` is nil.
        public let garbled: (reason: String, raw: String)?
        /// Height of its block.
        public let blockNumber: UInt64
        /// Its block.
        public let blockHash: Bytes32
        /// The block's clock, unix seconds.
        public let blockTime: UInt64
        /// Its transaction.
        public let txHash: Bytes32
        /// Its place in the block.
        public let logIndex: UInt32
        /// Whether it counts as confirmed at once.
        public let isFinal: Bool

        /// By what they say and where they are.
        public static func == (left: Event, right: Event) -> Bool {
            left.event == right.event && left.name == right.name && left.blockHash == right.blockHash
                && left.logIndex == right.logIndex && left.txHash == right.txHash && left.isFinal == right.isFinal
        }

        /// Feeds where it is.
        public func hash(into hasher: inout Hasher) {
            hasher.combine(blockHash)
            hasher.combine(logIndex)
        }
    }

    /// Events of one body.
    public static let most = 1_000
    private static let lastTime: UInt64 = 253_402_300_799
    private static let names: [StaticString] = ["events", "reverted"]
    private static let eventNames: [StaticString] = [
        "name", "blockNumber", "blockHash", "blockTimestamp", "txHash", "logIndex", "args", "final",
    ]

    /// In the order in which they were sent.
    public let events: [Event]
    /// Blocks that left the chain.
    public let reverted: [Bytes32]

    /// Reads a body.
    /// - Throws: the first field at fault.
    public static func parse(_ json: JSONValue) throws(Rejection) -> PostedEvents {
        let body = try FieldReader(json, name: nil, keys: names)
        var events: [Event] = []
        for item in try list(body, "events") { events.append(try event(item)) }
        var reverted: [Bytes32] = []
        for item in try list(body, "reverted") { reverted.append(try FieldReader.bytes32(item, "reverted")) }
        return PostedEvents(events: events, reverted: reverted)
    }

    /// A list that may be absent.
    private static func list(_ body: FieldReader, _ name: StaticString) throws(Rejection) -> [JSONValue] {
        guard let value = body.object[name] else { return [] }
        guard let list = value.array else { throw FieldReader.wrongType(name, "a list") }
        guard list.count <= most else {
            throw Rejection(
                .tooLarge, .tooManyEvents, field: name.description,
                "\(name) has \(list.count) items; send at most \(most) at a time.")
        }
        return list
    }

    private static func event(_ json: JSONValue) throws(Rejection) -> Event {
        let fields = try FieldReader(json, name: "events", keys: eventNames)
        let text = try fields.value("name", 0).string.map { String(decoding: $0, as: UTF8.self) }
        guard let name = text.flatMap(ProtocolEvent.Name.init(rawValue:)) else {
            throw Rejection(
                .malformed, .unknownEvent, field: "name",
                "name must be one of \(ProtocolEvent.Name.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        let time = try fields.uint64("blockTimestamp", 3)
        guard time <= lastTime else { throw range("blockTimestamp", "unix seconds, up to the year 9999") }
        let number = try fields.uint64("blockNumber", 1)
        guard number <= UInt64(Int64.max) else { throw range("blockNumber", "below 2^63") }
        guard let place = Int32(exactly: try fields.uint64("logIndex", 5)) else {
            throw range("logIndex", "below 2^31")
        }
        let arguments = try fields.value("args", 6)
        var event: ProtocolEvent?
        var garbled: (reason: String, raw: String)?
        do throws(Rejection) {
            event = try ProtocolEvent.parse(name, arguments: arguments)
        } catch {
            guard error.code == Rejection.Code.garbledEvent.rawValue else { throw error }
            garbled = (error.detail, raw(arguments))
        }
        return Event(
            event: event, name: name, garbled: garbled, blockNumber: number,
            blockHash: try fields.bytes32("blockHash", 2), blockTime: time, txHash: try fields.bytes32("txHash", 4),
            logIndex: UInt32(place), isFinal: fields.object["final"] == nil ? true : try fields.bool("final", 7))
    }

    private static func raw(_ arguments: JSONValue) -> String {
        var json = JSONWriter()
        json.value(arguments)
        return String(decoding: json.bytes, as: UTF8.self)
    }

    private static func range(_ name: StaticString, _ what: String) -> Rejection {
        Rejection(.malformed, .integerOutOfRange, field: name.description, "\(name) must be \(what).")
    }
}
