import Ethereum
import Exchange
import Market
import StrictJSON
import Synchronization

/// A chain written by a measurement, already in the JSON of a node's answers, so that showing it costs next to nothing.
final class ScriptedChain: Sendable {
    /// A node's usual limit.
    private static let mostLogs = 10_000
    private static let emptyBloom = "0x" + String(repeating: "0", count: 512)
    private static let fullBloom = "0x" + String(repeating: "f", count: 512)

    private struct Block {
        let hash: Bytes32
        let header: [UInt8]
        /// The logs, separated by commas.
        let logs: [UInt8]
        let count: Int
    }

    private struct State {
        var blocks: [Block] = []
        var byHash: [Bytes32: Int] = [:]
        var salt: UInt64 = 0
        var firstLogs: UInt64?
        var requests = 0
    }

    private let state = Mutex(State())
    private let startTime = Clock.unixSeconds() - 10_000_000
    private let contract = SampleOffers.deployment.verifyingContract

    /// A chain of its first block.
    init() { mine([]) }

    /// The newest block's height and hash.
    var tip: (number: Int, hash: Bytes32) {
        state.withLock { ($0.blocks.count - 1, $0.blocks[$0.blocks.count - 1].hash) }
    }

    /// When logs were asked for first, and requests so far.
    var seen: (firstLogs: UInt64?, requests: Int) { state.withLock { ($0.firstLogs, $0.requests) } }

    /// Puts a block with these events on top, each in a transaction of its own but for neighbours of one option.
    func mine(_ events: [ProtocolEvent]) { state.withLock { add(events, &$0) } }

    /// Exchanges the last `depth` blocks for others, at one moment.
    func replace(_ depth: Int, with blocks: [[ProtocolEvent]]) {
        state.withLock { state in
            for block in state.blocks.suffix(depth) { state.byHash[block.hash] = nil }
            state.blocks.removeLast(depth)
            for events in blocks { add(events, &state) }
        }
    }

    private func add(_ events: [ProtocolEvent], _ state: inout State) {
        let number = state.blocks.count
        state.salt += 1
        let hash = Keccak256.hash(UInt256(state.salt).bigEndian.array)
        var json = JSONWriter(capacity: 900)
        json.beginObject()
        quantity("number", UInt64(number), &json)
        word("hash", hash, &json)
        word("parentHash", state.blocks.last?.hash ?? .zero, &json)
        quantity("timestamp", startTime + UInt64(number) * 12, &json)
        json.key("logsBloom")
        json.string(events.isEmpty ? Self.emptyBloom : Self.fullBloom)
        json.key("transactions")
        json.beginArray()
        json.endArray()
        json.endObject()
        var logs: [UInt8] = []
        for (place, event) in events.enumerated() {
            if place > 0 { logs.append(UInt8(ascii: ",")) }
            let name = event.tokenId ?? UInt256(UInt64(place))
            logs += log(event, place, tx: Keccak256.hash(hash.array + name.bigEndian.array), number, hash)
        }
        state.byHash[hash] = number
        state.blocks.append(Block(hash: hash, header: json.bytes, logs: logs, count: events.count))
    }

    private func log(_ event: ProtocolEvent, _ place: Int, tx: Bytes32, _ number: Int, _ hash: Bytes32) -> [UInt8] {
        let (topics, data) = EventWords.of(event)
        var json = JSONWriter(capacity: 900)
        json.beginObject()
        json.key("address")
        json.address(contract)
        json.key("topics")
        json.beginArray()
        for topic in topics { json.hash(topic) }
        json.endArray()
        json.key("data")
        json.bytes(data.flatMap(\.array))
        quantity("blockNumber", UInt64(number), &json)
        word("blockHash", hash, &json)
        word("transactionHash", tx, &json)
        quantity("transactionIndex", UInt64(place), &json)
        quantity("logIndex", UInt64(place), &json)
        json.key("removed")
        json.bool(false)
        json.endObject()
        return json.bytes
    }

    private func quantity(_ name: StaticString, _ value: UInt64, _ json: inout JSONWriter) {
        json.key(name)
        json.string("0x" + String(value, radix: 16))
    }

    private func word(_ name: StaticString, _ value: Bytes32, _ json: inout JSONWriter) {
        json.key(name)
        json.hash(value)
    }

    // MARK: The node

    /// The result of a call as JSON; nil where it is an error.
    func result(of method: String, _ parameters: JSONValue?) -> [UInt8]? {
        let first = parameters?.array?.first
        return state.withLock { state in
            state.requests += 1
            switch method {
            case "eth_chainId": return Array("\"0x7a69\"".utf8)
            case "eth_getBlockByNumber":
                let number = first?.string.map { String(decoding: $0, as: UTF8.self) } ?? ""
                let index = number == "latest" ? state.blocks.count - 1 : Int(number.dropFirst(2), radix: 16) ?? -1
                return state.blocks.indices.contains(index) ? state.blocks[index].header : Array("null".utf8)
            case "eth_getBlockByHash":
                guard let hash = first?.string.flatMap({ Bytes32(hexBytes: $0) }), let index = state.byHash[hash] else {
                    return Array("null".utf8)
                }
                return state.blocks[index].header
            case "eth_getLogs": return first.flatMap { Self.logs($0, &state) }
            default: return nil
            }
        }
    }

    private static func logs(_ filter: JSONValue, _ state: inout State) -> [UInt8]? {
        if state.firstLogs == nil { state.firstLogs = Clock.now() }
        if let text = filter.object?["blockHash"]?.string {
            guard let hash = Bytes32(hexBytes: text), let index = state.byHash[hash] else { return nil }
            return [UInt8(ascii: "[")] + state.blocks[index].logs + [UInt8(ascii: "]")]
        }
        let bounds = [filter.object?["fromBlock"], filter.object?["toBlock"]].map { value in
            value?.string.flatMap { Int(String(decoding: $0.dropFirst(2), as: UTF8.self), radix: 16) } ?? 0
        }
        guard bounds[0] <= bounds[1], bounds[1] < state.blocks.count else { return nil }
        let blocks = state.blocks[bounds[0]...bounds[1]].filter { $0.count > 0 }
        guard blocks.reduce(0, { $0 + $1.count }) <= mostLogs else { return nil }
        var all: [UInt8] = [UInt8(ascii: "[")]
        all.reserveCapacity(blocks.reduce(2) { $0 + $1.logs.count + 1 })
        for (place, block) in blocks.enumerated() {
            if place > 0 { all.append(UInt8(ascii: ",")) }
            all += block.logs
        }
        return all + [UInt8(ascii: "]")]
    }
}

/// The topics and data words that the contract emits for an event.
enum EventWords {
    static func of(_ event: ProtocolEvent) -> (topics: [Bytes32], data: [Bytes32]) {
        let first = event.name.topic0
        switch event {
        case .optionTaken(let taken):
            return (
                [first, taken.tokenId.bigEndian, taken.offerHash, taken.taker.word],
                [taken.fillAmount.bigEndian, taken.strikePrice.bigEndian, UInt256(UInt64(taken.duration)).bigEndian]
            )
        case .optionSettled(let tokenId, let profit, let settler):
            return ([first, tokenId.bigEndian], [profit.bigEndian, settler.word])
        case .transfer(let from, let to, let tokenId): return ([first, from.word, to.word, tokenId.bigEndian], [])
        case .settlementInitiated(let tokenId, let hash, let least):
            return ([first, tokenId.bigEndian, hash], [least.bigEndian])
        case .settlementApproved(let tokenId, let approver): return ([first, tokenId.bigEndian, approver.word], [])
        case .settlementExecuted(let tokenId, let proceeds, let settler):
            return ([first, tokenId.bigEndian, settler.word], [proceeds.bigEndian])
        case .offerCancelled(let hash, let writer): return ([first, hash, writer.word], [])
        }
    }
}
