public import Ethereum
import StrictJSON

/// A node that runs probes of wallets. The one over JSON-RPC is `RPCWalletNode`; tests script another.
public protocol WalletNode: Sendable {
    /// The newest block.
    func newestBlock() async throws(NodeFailure) -> WalletBlock
    /// What a probe returns at a block.
    /// - Throws: `inconsistent` when the block at that height is another one by now.
    func run(_ probe: WalletProbe, at block: WalletBlock) async throws(NodeFailure) -> [UInt8]
}

/// The block that an answer is of.
public struct WalletBlock: Sendable, Hashable {
    /// Its height.
    public let number: UInt64
    /// Its hash.
    public let hash: Bytes32

    /// A block by both of its names.
    public init(number: UInt64, hash: Bytes32) {
        self.number = number
        self.hash = hash
    }
}

/// Probes by `eth_call` over JSON-RPC.
public struct RPCWalletNode: WalletNode {
    private let rpc: RPCClient

    /// Through a client of its own, so that a slow wallet turns nobody else to another node.
    public init(rpc: RPCClient) {
        self.rpc = rpc
    }

    /// The newest block.
    public func newestBlock() async throws(NodeFailure) -> WalletBlock {
        try Self.block(try await rpc.call(Self.header("latest")))
    }

    /// The call and the block's header in one request: by its height alone a block could be another than meant.
    public func run(_ probe: WalletProbe, at block: WalletBlock) async throws(NodeFailure) -> [UInt8] {
        let height = Self.quantity(block.number)
        let answers = try await rpc.call([Self.call(probe.data, gas: probe.gas, at: height), Self.header(height)])
        guard try Self.block(try answers[1].mapError { NodeFailure.refused($0) }.get()) == block else {
            throw .inconsistent("block \(block.number) is not what it was a moment ago")
        }
        guard let bytes = try answers[0].mapError({ NodeFailure.refused($0) }).get().data else {
            throw .garbled("eth_call has no data")
        }
        return bytes
    }

    /// A call without `to`: it runs `data` as creation code.
    static func call(_ data: [UInt8], gas: UInt64, at height: String) -> RPCCall {
        RPCCall("eth_call") { json in
            json.beginObject()
            json.key("data")
            json.string(Hex.encode(data))
            json.key("gas")
            json.string(quantity(gas))
            json.endObject()
            json.string(height)
        }
    }

    static func header(_ name: String) -> RPCCall {
        RPCCall("eth_getBlockByNumber") { json in
            json.string(name)
            json.bool(false)
        }
    }

    static func block(_ value: JSONValue) throws(NodeFailure) -> WalletBlock {
        guard let number = value.object?["number"]?.quantity64, let hash = value.object?["hash"]?.word else {
            throw .garbled("a block lacks number or hash")
        }
        return WalletBlock(number: number, hash: hash)
    }

    static func quantity(_ number: UInt64) -> String { "0x" + String(number, radix: 16) }
}
