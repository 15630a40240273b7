public import Ethereum
public import StrictJSON

/// One JSON-RPC call: a method and its parameters, already JSON.
public struct RPCCall: Sendable {
    /// As `eth_getLogs`.
    public let method: String
    /// The parameters: a JSON array.
    public let parameters: [UInt8]

    /// A call whose parameters the closure writes, inside their array.
    public init(_ method: String, _ write: (inout JSONWriter) -> Void = { _ in }) {
        self.method = method
        var json = JSONWriter()
        json.beginArray()
        write(&json)
        json.endArray()
        parameters = json.bytes
    }
}

/// What a node answered instead of a result.
public struct RPCError: Error, Sendable, Hashable {
    /// The node's code, as -32005.
    public let code: Int64
    /// The node's words, shortened.
    public let message: String

    /// An error as answered.
    public init(code: Int64, message: String) {
        self.code = code
        self.message = message
    }
}

/// Why no node gave a usable answer.
public enum NodeFailure: Error, Sendable, Hashable {
    /// None could be reached, or none answered in time, within the tries there are.
    case unreachable(String)
    /// The answer is larger than may be read.
    case tooLarge
    /// The answer is no JSON-RPC, or not what the method answers.
    case garbled(String)
    /// The node is on another chain.
    case wrongChain(expected: String, found: String)
    /// The node refuses the call.
    case refused(RPCError)
    /// The node does not know what it just told of: it lags, or the chain moved. Asking again later helps.
    case inconsistent(String)
}

extension NodeFailure: CustomStringConvertible {
    /// One line for logs and status.
    public var description: String {
        switch self {
        case .unreachable(let why): "no node answers: \(why)"
        case .tooLarge: "the node's answer is larger than \(RPCClient.largestReply) bytes"
        case .garbled(let what): "the node's answer cannot be read: \(what)"
        case .wrongChain(let expected, let found): "the node is on chain \(found), not \(expected)"
        case .refused(let error): "the node refuses: \(error.message) (\(error.code))"
        case .inconsistent(let what): "the node contradicts itself: \(what)"
        }
    }
}

extension JSONValue {
    /// A quantity of the JSON-RPC interface: `0x`, then hex without leading zeros; nil for anything else.
    public var quantity: UInt256? {
        guard let text = string, text.count >= 3, text.count <= 66, text.starts(with: "0x".utf8) else { return nil }
        let digits = text.dropFirst(2)
        if digits.count > 1, digits.first == UInt8(ascii: "0") { return nil }
        let padded = Array("0x".utf8) + Array(repeating: UInt8(ascii: "0"), count: 64 - digits.count) + digits
        return Bytes32(hexBytes: padded).map { UInt256($0) }
    }

    /// A quantity below 2^64.
    public var quantity64: UInt64? { quantity?.asUInt64 }
    /// 32 bytes of data.
    public var word: Bytes32? { string.flatMap { Bytes32(hexBytes: $0) } }
    /// Any bytes of data.
    public var data: [UInt8]? { string.flatMap { Hex.decode($0) } }
    /// 20 bytes of data; the case of the digits means nothing here.
    public var account: Address? { data.flatMap { Address(bytes: $0) } }
}
