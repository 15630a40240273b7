public import Ethereum

/// A token that this deployment knows by name.
public struct Token: Sendable, Hashable {
    /// Its ticker, as `WETH`.
    public let symbol: String
    /// Its contract.
    public let address: Address
    /// 0…36.
    public let decimals: UInt8
    /// Whether premiums may be paid in it.
    public let isStablecoin: Bool
    /// How its price moves; nil where it has none of its own.
    public let market: TokenMarket?

    /// A token with `decimals` places, known as `symbol`.
    public init(
        symbol: String, address: Address, decimals: UInt8, isStablecoin: Bool, market: TokenMarket? = nil
    ) {
        self.symbol = symbol
        self.address = address
        self.decimals = decimals
        self.isStablecoin = isStablecoin
        self.market = market
    }
}

/// The configured tokens, found by address or, whatever its case, by symbol.
public struct TokenList: Sendable {
    /// The tokens, in the order in which they were configured.
    public let tokens: [Token]
    private let byAddress: [Address: Token]
    private let bySymbol: [[UInt8]: Token]

    /// A list in the order in which it was configured.
    public init(_ tokens: [Token]) {
        self.tokens = tokens
        byAddress = Dictionary(tokens.map { ($0.address, $0) }, uniquingKeysWith: { first, _ in first })
        bySymbol = Dictionary(tokens.map { (Self.folded($0.symbol), $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The token at `address`.
    public subscript(address: Address) -> Token? { byAddress[address] }
    /// The token called `symbol`, in ASCII upper or lower case.
    public subscript(symbol symbol: String) -> Token? { bySymbol[Self.folded(symbol)] }

    private static func folded(_ symbol: String) -> [UInt8] {
        symbol.utf8.map { (65...90).contains($0) ? $0 + 32 : $0 }
    }
}
