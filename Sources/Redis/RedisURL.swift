/// The parts of a Redis URL.
struct RedisURL {
    var endpoint = RedisConfiguration.Endpoint.tcp(host: "localhost", port: 6379)
    var user: String?
    var password: String?
    var database = 0

    init(_ url: String) throws(RedisError) {
        if let rest = Self.rest(of: url, after: ["redis://"]) {
            try readTCP(rest)
        } else if let rest = Self.rest(of: url, after: ["unix://", "redis+unix://"]) {
            try readUnix(rest)
        } else {
            throw Self.refusal("begins with none of redis://, unix://, redis+unix://")
        }
    }

    private static func rest(of url: String, after schemes: [String]) -> Substring? {
        schemes.first { url.hasPrefix($0) }.map { url.dropFirst($0.count) }
    }

    private static func refusal(_ why: String) -> RedisError { RedisError(.configuration, "the Redis URL \(why)") }

    private mutating func readTCP(_ rest: Substring) throws(RedisError) {
        let path = rest.drop { $0 != "/" }
        var authority = try readUser(rest.prefix { $0 != "/" })
        if path.contains("@") { throw Self.refusal("has an @ or / in its password; write %40 or %2F there") }
        if path.count > 1 { database = try Self.number(path.dropFirst(), 0...1_000_000, "database") }
        var port = 6379
        if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
            port = try Self.number(authority[authority.index(after: colon)...], 1...65_535, "port")
            authority = authority[..<colon]
        }
        if authority.hasPrefix("["), authority.hasSuffix("]") { authority = authority.dropFirst().dropLast() }
        if authority.isEmpty { throw Self.refusal("names no host") }
        if authority.utf8.contains(0) { throw Self.refusal("has a zero byte in its host") }
        endpoint = .tcp(host: String(authority), port: port)
    }

    private mutating func readUnix(_ rest: Substring) throws(RedisError) {
        let afterUser = try readUser(rest)
        let path = afterUser.prefix { $0 != "?" }
        let query = afterUser.drop { $0 != "?" }.dropFirst()
        for item in query.split(separator: "&") {
            let pair = item.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, pair[0] == "db" else { throw Self.refusal("has an option other than db") }
            database = try Self.number(pair[1], 0...1_000_000, "database")
        }
        // sun_path holds 104 bytes on some systems, with its zero.
        guard path.hasPrefix("/"), path.utf8.count <= 103, !path.utf8.contains(0) else {
            throw Self.refusal("needs an absolute socket path of at most 103 bytes")
        }
        endpoint = .unix(path: String(path))
    }

    /// Takes `user:password@` off the front.
    private mutating func readUser(_ text: Substring) throws(RedisError) -> Substring {
        guard !text.hasPrefix("/"), let mark = text.lastIndex(of: "@") else { return text }
        let pair = text[..<mark].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard pair.count == 2 else { throw Self.refusal("has a user without a password") }
        if !pair[0].isEmpty { user = try Self.decode(pair[0]) }
        password = try Self.decode(pair[1])
        return text[text.index(after: mark)...]
    }

    private static func number(
        _ text: Substring, _ range: ClosedRange<Int>, _ what: String
    ) throws(RedisError) -> Int {
        guard text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }), let value = Int(text), range.contains(value) else {
            throw refusal("has a \(what) that is not a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    private static func decode(_ text: Substring) throws(RedisError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(nibble), let low = rest.popFirst().flatMap(nibble) else {
                throw refusal("has a % without two hexadecimal digits in its user or password")
            }
            bytes.append(high << 4 | low)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
