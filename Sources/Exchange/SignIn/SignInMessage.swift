public import Ethereum
public import Market

/// A message by which an account says that it is signing in (EIP-4361), as it was signed.
public struct SignInMessage: Sendable, Hashable {
    /// The site that asks: host and port.
    public let domain: String
    /// Who signs in.
    public let address: Address
    /// What it is about, as `https://example.com/login`.
    public let uri: String
    /// The chain whose contract wallets may sign.
    public let chainId: UInt256
    /// What the service handed out.
    public let nonce: String
    /// When it was made, µs since 1970.
    public let issuedAtMicros: Int64
    /// From when on it is void, µs since 1970.
    public let expirationMicros: Int64?
    /// Before when it is void, µs since 1970.
    public let notBeforeMicros: Int64?
    /// The text.
    public let text: String

    /// What is signed (EIP-191).
    public var digest: Bytes32 { EIP191.digest(message: Array(text.utf8)) }

    private static let greeting = " wants you to sign in with your Ethereum account:"

    /// Reads the text, line by line as EIP-4361's grammar has it.
    /// - Throws: 400 that names what the line at fault should be.
    public init(_ text: String) throws(Rejection) {
        self.text = text
        var lines = Lines(text)
        var greeting = try lines.next("the domain and \"\(Self.greeting)\"")
        guard greeting.hasSuffix(Self.greeting) else { throw lines.refusal("the domain and \"\(Self.greeting)\"") }
        greeting.removeLast(Self.greeting.count)
        if let scheme = greeting.range(of: "://") { greeting = String(greeting[scheme.upperBound...]) }
        guard !greeting.isEmpty, greeting.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") }) else {
            throw lines.refusal("a domain as example.com or localhost:8080")
        }
        domain = greeting.lowercased()
        let account = try lines.next("the account's address")
        guard let address = try? Address.parse(account), address.checksummed == account else {
            throw lines.refusal("the account's address with its EIP-55 checksum")
        }
        self.address = address
        try lines.skipStatement()
        uri = try lines.value("URI: ")
        guard try lines.value("Version: ") == "1" else { throw lines.refusal("\"Version: 1\"") }
        guard let chainId = UInt256(decimal: Array(try lines.value("Chain ID: ").utf8)) else {
            throw lines.refusal("\"Chain ID: \" and a decimal number")
        }
        self.chainId = chainId
        nonce = try lines.value("Nonce: ")
        issuedAtMicros = try lines.moment("Issued At: ")
        expirationMicros = try lines.optionalMoment("Expiration Time: ")
        notBeforeMicros = try lines.optionalMoment("Not Before: ")
        try lines.end()
    }

    /// The lines that are left, and what the last of them was.
    private struct Lines {
        private var rest: ArraySlice<Substring>
        private var number = 0

        init(_ text: String) { rest = text.split(separator: "\n", omittingEmptySubsequences: false)[...] }

        func refusal(_ wanted: String) -> Rejection {
            Rejection(
                .malformed, code: "invalid_sign_in_message", field: "message",
                detail: "Line \(number) of the message must be \(wanted) (EIP-4361).")
        }

        mutating func next(_ wanted: String) throws(Rejection) -> String {
            number += 1
            guard let line = rest.popFirst() else { throw refusal(wanted) }
            return String(line)
        }

        mutating func value(_ name: String) throws(Rejection) -> String {
            let line = try next("\"\(name)\" and its value")
            guard line.hasPrefix(name), line.count > name.count else { throw refusal("\"\(name)\" and its value") }
            return String(line.dropFirst(name.count))
        }

        mutating func moment(_ name: String) throws(Rejection) -> Int64 {
            guard let micros = Timestamp.micros(of: try value(name)) else {
                throw refusal("\"\(name)\" and a time in UTC as 2026-01-02T03:04:05.678Z")
            }
            return micros
        }

        mutating func optionalMoment(_ name: String) throws(Rejection) -> Int64? {
            guard rest.first?.hasPrefix(name) == true else { return nil }
            return try moment(name)
        }

        /// An empty line; a statement and another empty one, where there is a statement.
        mutating func skipStatement() throws(Rejection) {
            guard try next("empty").isEmpty else { throw refusal("empty") }
            guard let line = rest.first, !line.hasPrefix("URI: ") else { return }
            if try !next("a statement").isEmpty {
                guard try next("empty").isEmpty else { throw refusal("empty") }
            }
        }

        /// What may follow and says nothing to this service.
        mutating func end() throws(Rejection) {
            if rest.first?.hasPrefix("Request ID: ") == true { _ = try next("") }
            guard !rest.isEmpty else { return }
            guard try next("\"Resources:\", or nothing") == "Resources:" else {
                throw refusal("\"Resources:\", or nothing")
            }
            while !rest.isEmpty {
                guard try next("").hasPrefix("- ") else { throw refusal("\"- \" and a resource") }
            }
        }
    }
}

extension String {
    /// Where `text` occurs first.
    fileprivate func range(of text: String) -> Range<String.Index>? {
        guard let start = indices.first(where: { self[$0...].hasPrefix(text) }) else { return nil }
        return start..<index(start, offsetBy: text.count)
    }
}
