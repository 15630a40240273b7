public import Ethereum
public import Exchange
import Market
import StrictJSON
import Synchronization

/// A node over JSON-RPC. What it says is checked: hashes, heights and places must agree with what was asked.
public final class EthereumNode: ChainNode {
    /// The last moment that is taken for a block's time: the end of the year 9999.
    private static let lastTime: UInt64 = 253_402_300_799

    private let rpc: RPCClient
    private let contract: Address
    /// Whether logs can be asked for by block hash (EIP-234); some nodes know heights only.
    private let byHash = Mutex(true)

    /// The node behind `rpc`, asked for the logs of `contract`.
    public init(rpc: RPCClient, contract: Address) {
        self.rpc = rpc
        self.contract = contract
    }

    /// The newest block.
    public func head() async throws(NodeFailure) -> NodeHeader {
        let value = try await rpc.call(Self.block("latest"))
        guard let head = try Self.header(value) else { throw .garbled("there is no latest block") }
        return head
    }

    /// The blocks at these heights, nil where the node has none.
    public func headers(at numbers: [UInt64]) async throws(NodeFailure) -> [NodeHeader?] {
        if numbers.isEmpty { return [] }
        let answers = try await rpc.call(numbers.map { Self.block(Self.quantity($0)) })
        var headers: [NodeHeader?] = []
        for (number, answer) in zip(numbers, answers) {
            let header = try Self.header(try answer.mapError { NodeFailure.refused($0) }.get())
            if let header, header.header.number != number { throw .inconsistent("block \(number) has another height") }
            headers.append(header)
        }
        return headers
    }

    /// The protocol's logs of each of these blocks: by their hashes, and where the node cannot do that by their heights,
    /// between two looks at their hashes.
    public func logs(of blocks: [ChainHeader]) async throws(NodeFailure) -> [[NodeLog]] {
        if blocks.isEmpty { return [] }
        let isByHash = byHash.withLock { $0 }
        var calls = blocks.map { block in
            isByHash
                ? filter {
                    $0.key("blockHash"); $0.string(block.hash.hex)
                } : filter(block.number, block.number)
        }
        // Asked after the logs: a node that knows the block now knew its logs.
        calls += blocks.map { isByHash ? Self.block(hash: $0.hash) : Self.block(Self.quantity($0.number)) }
        let answers = try await rpc.call(calls)
        if isByHash, case .failure = answers[0] {
            let known = answers[blocks.count...].allSatisfy {
                if case .success(let value) = $0 { !value.isNull } else { false }
            }
            guard known else { throw .inconsistent("the node does not know a block that it named") }
            byHash.withLock { $0 = false }
            return try await logs(of: blocks)
        }
        var result: [[NodeLog]] = []
        for (index, block) in blocks.enumerated() {
            let header = try Self.header(try answers[blocks.count + index].mapError { NodeFailure.refused($0) }.get())
            guard header?.header.hash == block.hash else {
                throw .inconsistent("block \(block.number) is not what it was a moment ago")
            }
            let logs = try Self.logs(try answers[index].mapError { NodeFailure.refused($0) }.get())
            guard logs.allSatisfy({ $0.blockHash == block.hash && $0.blockNumber == block.number }) else {
                throw .inconsistent("logs of another block than asked for")
            }
            result.append(logs)
        }
        return result
    }

    /// The protocol's logs of a range of heights, and the block at its end.
    public func logs(
        from first: UInt64, through last: UInt64
    ) async throws(NodeFailure) -> (logs: [NodeLog], last: NodeHeader) {
        let answers = try await rpc.call([filter(first, last), Self.block(Self.quantity(last))])
        guard let header = try Self.header(try answers[1].mapError { NodeFailure.refused($0) }.get()) else {
            throw .inconsistent("the node does not have block \(last) yet")
        }
        let logs = try Self.logs(try answers[0].mapError { NodeFailure.refused($0) }.get())
        guard logs.allSatisfy({ (first...last).contains($0.blockNumber) }) else {
            throw .inconsistent("logs of other blocks than asked for")
        }
        return (logs, header)
    }

    // MARK: Calls

    private static func quantity(_ number: UInt64) -> String { "0x" + String(number, radix: 16) }

    private static func block(_ name: String) -> RPCCall {
        RPCCall("eth_getBlockByNumber") {
            $0.string(name)
            $0.bool(false)
        }
    }

    private static func block(hash: Bytes32) -> RPCCall {
        RPCCall("eth_getBlockByHash") {
            $0.string(hash.hex)
            $0.bool(false)
        }
    }

    private func filter(_ first: UInt64, _ last: UInt64) -> RPCCall {
        filter {
            $0.key("fromBlock")
            $0.string(Self.quantity(first))
            $0.key("toBlock")
            $0.string(Self.quantity(last))
        }
    }

    private func filter(_ blocks: (inout JSONWriter) -> Void) -> RPCCall {
        RPCCall("eth_getLogs") { json in
            json.beginObject()
            blocks(&json)
            json.key("address")
            json.address(contract)
            json.key("topics")
            json.beginArray()
            json.beginArray()
            for name in ProtocolEvent.Name.allCases { json.hash(name.topic0) }
            json.endArray()
            json.endArray()
            json.endObject()
        }
    }

    // MARK: Answers

    /// A block, nil for `null`.
    static func header(_ value: JSONValue) throws(NodeFailure) -> NodeHeader? {
        if value.isNull { return nil }
        guard let object = value.object, let number = object["number"]?.quantity64, let hash = object["hash"]?.word,
            let parent = object["parentHash"]?.word, let time = object["timestamp"]?.quantity64, time <= lastTime,
            number <= UInt64(Int64.max)
        else { throw .garbled("a block lacks number, hash, parentHash or timestamp") }
        return NodeHeader(
            header: ChainHeader(number: number, hash: hash, parentHash: parent, time: time),
            bloom: object["logsBloom"]?.data.flatMap { $0.count == 256 ? $0 : nil } ?? [])
    }

    /// Logs that are in the chain; those that were removed are none.
    static func logs(_ value: JSONValue) throws(NodeFailure) -> [NodeLog] {
        guard let array = value.array else { throw .garbled("eth_getLogs has no list") }
        var logs: [NodeLog] = []
        logs.reserveCapacity(array.count)
        for item in array {
            guard let object = item.object, let address = object["address"]?.account,
                let topics = object["topics"]?.array, let data = object["data"]?.data,
                let number = object["blockNumber"]?.quantity64, let hash = object["blockHash"]?.word,
                let txHash = object["transactionHash"]?.word,
                let place = object["logIndex"]?.quantity64.flatMap(Int32.init(exactly:))
            else { throw .garbled("a log lacks one of its fields") }
            if object["removed"]?.bool == true { continue }
            let words = topics.compactMap(\.word)
            guard words.count == topics.count else { throw .garbled("a topic is not 32 bytes") }
            logs.append(
                NodeLog(
                    log: EventLog(address: address, topics: words, data: data), blockNumber: number, blockHash: hash,
                    txHash: txHash, logIndex: UInt32(place)))
        }
        return logs
    }
}
