import Ethereum
public import Exchange
import Market
import StrictJSON

/// `GET /quote`: the cheapest legal combination of offers for an amount.
public struct QuoteRoute: Sendable {
    private let books: Books
    private let tokens: TokenList
    private let tailFill: Bool
    private let pricer: OfferPricer
    private let watch: WalletWatch?
    private let now: @Sendable () -> UInt64

    /// The route over the live books by the clock `now` (unix seconds); `pricer` says what a quote is worth, and what
    /// `watch` withholds is not listed.
    public init(
        books: Books, tokens: TokenList, tailFill: Bool, pricer: OfferPricer, watch: WalletWatch?,
        now: @escaping @Sendable () -> UInt64
    ) {
        self.books = books
        self.tokens = tokens
        self.tailFill = tailFill
        self.pricer = pricer
        self.watch = watch
        self.now = now
    }

    func get(_ request: APIRequest) async throws -> Reply {
        let parameters = try QueryParameters(
            request.query, allowed: ["underlying", "side", "amount", "duration", "stablecoin"])
        guard let underlying = try parameters.token("underlying", tokens) else { throw Self.missing("underlying") }
        guard let side = try parameters.side() else { throw Self.missing("side") }
        guard let amount = try parameters.uint256("amount") else { throw Self.missing("amount") }
        guard let duration: UInt16 = try parameters.integer("duration", in: 1...65_535) else {
            throw Self.missing("duration")
        }
        guard !amount.isZero else { throw QueryParameters.refusal("amount", "must be above 0") }
        var query = BookQuery()
        query.duration = duration
        query.stablecoin = try parameters.token("stablecoin", tokens)
        let book = books.book(BookID(underlying: underlying, isCall: side == .call))
        let candidates = try candidates(of: book, query)
        let (quote, withheld) = await listed(candidates, amount: amount, days: duration)
        return reply(
            quote, fair: fairPremium(of: quote, days: duration), withheld: withheld, seq: book.seq,
            micros: book.changedAtMicros)
    }

    /// Quotes that are made anew because a writer's contract does not affirm an offer of the one before.
    private static let mostRounds = 8
    /// Offers beside the quoted ones whose writers are looked at in each further round: the next ones a quote would list.
    private static let lookahead = 32

    /// The best fills among the offers whose writers' signatures hold at the newest block, and how many offers were left
    /// out because theirs do not. Only what would be listed is asked about.
    private func listed(
        _ all: [Candidate], amount: UInt256, days: UInt16
    ) async -> (quote: Quote, withheld: Int) {
        var left = all
        var quote = Quote.bestFills(of: left.map(\.candidate), amount: amount, days: days)
        guard let watch else { return (quote, 0) }
        var affirmed: Set<Bytes32> = []
        for round in 0... {
            let fills = Set(quote.fills.map(\.offerHash)).subtracting(affirmed)
            guard !fills.isEmpty else { break }
            var asked = left.filter { fills.contains($0.candidate.offerHash) }
            if round > 0 {
                asked += left.lazy.filter {
                    !fills.contains($0.candidate.offerHash) && !affirmed.contains($0.candidate.offerHash)
                }
                .prefix(Self.lookahead)
            }
            let withheld = await watch.withheld(asked.map(\.signed))
            affirmed.formUnion(asked.map(\.candidate.offerHash).filter { !withheld.contains($0) })
            if withheld.isEmpty { break }
            left.removeAll { withheld.contains($0.candidate.offerHash) }
            // Whoever makes offers that never hold shall not keep a taker waiting: what holds is enough then.
            if round >= Self.mostRounds { left.removeAll { !affirmed.contains($0.candidate.offerHash) } }
            quote = Quote.bestFills(of: left.map(\.candidate), amount: amount, days: days)
        }
        return (quote, all.count - left.count)
    }

    /// An offer that could be listed.
    private struct Candidate {
        let candidate: Quote.Candidate
        let signed: SignedOffer
    }

    /// What can be taken now for the asked time, all in one stablecoin, cheapest first.
    private func candidates(of book: Book, _ query: BookQuery) throws(Rejection) -> [Candidate] {
        let now = now()
        var stablecoins: Set<Address> = []
        var candidates: [Candidate] = []
        book.forEach { entry in
            guard query.admits(entry.state, now: now) else { return true }
            stablecoins.insert(entry.state.offer.stablecoin)
            candidates.append(
                Candidate(candidate: .init(entry.state, tailFill: tailFill), signed: entry.state.signed))
            return stablecoins.count == 1
        }
        guard stablecoins.count <= 1 else {
            throw Rejection(
                .malformed, code: "stablecoin_required", field: "stablecoin",
                detail: "Offers in several stablecoins could serve this. Say which one to pay in with stablecoin=.")
        }
        return candidates
    }

    private static func missing(_ name: String) -> Rejection {
        Rejection(
            .malformed, code: "missing_parameter", field: name,
            detail: "The parameter \"\(name)\" is needed: /quote?underlying=weth&side=call&amount=…&duration=7.")
    }

    /// What the quote's fills are worth, each rounded down, and when the prices were made (ms since 1970); nil where one
    /// of them cannot be priced.
    private func fairPremium(of quote: Quote, days: UInt16) -> (premium: UInt256, asOfMillis: Int64)? {
        let moment = pricer.moment
        var total = UInt256.zero
        for fill in quote.fills {
            guard let offer = books.entry(fill.offerHash)?.state.offer,
                let fair = pricer.fairPremium(of: offer, amount: fill.amount, days: days, by: moment)
            else { return nil }
            total = total.addingSaturating(fair)
        }
        return quote.fills.isEmpty ? nil : (total, moment.asOfMillis)
    }

    private func reply(
        _ quote: Quote, fair: (premium: UInt256, asOfMillis: Int64)?, withheld: Int, seq: UInt64, micros: Int64
    ) -> Reply {
        .json { json in
            json.beginObject()
            json.key("fills")
            json.beginArray()
            for fill in quote.fills {
                json.beginObject()
                json.key("offerHash")
                json.hash(fill.offerHash)
                json.key("amount")
                json.uint256(fill.amount)
                json.key("premium")
                json.uint256(fill.premium)
                json.endObject()
            }
            json.endArray()
            json.key("totalPremium")
            json.uint256(quote.totalPremium)
            json.key("averagePremiumPerUnit")
            if let average = averagePerUnit(quote) { json.uint256(average) } else { json.null() }
            json.key("fairPremium")
            if let fair { json.uint256(fair.premium) } else { json.null() }
            json.key("pricingAsOf")
            if let fair { json.timestamp(micros: fair.asOfMillis * 1_000) } else { json.null() }
            json.key("filledAmount")
            json.uint256(quote.filledAmount)
            json.key("complete")
            json.bool(quote.complete)
            json.key("optimal")
            json.bool(quote.proven)
            json.key("lowerBound")
            json.uint256(quote.lowerBound)
            json.key("candidates")
            json.integer(quote.candidates)
            json.key("considered")
            json.integer(quote.considered)
            json.key("withheld")
            json.integer(withheld)
            json.key("seq")
            json.integer(seq)
            json.key("asOf")
            if seq > 0 { json.timestamp(micros: micros) } else { json.null() }
            json.endObject()
        }
    }

    /// The premium of 10^18 smallest units of collateral for the whole duration, rounded down.
    private func averagePerUnit(_ quote: Quote) -> UInt256? {
        UInt256.mulDivFloor(quote.totalPremium, UInt256(1_000_000_000_000_000_000), quote.filledAmount)
    }
}
