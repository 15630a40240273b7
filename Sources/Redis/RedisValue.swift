import CHiredis

/// A reply of the server.
public indirect enum RedisValue: Sendable, Equatable {
    /// No such thing.
    case null
    /// A bulk string.
    case string([UInt8])
    /// A simple string such as `OK`.
    case status(String)
    /// A number.
    case integer(Int64)
    /// The server's refusal, e.g. `WRONGTYPE Operation against a key …`.
    case error(String)
    /// Several replies.
    case array([RedisValue])

    /// The bytes of a string; nil for null.
    ///
    /// - Throws: unexpectedReply for every other kind of reply.
    public func bytes() throws(RedisError) -> [UInt8]? {
        switch self {
        case .null: nil
        case .string(let bytes): bytes
        default: throw unexpected("a string")
        }
    }

    /// The number, also one that came as a decimal string.
    public func integer() throws(RedisError) -> Int64 {
        switch self {
        case .integer(let value): return value
        case .string(let bytes):
            guard let value = Int64(String(decoding: bytes, as: UTF8.self)) else { throw unexpected("an integer") }
            return value
        default: throw unexpected("an integer")
        }
    }

    /// The elements of an array; none for null.
    public func elements() throws(RedisError) -> [RedisValue] {
        switch self {
        case .null: []
        case .array(let elements): elements
        default: throw unexpected("an array")
        }
    }

    /// Throws when the reply is an error; for commands whose answer does not matter.
    public func check() throws(RedisError) {
        if case .error(let message) = self { throw RedisError(.unexpectedReply, message) }
    }

    private func unexpected(_ wanted: StaticString) -> RedisError {
        let got =
            switch self {
            case .null: "nothing"
            case .string: "a string"
            case .status: "a status"
            case .integer: "an integer"
            case .error(let message): "the error \(message.prefix(200))"
            case .array: "an array"
            }
        return RedisError(.unexpectedReply, "expected \(wanted), got \(got)")
    }
}

extension RedisValue {
    /// A copy of hiredis's reply. hiredis bounds how deep arrays nest (7).
    init(_ reply: UnsafePointer<redisReply>) {
        let reply = reply.pointee
        var bytes: UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(start: reply.str, count: reply.str == nil ? 0 : reply.len)
        }
        switch reply.type {
        case REDIS_REPLY_STRING: self = .string(Array(bytes))
        case REDIS_REPLY_STATUS: self = .status(String(decoding: bytes, as: UTF8.self))
        case REDIS_REPLY_ERROR: self = .error(String(decoding: bytes, as: UTF8.self))
        case REDIS_REPLY_INTEGER: self = .integer(reply.integer)
        case REDIS_REPLY_ARRAY:
            let elements = UnsafeBufferPointer(start: reply.element, count: reply.element == nil ? 0 : reply.elements)
            self = .array(elements.map { $0.map { RedisValue($0) } ?? .null })
        default: self = .null
        }
    }
}
