/// One command, already in the form it is sent in (RESP: an array of bulk strings).
public struct RedisCommand: Sendable {
    let bytes: [UInt8]

    /// A command, e.g. `RedisCommand("SET", key, body, "EX", 10)`. Arguments are bytes: nothing needs escaping.
    public init(_ arguments: any RedisArgument...) {
        self.init(arguments: arguments)
    }

    /// A command from its name and arguments.
    public init(arguments: [any RedisArgument]) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(arguments.count * 24 + 16)
        bytes.append(UInt8(ascii: "*"))
        bytes.appendLine(arguments.count)
        for argument in arguments { argument.appendBulkString(to: &bytes) }
        self.bytes = bytes
    }
}

/// What can be an argument: text, bytes and integers.
public protocol RedisArgument: Sendable {
    /// Appends the argument's bytes.
    func append(to bytes: inout [UInt8])
    /// How many bytes that is.
    var byteCount: Int { get }
}

extension RedisArgument {
    fileprivate func appendBulkString(to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "$"))
        bytes.appendLine(byteCount)
        append(to: &bytes)
        bytes.append(13)
        bytes.append(10)
    }
}

extension String: RedisArgument {
    /// UTF-8.
    public func append(to bytes: inout [UInt8]) { bytes.append(contentsOf: utf8) }
    /// In UTF-8.
    public var byteCount: Int { utf8.count }
}

extension Array: RedisArgument where Element == UInt8 {
    /// The bytes.
    public func append(to bytes: inout [UInt8]) { bytes.append(contentsOf: self) }
    /// Their number.
    public var byteCount: Int { count }
}

extension ArraySlice: RedisArgument where Element == UInt8 {
    /// The bytes.
    public func append(to bytes: inout [UInt8]) { bytes.append(contentsOf: self) }
    /// Their number.
    public var byteCount: Int { count }
}

extension Int: RedisArgument {
    /// In decimal.
    public func append(to bytes: inout [UInt8]) { bytes.append(contentsOf: String(self).utf8) }
    /// Digits and sign.
    public var byteCount: Int { String(self).utf8.count }
}

extension [UInt8] {
    fileprivate mutating func appendLine(_ number: Int) {
        append(contentsOf: String(number).utf8)
        append(13)
        append(10)
    }
}

/// A Lua script, run by its SHA-1 hash, which the server computes when it loads it.
public final class RedisScript: Sendable {
    /// The Lua text.
    public let source: String
    let digest = Digest()

    /// A script; the same object should be used for all its runs, for it remembers the hash.
    public init(_ source: String) { self.source = source }
}
