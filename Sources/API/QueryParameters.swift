import Ethereum
import Exchange
import Market

/// The parameters of a query, each used once and by name: unknown, repeated or malformed ones are refused.
struct QueryParameters {
    private var values: [String: String] = [:]

    /// Reads `query` against the names a route knows.
    init(_ query: String, allowed: Set<String>) throws(Rejection) {
        for part in query.split(separator: "&", omittingEmptySubsequences: true) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decode(pair[0]), let value = Self.decode(pair.count > 1 ? pair[1] : "") else {
                throw Self.refusal(String(part), "is not percent-encoded UTF-8")
            }
            guard allowed.contains(name) else {
                throw Rejection(
                    .malformed, code: "unknown_parameter", field: name,
                    detail: "There is no query parameter \"\(name)\" here. Known: "
                        + allowed.sorted().joined(separator: ", ") + ".")
            }
            guard values.updateValue(value, forKey: name) == nil else {
                throw Self.refusal(name, "is given more than once")
            }
        }
    }

    subscript(name: String) -> String? { values[name] }

    /// A whole number within `range`, in ASCII digits.
    func integer<Value: FixedWidthInteger>(_ name: String, in range: ClosedRange<Value>) throws(Rejection) -> Value? {
        guard let text = values[name] else { return nil }
        guard text.utf8.allSatisfy({ (48...57).contains($0) }), !text.isEmpty, text.utf8.count <= 20,
            let value = Value(text), range.contains(value)
        else {
            throw Self.refusal(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func uint256(_ name: String) throws(Rejection) -> UInt256? {
        guard let text = values[name] else { return nil }
        guard let value = UInt256(decimal: Array(text.utf8)) else {
            throw Self.refusal(name, "must be a decimal uint256 in the token's smallest unit")
        }
        return value
    }

    /// An address or the symbol of a configured token.
    func token(_ name: String, _ tokens: TokenList) throws(Rejection) -> Address? {
        guard let text = values[name] else { return nil }
        return try Self.token(text, field: name, tokens)
    }

    func address(_ name: String) throws(Rejection) -> Address? {
        guard let text = values[name] else { return nil }
        return try Self.address(text, field: name)
    }

    func side() throws(Rejection) -> Side? {
        guard let text = values["side"] else { return nil }
        guard let side = Side(rawValue: text) else { throw Self.refusal("side", "must be call or put") }
        return side
    }

    /// Whether `pricing`, `on` unless it is `off`, asks for fair values.
    func showsPricing() throws(Rejection) -> Bool {
        switch values["pricing"] {
        case nil, "on": return true
        case "off": return false
        default: throw Self.refusal("pricing", "must be on or off")
        }
    }

    /// A moment as RFC 3339 in UTC or in unix seconds, in µs since 1970.
    func moment(_ name: String) throws(Rejection) -> Int64? {
        guard let text = values[name] else { return nil }
        let isDigits = !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) }
        let seconds: Int64? = isDigits && text.utf8.count <= 11 ? Int64(text).map { $0 * 1_000_000 } : nil
        guard let micros = seconds ?? Timestamp.micros(of: text) else {
            throw Self.refusal(name, "must be a time like 2026-01-02T03:04:05.678Z, or unix seconds")
        }
        return micros
    }

    func choice<Choice: RawRepresentable & CaseIterable>(_ name: String) throws(Rejection) -> Choice?
    where Choice.RawValue == String {
        guard let text = values[name] else { return nil }
        guard let choice = Choice(rawValue: text) else {
            throw Self.refusal(name, "must be one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return choice
    }

    func limit() throws(Rejection) -> Int {
        try integer("limit", in: 1...BookQuery.largestLimit) ?? BookQuery.defaultLimit
    }

    static func address(_ text: String, field: String) throws(Rejection) -> Address {
        do {
            return try Address.parse(Array(text.utf8)[...])
        } catch {
            throw refusal(
                field,
                error == .checksum
                    ? "has a wrong EIP-55 checksum; check it, or write it all in lower case"
                    : "must be an address: 0x and 40 hex digits")
        }
    }

    static func token(_ text: String, field: String, _ tokens: TokenList) throws(Rejection) -> Address {
        if let token = tokens[symbol: text] { return token.address }
        guard text.utf8.starts(with: "0x".utf8) else {
            throw Rejection(
                .notFound, code: "unknown_token", field: field,
                detail: "No token is called \"\(text.prefix(64))\" here. Use its address, or one of "
                    + tokens.tokens.map { $0.symbol.lowercased() }.joined(separator: ", ") + ".")
        }
        return try address(text, field: field)
    }

    static func refusal(_ name: String, _ what: String) -> Rejection {
        Rejection(
            .malformed, code: "invalid_parameter", field: String(name.prefix(64)),
            detail: "The parameter \"\(name.prefix(64))\" \(what).")
    }

    /// Percent-decoding; nil for a broken escape or text that is not UTF-8. `+` is a plus.
    static func decode(_ text: some StringProtocol) -> String? {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(nibble), let low = rest.popFirst().flatMap(nibble) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 48...57: digit - 48
        case 65...70: digit - 55
        case 97...102: digit - 87
        default: nil
        }
    }
}
