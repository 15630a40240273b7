import Ethereum
import NIOCore
import NIOHTTP1
import NIOPosix
import StrictJSON

/// A chain of one block behind JSON-RPC, with wallets that do what they should not; nobody else has code.
final class HostileNode: Sendable {
    /// What becomes of the node when it is asked about a wallet.
    enum Wallet: String, CaseIterable, Sendable {
        /// It says at once that it did not sign.
        case honest = "an honest refusal"
        /// It runs until its gas is used up: the node answers late, that the call failed.
        case endlessGas = "endless gas"
        /// It answers with ten megabytes.
        case hugeAnswer = "a 10 MB answer"
        /// It never answers.
        case hangs = "a node that hangs"

        /// Where it is.
        var address: Address {
            let byte: UInt8 =
                switch self {
                case .honest: 0xe0
                case .endlessGas: 0xe1
                case .hugeAnswer: 0xe2
                case .hangs: 0xe3
                }
            return Address(bytes: [UInt8](repeating: byte, count: 20)) ?? .zero
        }
    }

    /// Ten megabytes of zeros in hexadecimal digits, made once: what they cost to make is nobody's delay.
    fileprivate static let hugeAnswer = [UInt8](repeating: UInt8(ascii: "0"), count: 20 << 20)

    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let channel: any Channel

    /// Listens on a free port of this machine.
    init() async throws {
        channel = try await ServerBootstrap(group: group)
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

    func end() async {
        try? await channel.close()
        try? await group.shutdownGracefully()
    }
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
        let wallet = HostileNode.Wallet.allCases.first {
            text.contains(Hex.encode($0.address.array).dropFirst(2))
        }
        if wallet == .hangs { return }
        var reply = context.channel.allocator.buffer(capacity: wallet == .hugeAnswer ? 21 << 20 : 1_024)
        for (place, call) in calls.enumerated() {
            reply.writeString(json.array == nil ? "" : place == 0 ? "[" : ",")
            Self.answer(call, wallet, into: &reply)
        }
        if json.array != nil { reply.writeString("]") }
        guard wallet == .endlessGas else { return write(reply, context) }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.late) { [reply] in bound.value.0.write(reply, bound.value.1) }
    }

    private static func answer(_ call: JSONValue, _ wallet: HostileNode.Wallet?, into reply: inout ByteBuffer) {
        let id = call.object?["id"]?.number.map { String(decoding: $0, as: UTF8.self) } ?? "0"
        let method = call.object?["method"]?.string.map { String(decoding: $0, as: UTF8.self) } ?? ""
        reply.writeString(#"{"jsonrpc":"2.0","id":\#(id),"result":"#)
        switch method {
        case "eth_chainId": reply.writeString(#""0x7a69""#)
        case "eth_getLogs": reply.writeString("[]")
        case "eth_call":
            reply.writeString("\"0x")
            if wallet == .hugeAnswer {
                reply.writeBytes(HostileNode.hugeAnswer)
            } else if wallet == .honest {
                // The first word of four says that there is code.
                reply.writeString(
                    Hex.encode(UInt256.one.bigEndian.array + [UInt8](repeating: 0, count: 96)).dropFirst(2).description)
            } else {
                reply.writeRepeatingByte(UInt8(ascii: "0"), count: size(call) * 2)
            }
            reply.writeString("\"")
        default:
            reply.writeString(
                #"{"number":"0x1","hash":"\#(hash)","parentHash":"\#(hash)","timestamp":"0x1","logsBloom":"0x"}"#)
        }
        reply.writeString("}")
    }

    /// Zeros say that there is no code: as many as the probe that was sent returns.
    private static func size(_ call: JSONValue) -> Int {
        let data = call.object?["params"]?.array?.first?.object?["data"]?.string ?? []
        let funds = Hex.encode(Array(FundsProbe(token: .zero, owner: .zero, spender: .zero).data.prefix(16)))
        return data.starts(with: funds.utf8) ? 224 : 128
    }

    private func write(_ reply: ByteBuffer, _ context: ChannelHandlerContext) {
        var head = HTTPResponseHead(version: .http1_1, status: .ok)
        head.headers.add(name: "Content-Type", value: "application/json")
        head.headers.add(name: "Content-Length", value: String(reply.readableBytes))
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(reply))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
