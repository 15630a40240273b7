import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
import StrictJSON

/// The messages of channels of a running service's `/ws`, for as long as somebody wants them: a connection that is lost is
/// made anew, and books go on where they were.
struct LiveClient {
    private typealias Frames = NIOAsyncChannel<WebSocketFrame, WebSocketFrame>

    /// Why a connection came to nothing.
    private struct Failure: Error {
        let reason: String
    }

    /// Bytes of the largest frame, and of the largest message.
    private static let largestFrame = 16 << 20
    private static let largestMessage = 1 << 30
    /// Silence after which a connection is given up: the service speaks every few seconds.
    private static let silence = TimeAmount.seconds(30)
    private static let longestWait = Duration.seconds(5)

    private let host: String
    private let port: Int
    private let path: String
    private let channels: [String]
    /// Where each book stands, by the name it was asked for.
    private var positions: [String: (seq: UInt64, epoch: String)] = [:]
    private var requested: [String: String] = [:]
    private var epoch = ""

    /// - Throws: a usage failure when `url` is none that can be watched.
    init(url: String, channels: [String]) throws {
        guard url.hasPrefix("http://") else {
            throw CommandFailure(.usage, "--url must be as http://127.0.0.1:8080 to be watched")
        }
        let rest = url.dropFirst("http://".count)
        let authority = rest.prefix { $0 != "/" }
        let base = rest.dropFirst(authority.count)
        path = (base.hasSuffix("/") ? base.dropLast() : base) + "/ws"
        let isBracketed = authority.hasPrefix("[")
        let colon = authority.lastIndex(of: ":").flatMap { colon in
            isBracketed && authority[colon...].contains("]") ? nil : colon
        }
        host = String(authority[..<(colon ?? authority.endIndex)].filter { $0 != "[" && $0 != "]" })
        guard !host.isEmpty, let port = colon.map({ Int(authority[authority.index(after: $0)...]) }) ?? 80,
            (1...65_535).contains(port)
        else { throw CommandFailure(.usage, "--url must be as http://127.0.0.1:8080") }
        self.port = port
        self.channels = channels
    }

    /// Calls `body` with each message and its bytes until it throws. The first connection must come about; later ones are
    /// tried again and again.
    mutating func run(_ body: (JSONValue, [UInt8]) async throws -> Void) async throws {
        var wait = Duration.milliseconds(250)
        var wasConnected = false
        while true {
            do {
                try await connect { frames in
                    wasConnected = true
                    wait = .milliseconds(250)
                    try await follow(frames, body)
                }
            } catch let error as CommandFailure {
                throw error
            } catch let error as Failure {
                if !wasConnected { throw CommandFailure(.failure, "\(host):\(port) does not answer: \(error.reason)") }
            }
            try await Task.sleep(for: wait * Double.random(in: 0.75...1.25))
            wait = min(wait * 2, Self.longestWait)
        }
    }

    // MARK: A connection

    private func connect(_ body: (Frames) async throws -> Void) async throws {
        let (host, port, path) = (host, port, path)
        let frames: Frames?
        do {
            frames = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(.seconds(5))
                .connect(host: host, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try Self.handshake(on: channel, host: "\(host):\(port)", path: path)
                    }
                }.get()
        } catch {
            throw Failure(reason: "nothing listens there; start it with strikebook serve")
        }
        guard let frames else { throw Failure(reason: "it offers no WebSocket") }
        try await body(frames)
    }

    private static func handshake(
        on channel: any Channel, host: String, path: String
    ) throws -> EventLoopFuture<Frames?> {
        let upgrader = NIOTypedWebSocketClientUpgrader<Frames?>(maxFrameSize: largestFrame) { channel, _ in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHandler(
                    NIOWebSocketFrameAggregator(
                        minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: .max,
                        maxAccumulatedFrameSize: largestMessage))
                try pipeline.addHandler(IdleStateHandler(readTimeout: silence))
                try pipeline.addHandler(CloseWhenIdle())
                return try Frames(wrappingChannelSynchronously: channel)
            }
        }
        let head = HTTPRequestHead(
            version: .http1_1, method: .GET, uri: path, headers: ["Host": host, "Content-Length": "0"])
        let upgrade = NIOTypedHTTPClientUpgradeConfiguration<Frames?>(
            upgradeRequestHead: head, upgraders: [upgrader],
            notUpgradingCompletionHandler: { $0.eventLoop.makeSucceededFuture(nil) })
        return try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(
            configuration: .init(upgradeConfiguration: upgrade))
    }

    private mutating func follow(_ frames: Frames, _ body: (JSONValue, [UInt8]) async throws -> Void) async throws {
        do {
            try await frames.executeThenClose { inbound, outbound in
                for channel in channels { try await outbound.write(Self.text(subscription(to: channel))) }
                for try await frame in inbound {
                    switch frame.opcode {
                    case .text:
                        let bytes = Array(buffer: frame.unmaskedData)
                        let message = try JSONValue.parse(bytes, maxValues: .max)
                        note(message)
                        try await body(message, bytes)
                    case .ping:
                        try await outbound.write(
                            WebSocketFrame(fin: true, opcode: .pong, maskKey: .random(), data: frame.unmaskedData))
                    case .connectionClose: return
                    default: break
                    }
                }
            }
        } catch is ChannelError {
            throw Failure(reason: "the connection was lost")
        } catch is IOError {
            throw Failure(reason: "the connection was lost")
        }
        throw Failure(reason: "the connection was closed")
    }

    private func subscription(to channel: String) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("type")
        json.string("subscribe")
        json.key("channel")
        json.string(channel)
        if let position = positions[channel] {
            json.key("fromSeq")
            json.integer(position.seq)
            json.key("epoch")
            json.string(position.epoch)
        }
        json.endObject()
        return json.bytes
    }

    private static func text(_ bytes: [UInt8]) -> WebSocketFrame {
        WebSocketFrame(fin: true, opcode: .text, maskKey: .random(), data: ByteBuffer(bytes: bytes))
    }

    /// Keeps where a book stands.
    private mutating func note(_ message: JSONValue) {
        switch message["type"]?.text {
        case "welcome": epoch = message["epoch"]?.text ?? ""
        case "subscribed":
            if let name = message["channel"]?.text, let asked = message["requested"]?.text { requested[name] = asked }
        case "snapshot", "delta":
            guard let name = message["channel"]?.text, let asked = requested[name], let seq = message["seq"]?.uint64
            else { return }
            positions[asked] = (seq, epoch)
        default: break
        }
    }
}

/// Ends a connection on which nothing came for long.
private final class CloseWhenIdle: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias InboundOut = WebSocketFrame

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }
}
