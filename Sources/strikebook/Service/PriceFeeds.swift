import API
import Chain
import Exchange
import Logging

/// The tokens' price feeds on the chain: who reads them, and how they are.
struct PriceFeeds {
    /// Nil where no token has a feed, or no node is configured.
    let reader: PriceFeedReader?
    private let tokens: [Token]
    private let board: PriceBoard

    init(
        _ settings: ServiceSettings, client: RPCClient?, market: MarketParts, leadership: any Leadership, logger: Logger
    ) {
        tokens = settings.tokens.tokens.filter { $0.market?.feed != nil }
        board = market.board
        let feeds = tokens.compactMap { token -> PriceFeedReader.Feed? in
            guard let terms = token.market, let contract = terms.feed else { return nil }
            return PriceFeedReader.Feed(
                token: token.address, symbol: token.symbol, contract: contract,
                heartbeat: .milliseconds(terms.heartbeatMillis))
        }
        guard let client, !feeds.isEmpty else {
            reader = nil
            return
        }
        reader = PriceFeedReader(
            rpc: client, feeds: feeds, store: market.store, board: board, leadership: leadership,
            pollInterval: settings.chain.following.pollInterval, nowMillis: { SystemClock.micros() / 1_000 },
            logger: logger)
    }

    /// For `/ready` and `/health`: every feed that does not say what the price is, and why; nil where no token has one.
    var dependency: Dependency? {
        guard !tokens.isEmpty else { return nil }
        guard reader != nil else {
            return Dependency(
                name: "price feeds", state: .down, isRequired: false,
                detail: "tokens have a feed, but no --rpc-url is set: their prices are not read")
        }
        let now = SystemClock.micros() / 1_000
        let problems = tokens.compactMap { token in
            board.feedProblem(of: token, nowMillis: now).map { "\(token.symbol): \($0)" }
        }
        return Dependency(
            name: "price feeds", state: problems.isEmpty ? .up : .down, isRequired: false,
            detail: problems.isEmpty ? nil : problems.joined(separator: "; "))
    }
}
