public import Ethereum
public import Exchange
public import Market

/// A node of the chain, as the follower asks it. The one over JSON-RPC is `EthereumNode`; tests script another.
public protocol ChainNode: Sendable {
    /// The newest block.
    func head() async throws(NodeFailure) -> NodeHeader
    /// The blocks at these heights, nil where the node has none.
    func headers(at numbers: [UInt64]) async throws(NodeFailure) -> [NodeHeader?]
    /// The protocol's logs of each of these blocks.
    /// - Throws: `inconsistent` when the node does not know one of them (any more).
    func logs(of blocks: [ChainHeader]) async throws(NodeFailure) -> [[NodeLog]]
    /// The protocol's logs of a range of heights, and the block at its end.
    /// - Throws: `refused` or `tooLarge` when it is too much; the range can be halved.
    func logs(from first: UInt64, through last: UInt64) async throws(NodeFailure) -> (logs: [NodeLog], last: NodeHeader)
}

/// A header as a node has it.
public struct NodeHeader: Sendable, Hashable {
    /// What is kept of it.
    public let header: ChainHeader
    /// The 256 bytes of its logs' Bloom filter; empty when the node gives none.
    public let bloom: [UInt8]

    /// A header as received.
    public init(header: ChainHeader, bloom: [UInt8] = []) {
        self.header = header
        self.bloom = bloom
    }
}

/// What the Bloom filter of a block with the contract's events has set (yellow paper, 4.3.1).
struct BloomProbe: Sendable {
    private let contract: [Int]
    private let topics: [[Int]]

    init(contract: Address) {
        self.contract = Self.bits(contract.array)
        topics = ProtocolEvent.Name.allCases.map { Self.bits($0.topic0.array) }
    }

    /// Whether a block may hold one of the events; false is certain.
    func mayMatch(_ block: NodeHeader) -> Bool {
        guard block.bloom.count == 256 else { return true }
        return Self.isSet(contract, in: block.bloom) && topics.contains { Self.isSet($0, in: block.bloom) }
    }

    private static func isSet(_ bits: [Int], in bloom: [UInt8]) -> Bool {
        bits.allSatisfy { bloom[255 - $0 / 8] & (1 << UInt8($0 % 8)) != 0 }
    }

    /// The three of 2,048 bits that an item sets.
    static func bits(_ item: [UInt8]) -> [Int] {
        let hash = Keccak256.hash(item).array
        return [0, 2, 4].map { (Int(hash[$0]) << 8 | Int(hash[$0 + 1])) & 2047 }
    }
}

/// A log as a node has it.
public struct NodeLog: Sendable, Hashable {
    /// What it says.
    public let log: EventLog
    /// Height of its block.
    public let blockNumber: UInt64
    /// Its block.
    public let blockHash: Bytes32
    /// Its transaction.
    public let txHash: Bytes32
    /// Its place in the block.
    public let logIndex: UInt32

    /// A log as received.
    public init(log: EventLog, blockNumber: UInt64, blockHash: Bytes32, txHash: Bytes32, logIndex: UInt32) {
        self.log = log
        self.blockNumber = blockNumber
        self.blockHash = blockHash
        self.txHash = txHash
        self.logIndex = logIndex
    }

    /// The event it is for `contract`; nil for what is none of its.
    func event(of contract: Address) -> ChainEvent? {
        let content: ChainEvent.Content
        switch log.read(contract: contract) {
        case .foreign: return nil
        case .event(let event): content = .event(event)
        case .garbled(let name, let reason): content = .garbled(name, reason: reason, raw: raw)
        }
        return ChainEvent(txHash: txHash, logIndex: logIndex, content: content, isFinal: false)
    }

    /// Bytes of data that are kept of a log that cannot be decoded.
    private static let longestRaw = 4_096

    /// Its topics and data as canonical JSON.
    private var raw: String {
        let topics = log.topics.map { "\"\($0.hex)\"" }.joined(separator: ",")
        return #"{"data":"\#(Hex.encode(Array(log.data.prefix(Self.longestRaw))))","topics":[\#(topics)]}"#
    }
}
