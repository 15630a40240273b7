public import Ethereum
public import Exchange
import Market

/// What a client may subscribe to.
public enum ChannelName: Sendable, Hashable {
    /// `prices:{token}`
    case prices(Address)
    /// `orderbook:{token}:{call|put}`
    case orderbook(BookID)
    /// `offers`: all books together.
    case offers
    /// `options:{address}`: what the address holds and wrote.
    case options(Address)
    /// `settlement:{tokenId}`
    case settlement(UInt256)
    /// `contract:{id}`: a product.
    case contract(String)

    /// Characters of the longest contract id.
    private static let longestID = 128

    /// The canonical name: addresses in their EIP-55 form, numbers in decimal.
    public var text: String {
        switch self {
        case .prices(let token): "prices:\(token.checksummed)"
        case .orderbook(let book): "orderbook:\(book.underlying.checksummed):\(book.isCall ? "call" : "put")"
        case .offers: "offers"
        case .options(let address): "options:\(address.checksummed)"
        case .settlement(let tokenID): "settlement:\(tokenID.decimalString)"
        case .contract(let id): "contract:\(id)"
        }
    }

    /// Whether what it says has positions in the log, so that it can be replayed and stands in heartbeats.
    var isBook: Bool {
        switch self {
        case .orderbook, .offers: true
        case .prices, .options, .settlement, .contract: false
        }
    }

    /// Reads a name as clients write it: tokens by symbol or address.
    /// - Throws: a rejection that says what the name should be.
    init(_ text: String, tokens: TokenList) throws(Rejection) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        switch (parts[0], parts.count) {
        case ("prices", 2): self = .prices(try Self.token(parts[1], tokens))
        case ("orderbook", 3):
            guard let side = Side(rawValue: String(parts[2])) else {
                throw Self.refusal("unknown_channel", "A book's channel ends with :call or :put.")
            }
            self = .orderbook(BookID(underlying: try Self.token(parts[1], tokens), isCall: side == .call))
        case ("offers", 1): self = .offers
        case ("options", 2): self = .options(try Self.address(parts[1]))
        case ("settlement", 2):
            guard let tokenID = UInt256(decimal: Array(parts[1].utf8)) else {
                throw Self.refusal("unknown_channel", "settlement:{tokenId} takes the id as a decimal number.")
            }
            self = .settlement(tokenID)
        case ("contract", 2):
            let isID = parts[1].utf8.allSatisfy { (0x21...0x7e).contains($0) }
            guard !parts[1].isEmpty, parts[1].utf8.count <= Self.longestID, isID else {
                throw Self.refusal("unknown_channel", "contract:{id} takes the id that contractAccepted gave.")
            }
            self = .contract(String(parts[1]))
        default:
            throw Self.refusal(
                "unknown_channel",
                "There is no such channel; there are prices:{token}, orderbook:{token}:{call|put}, offers, "
                    + "options:{address}, settlement:{tokenId} and contract:{id}.")
        }
    }

    private static func token(_ text: Substring, _ tokens: TokenList) throws(Rejection) -> Address {
        if let token = tokens[symbol: String(text)] { return token.address }
        guard text.utf8.starts(with: "0x".utf8) else {
            throw refusal(
                "unknown_token",
                "No token is called \"\(text.prefix(64))\" here. Use its address, or one of "
                    + tokens.tokens.map { $0.symbol.lowercased() }.joined(separator: ", ") + ".")
        }
        return try address(text)
    }

    private static func address(_ text: Substring) throws(Rejection) -> Address {
        do {
            return try Address.parse(Array(text.utf8)[...])
        } catch {
            throw refusal(
                "invalid_address",
                error == .checksum
                    ? "The address has a wrong EIP-55 checksum; check it, or write it all in lower case."
                    : "An address is 0x and 40 hex digits.")
        }
    }

    private static func refusal(_ code: String, _ detail: String) -> Rejection {
        Rejection(.malformed, code: code, field: "channel", detail: detail)
    }
}
