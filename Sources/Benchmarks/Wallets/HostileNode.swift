import Ethereum
import NIOCore
import NIOHTTP1
import NIOPosix
import StrictJSON

/// A chain of one block behind JSON-RPC, with wallets that do what they should not; nobody else has code.
final class HostileNode: Sendable {
    /// What becomes of the node when it is asked about a wallet.
    enum Misdeed: String, CaseIterable, Sendable {
        /// It runs until its gas is used up: the node answers late, that the call failed.
        case endlessGas = "endless gas"
        /// It answers with ten megabytes.
        case hugeAnswer = "a 10 MB answer"
        /// It never answers.
        case hangs = "a node that hangs"

        /// The wallet that does it.
        var wallet: Address {
            let byte: UInt8 =
                switch self {
                case .endlessGas: 0xe1
                case .hugeAnswer: 0xe2
                case .hangs: 0xe3
                }
            return Address(bytes: [UInt8](repeating: byte, count: 20)) ?? .zero
        }
    }

    private let channel: any Channel

    /// Listens on a free port of this machine.
    init() async throws {
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1_024)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(HostileHandler())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    var url: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }

    func end() async { try? await channel.close() }
}

/// Answers one connection's requests.
private final class HostileHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// What a call runs for that uses all its gas, on a node in a hurry.
    private static let late = TimeAmount.milliseconds(2_500)
    private static let hash = "0x" + String(repeating: "11", count: 32)

    private var body: [UInt8] = []

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: body = []
        case .body(let part): body += part.readableBytesView
        case .end: answer(context)
        }
    }

    private func answer(_ context: ChannelHandlerContext) {
        guard let json = try? JSONValue.parse(body) else { return context.close(promise: nil) }
        let calls = json.array ?? [json]
        let text = String(decoding: body, as: UTF8.self)
        let misdeed = HostileNode.Misdeed.allCases.first {
            text.contains(Hex.encode($0.wallet.array).dropFirst(2))
        }
        if misdeed == .hangs { return }
        let answers = calls.map { Self.answer($0, misdeed) }
        let reply = json.array == nil ? answers[0] : "[" + answers.joined(separator: ",") + "]"
        guard misdeed == .endlessGas else { return write(reply, context) }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.late) { bound.value.0.write(reply, bound.value.1) }
    }

    private static func answer(_ call: JSONValue, _ misdeed: HostileNode.Misdeed?) -> String {
        let id = call.object?["id"]?.number.map { String(decoding: $0, as: UTF8.self) } ?? "0"
        let method = call.object?["method"]?.string.map { String(decoding: $0, as: UTF8.self) } ?? ""
        let result =
            switch method {
            case "eth_chainId": #""0x7a69""#
            case "eth_getLogs": "[]"
            case "eth_call": "\"0x" + String(repeating: "00", count: size(call, misdeed)) + "\""
            default:
                #"{"number":"0x1","hash":"\#(hash)","parentHash":"\#(hash)","timestamp":"0x1","logsBloom":"0x"}"#
            }
        return #"{"jsonrpc":"2.0","id":\#(id),"result":\#(result)}"#
    }

    /// Zeros say that there is no code: as many as the probe that was sent returns.
    private static func size(_ call: JSONValue, _ misdeed: HostileNode.Misdeed?) -> Int {
        if misdeed == .hugeAnswer { return 10 << 20 }
        let data = call.object?["params"]?.array?.first?.object?["data"]?.string ?? []
        let funds = Hex.encode(Array(FundsProbe(token: .zero, owner: .zero, spender: .zero).data.prefix(16)))
        return data.starts(with: funds.utf8) ? 224 : 128
    }

    private func write(_ reply: String, _ context: ChannelHandlerContext) {
        var head = HTTPResponseHead(version: .http1_1, status: .ok)
        head.headers.add(name: "Content-Type", value: "application/json")
        head.headers.add(name: "Content-Length", value: String(reply.utf8.count))
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(
            wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(string: reply)))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
