import NIOCore
import NIOHTTP1
import NIOWebSocket

/// The opening handshake (RFC 6455 §4.2).
public enum Handshake {
    /// Why a client is not let in, as HTTP says it.
    public struct Refusal: Error, Sendable {
        /// The HTTP status.
        public let status: Int
        /// Stable snake_case.
        public let code: String
        /// What to do.
        public let detail: String

        init(_ status: Int, _ code: String, _ detail: String) {
            self.status = status
            self.code = code
            self.detail = detail
        }
    }

    /// Checks what a handshake must be, and that no page of another site makes it in a user's name.
    static func check(_ head: HTTPRequestHead, allowedOrigins: Set<String>) throws(Refusal) {
        let headers = head.headers
        guard head.method == .GET, head.version == .http1_1, has("upgrade", in: headers[canonicalForm: "connection"]),
            !headers.contains(name: "transfer-encoding"), headers.first(name: "content-length") ?? "0" == "0"
        else {
            throw Refusal(
                400, "bad_handshake",
                "A WebSocket begins with an HTTP/1.1 GET without a body, Upgrade: websocket and Connection: Upgrade.")
        }
        guard headers["sec-websocket-version"] == ["13"] else {
            throw Refusal(426, "unsupported_version", "Only version 13 of the WebSocket protocol is spoken here.")
        }
        let keys = headers["sec-websocket-key"]
        guard keys.count == 1, isKey(keys[0]) else {
            throw Refusal(400, "bad_handshake", "Sec-WebSocket-Key must be sixteen bytes in base64.")
        }
        let origins = headers["origin"]
        guard let origin = origins.first else { return }
        guard origins.count == 1,
            isOwn(origin, host: headers.first(name: "host")) || allowedOrigins.contains(origin)
                || allowedOrigins.contains("*")
        else {
            throw Refusal(
                403, "origin_not_allowed",
                "Pages of other sites may connect when the operator lists them in --allowed-origins.")
        }
    }

    /// The bytes of the answer to a handshake that was checked.
    static func response(to head: HTTPRequestHead, on channel: any Channel) throws(Refusal) -> ByteBuffer {
        let upgrader = NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() })
        var headers: HTTPHeaders?
        // Nothing here waits, so the future is fulfilled at once.
        upgrader.buildUpgradeResponse(channel: channel, upgradeRequest: head, initialResponseHeaders: [:])
            .assumeIsolated().whenSuccess { headers = $0 }
        guard let headers else {
            throw Refusal(400, "bad_handshake", "This is not a WebSocket handshake.")
        }
        var bytes = ByteBuffer(string: "HTTP/1.1 101 Switching Protocols\r\n")
        for (name, value) in headers { bytes.writeString("\(name): \(value)\r\n") }
        bytes.writeString("\r\n")
        return bytes
    }

    /// Whether a page of this very host asks: `scheme://` and what the request calls the host.
    private static func isOwn(_ origin: String, host: String?) -> Bool {
        guard let host, let scheme = ["http://", "https://"].first(where: { origin.hasPrefix($0) }) else {
            return false
        }
        return origin.dropFirst(scheme.count).lowercased() == host.lowercased()
    }

    private static func isKey(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.count == 24 && bytes.suffix(2) == [61, 61]
            && bytes.dropLast(2).allSatisfy { byte in
                switch byte {
                case 48...57, 65...90, 97...122, 43, 47: true
                default: false
                }
            }
    }

    private static func has(_ token: String, in values: [Substring]) -> Bool {
        values.contains { $0.lowercased() == token }
    }
}
