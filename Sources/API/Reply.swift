import Ethereum
import Exchange
public import NIOCore
public import StrictJSON

/// What a route answers, before any wire form: the hot path and the router write the same value.
public struct Reply: Sendable {
    /// What became of it.
    public var status: Int
    /// Media type of the body.
    public var contentType: String
    /// Further header fields.
    public var headers: [(name: String, value: String)]
    /// The bytes.
    public var body: ByteBuffer

    /// An answer with a body of `contentType`.
    public init(
        status: Int = 200, contentType: String = "application/json", headers: [(name: String, value: String)] = [],
        body: ByteBuffer
    ) {
        self.status = status
        self.contentType = contentType
        self.headers = headers
        self.body = body
    }

    /// An answer of encoded JSON.
    public init(status: Int = 200, headers: [(name: String, value: String)] = [], json: JSONWriter) {
        self.init(status: status, headers: headers, body: ByteBuffer(bytes: json.bytes))
    }

    /// Makes a JSON answer by writing it.
    public static func json(status: Int = 200, _ write: (inout JSONWriter) throws -> Void) rethrows -> Reply {
        var json = JSONWriter(capacity: 512)
        try write(&json)
        return Reply(status: status, json: json)
    }

    /// This answer under `tag`, or 304 when the client holds it already.
    public func conditional(tag: String, ifNoneMatch: String?) -> Reply {
        var reply = self
        reply.headers.append(("ETag", tag))
        reply.headers.append(("Cache-Control", "no-cache"))
        if let ifNoneMatch, EntityTag.matches(ifNoneMatch, tag) {
            reply.status = 304
            reply.body = ByteBuffer()
        }
        return reply
    }
}

/// Strong validators (RFC 9110 §8.8): one for each epoch, position, query, encoding and sequence of bytes.
public enum EntityTag {
    /// The tag of a body with this `digest` at `seq` of `epoch`, as sent under a content coding.
    public static func make(epoch: String, seq: UInt64, digest: String, coding: String?) -> String {
        let suffix = coding.map { "-" + $0 } ?? ""
        return "\"\(epoch)-\(seq)-\(digest)\(suffix)\""
    }

    /// What stands for a body in its tag: 64 bits of its Keccak-256, in hex.
    public static func digest(of body: [UInt8]) -> String {
        String(Keccak256.hash(body).hex.dropFirst(2).prefix(16))
    }

    /// Whether an `If-None-Match` header names `tag`; the comparison is weak, as the RFC asks for this header.
    public static func matches(_ header: String, _ tag: String) -> Bool {
        header.split(separator: ",").contains { candidate in
            var text = candidate.drop { $0 == " " || $0 == "\t" }
            while let last = text.last, last == " " || last == "\t" { text.removeLast() }
            if text == "*" { return true }
            return (text.hasPrefix("W/") ? text.dropFirst(2) : text) == tag[...]
        }
    }
}
