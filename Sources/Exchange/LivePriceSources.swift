import Ethereum
import Market

extension PriceSources {
    /// The open offers of the live book, the board's prices, and the volatility by which offers are priced.
    public static func live(books: Books, board: PriceBoard, tokens: TokenList) -> PriceSources {
        PriceSources(
            offer: { books.entry($0)?.state.offer },
            market: { token in
                guard let tick = board.latest(token) else { return nil }
                return TokenMarket(
                    spot: PriceScale.value(tick.priceE8),
                    volatility: OfferVolatility(tokens[token], board.feed(of: token))?.annual)
            },
            decimals: { tokens[$0]?.decimals })
    }
}
