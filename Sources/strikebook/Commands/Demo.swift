import ArgumentParser
import Exchange
import Market
import StrictJSON

/// `strikebook demo`
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Fill a service's book with signed offers of generated keys.",
        discussion: """
            Example: strikebook demo --url http://127.0.0.1:8080 --count 500 --seed 7
            The keys follow from the seed, so nothing of value may ever belong to them. The same seed gives the same offers \
            all day long, and what is there already is not posted twice. Without --count it posts 200, or as many as leave \
            you two fifths of the service's rate limit (100 offers in 15 minutes unless it was started with another \
            --offer-rate-limit).
            """)

    private static let usualCount = 200

    @Option(help: "How many offers.") var count: Int?
    @Option(help: "Which offers.") var seed: UInt64 = 1
    @OptionGroup var service: ServiceURL

    func validate() throws {
        if let count, !(1...1_000_000).contains(count) { throw ValidationError("--count must be from 1 to 1000000") }
    }

    func run() async throws {
        try await ServiceClient.with(service.resolved) { client in
            let terms = try await ServiceTerms.of(client)
            var market = try DemoMarket(terms, seed: seed, now: SystemClock.seconds())
            let count = count ?? Self.fitting(terms)
            let tally = try await fill(&market, OfferPoster(client: client), count: count)
            try StandardOutput.line(
                "\(tally.created) offers posted, \(tally.existed) were there already"
                    + (tally.refused.isEmpty ? "" : ", \(tally.refused.count) refused"))
            if let limit = tally.limited {
                try StandardOutput.line(
                    "the service's rate limit stopped it: \(limit) It takes \(terms.offerRateLimit) offers of one client in "
                        + "\(terms.offerRateSeconds / 60) minutes; run this again later, or start the service with "
                        + "--offer-rate-limit 0")
            }
            let isShort = self.count != nil || tally.created + tally.existed == 0
            if let first = tally.refused.first { throw CommandFailure(.failure, first) }
            if tally.limited != nil, isShort {
                throw CommandFailure(.failure, "\(tally.created + tally.existed) of \(count) offers are in the book")
            }
        }
    }

    private struct Tally {
        var created = 0
        var existed = 0
        var refused: [String] = []
        /// What the service said when its limit was reached.
        var limited: String?
    }

    private func fill(_ market: inout DemoMarket, _ poster: OfferPoster, count: Int) async throws -> Tally {
        var tally = Tally()
        var progress = Progress()
        defer { progress.end() }
        var done = 0
        while done < count, tally.limited == nil {
            let batch = (0..<min(OfferPoster.batch, count - done)).map { _ in market.next() }
            for outcome in try await poster.post(batch: batch) {
                switch outcome.status {
                case 201: tally.created += 1
                case 200: tally.existed += 1
                case 429: tally.limited = Refusal.shown(outcome.json["detail"]?.text ?? "too many offers.")
                default: tally.refused.append(outcome.refusal)
                }
            }
            done += batch.count
            progress.say("\(done) of \(count) offers")
        }
        return tally
    }

    /// Leaves the user two fifths of a limit.
    private static func fitting(_ terms: ServiceTerms) -> Int {
        terms.offerRateLimit == 0 ? usualCount : max(1, min(usualCount, terms.offerRateLimit * 3 / 5))
    }
}
