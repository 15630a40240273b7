import Ethereum
public import Exchange
import Market
import StrictJSON

/// `/prices` and `/prices/{token}`: what every token stands at, and the operator's posts.
public struct PriceRoutes: Sendable {
    /// Ticks that stopped longer ago than this make a price stale, ms.
    private static let toleranceMillis: Int64 = 3_000
    /// How long a post waits until its price is published.
    private static let publishing = Duration.seconds(2)
    private static let pollInterval = Duration.milliseconds(5)

    let board: PriceBoard
    let tokens: TokenList
    let store: any MarketStore
    let cursors: CursorCodec
    private let operators: OperatorGuard
    let nowMillis: @Sendable () -> Int64

    /// Routes over `board` by the clock `nowMillis` (ms since 1970); posts and candles go through `store`.
    public init(
        board: PriceBoard, tokens: TokenList, store: any MarketStore, cursors: CursorCodec,
        operators: OperatorGuard, nowMillis: @escaping @Sendable () -> Int64
    ) {
        self.board = board
        self.tokens = tokens
        self.store = store
        self.cursors = cursors
        self.operators = operators
        self.nowMillis = nowMillis
    }

    /// `GET /prices`: the configured tokens in their order, then others that have a price.
    func list(_ request: APIRequest) async throws -> Reply {
        _ = try QueryParameters(request.query, allowed: [])
        let ticks = Dictionary(board.all.map { ($0.token, $0) }, uniquingKeysWith: { first, _ in first })
        let others = ticks.keys.filter { tokens[$0] == nil }.sorted()
        let now = nowMillis()
        return .json { json in
            json.beginObject()
            json.key("prices")
            json.beginArray()
            for token in tokens.tokens.map(\.address) + others {
                guard let tick = ticks[token] else { continue }
                json.beginObject()
                write(tick, nowMillis: now, to: &json)
                json.endObject()
            }
            json.endArray()
            json.endObject()
        }
    }

    /// `GET /prices/{token}`
    func get(_ request: APIRequest) async throws -> Reply {
        _ = try QueryParameters(request.query, allowed: [])
        return try reply(try token(request))
    }

    /// `POST /prices/{token}`: the operator sets the price. Answers once it is published here.
    func post(_ request: APIRequest) async throws -> Reply {
        try operators.admit(request)
        _ = try QueryParameters(request.query, allowed: [])
        let token = try token(request)
        let priceE8 = try PriceBody.read(request.body)
        // Two posts within one ms, or a clock that ran back, must not undo each other.
        let after = board.feed(of: token)?.observation.observedAtMillis ?? .min
        let now = nowMillis()
        let observation = PriceObservation(
            token: token, priceE8: priceE8, observedAtMillis: now > after ? now : min(after + 1, now + 1_000),
            source: .operator)
        guard try await store.record(observation) else {
            throw Rejection(
                .conflict, code: "newer_price", field: "priceE8",
                detail: "A later price of this token is known. Check the clocks of the service and of the feed.")
        }
        await published(observation)
        return try reply(token)
    }

    /// Waits until the board shows what was posted: the next tick of the leader carries it.
    private func published(_ observation: PriceObservation) async {
        let deadline = ContinuousClock.now + Self.publishing
        while ContinuousClock.now < deadline {
            let known = board.feed(of: observation.token)?.observation.observedAtMillis ?? .min
            if known >= observation.observedAtMillis, let tick = board.latest(observation.token),
                tick.source != .simulation, tick.asOfMillis >= observation.observedAtMillis
            {
                return
            }
            try? await Task.sleep(for: Self.pollInterval)
        }
    }

    func token(_ request: APIRequest) throws(Rejection) -> Address {
        try QueryParameters.token(request.parameter("token"), field: "token", tokens)
    }

    private func reply(_ token: Address) throws(Rejection) -> Reply {
        guard let tick = board.latest(token) else {
            let problem = tokens[token].flatMap { board.feedProblem(of: $0, nowMillis: nowMillis()) }
            throw Rejection(
                .notFound, code: "price_unknown", field: "token",
                detail: "No price of this token is known: "
                    + (problem.map { "its feed gives none, since \($0)." }
                        ?? "it has no market here and nobody posted one."))
        }
        return .json { json in
            json.beginObject()
            write(tick, nowMillis: nowMillis(), to: &json)
            json.endObject()
        }
    }

    private func write(_ tick: PriceTick, nowMillis now: Int64, to json: inout JSONWriter) {
        let feed = board.feed(of: tick.token)
        json.key("token")
        json.address(tick.token)
        json.key("symbol")
        if let token = tokens[tick.token] { json.string(token.symbol) } else { json.null() }
        json.key("priceE8")
        json.string(String(tick.priceE8))
        json.key("source")
        json.string(tick.source.rawValue)
        json.key("tick")
        json.integer(tick.tick)
        json.key("asOf")
        json.timestamp(micros: tick.asOfMillis * 1_000)
        json.key("ageMs")
        json.integer(max(0, now - tick.asOfMillis))
        json.key("observedAt")
        if tick.source != .simulation, let feed {
            json.timestamp(micros: feed.observation.observedAtMillis * 1_000)
        } else {
            json.null()
        }
        let volatility = OfferVolatility(tokens[tick.token], feed)
        json.key("volatility")
        if let sigma = volatility?.annual { json.double(sigma) } else { json.null() }
        json.key("volatilitySource")
        if let volatility { json.string(volatility.isEstimated ? "estimated" : "configured") } else { json.null() }
        let stale = staleSeconds(tick, feed?.observation, nowMillis: now)
        json.key("stale")
        json.bool(stale != nil)
        if let stale {
            json.key("staleSeconds")
            json.integer(stale)
        }
        writeFeed(of: tokens[tick.token], nowMillis: now, to: &json)
    }

    /// How long what was observed is the price, ms: a feed's answer until its heartbeat has passed.
    private func life(_ observation: PriceObservation) -> Int64 {
        guard observation.source == .feed, let market = tokens[observation.token]?.market else {
            return PriceObservation.freshMillis
        }
        return market.heartbeatMillis
    }

    /// The token's feed on the chain, null where it has none.
    private func writeFeed(of token: Token?, nowMillis now: Int64, to json: inout JSONWriter) {
        json.key("feed")
        guard let token, let market = token.market, let feed = market.feed else { return json.null() }
        json.beginObject()
        json.key("address")
        json.address(feed)
        json.key("heartbeatSeconds")
        json.integer(market.heartbeatMillis / 1_000)
        json.key("problem")
        if let problem = board.feedProblem(of: token, nowMillis: now) { json.string(problem) } else { json.null() }
        json.endObject()
    }

    /// Seconds for which a price has not been what it should be; nil when it is: ticks come and are stored, and what a
    /// feed or the operator said, where that is the price, is fresh.
    private func staleSeconds(_ tick: PriceTick, _ observation: PriceObservation?, nowMillis now: Int64) -> Int64? {
        var since: Int64?
        if now - tick.asOfMillis > Self.toleranceMillis { since = tick.asOfMillis }
        if !tick.isRecorded { since = min(since ?? .max, board.recordedAsOfMillis ?? tick.asOfMillis) }
        if tick.source != .simulation, let observation, now - observation.observedAtMillis > life(observation) {
            since = min(since ?? .max, observation.observedAtMillis)
        }
        if tick.source == .simulation, tokens[tick.token]?.market?.feed != nil {
            since = min(since ?? .max, observation?.observedAtMillis ?? tick.asOfMillis)
        }
        return since.map { max(0, now - $0) / 1_000 }
    }
}
