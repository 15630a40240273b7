import Glibc
import Synchronization

/// From an offer's 201 to the delta at a client of its book, while offers arrive at a fixed rate.
struct OfferDeltas {
    private static let rate = 500
    private static let readers = 10

    let scale: Scale

    /// Texts that name offers, and when they came.
    private struct Told: Sendable {
        private static let hashStart: StaticString = "\"offerHash\":\"0x"
        private var texts: [(time: UInt64, text: [UInt8])] = []

        mutating func take(_ text: UnsafeRawBufferPointer) { texts.append((Clock.now(), Array(text))) }

        /// Every offer, by the first digits of its hash, and when it was named first; in that order.
        var offers: [(hash: UInt64, time: UInt64)] {
            var seen: Set<UInt64> = []
            var offers: [(hash: UInt64, time: UInt64)] = []
            for (time, text) in texts {
                text.withUnsafeBytes { text in
                    for hash in Self.hashes(in: text) where seen.insert(hash).inserted { offers.append((hash, time)) }
                }
            }
            return offers
        }

        private static func hashes(in text: UnsafeRawBufferPointer) -> [UInt64] {
            var hashes: [UInt64] = []
            var at = 0
            while let hit = text.index(of: hashStart, from: at) {
                at = hit + hashStart.utf8CodeUnitCount
                hashes.append(text[at...].prefix(16).reduce(0) { $0 << 4 | UInt64($1 & 15 + ($1 > 57 ? 9 : 0)) })
            }
            return hashes
        }
    }

    /// The answers of the load client's thread.
    private final class Acknowledged: Sendable {
        let told = Mutex(Told())
    }

    func run(_ service: ServiceProcess) async throws -> Report {
        let seconds = scale(10, quick: 2)
        Progress.say("feed: \(Self.rate) offers/s for \(seconds) s, and their deltas")
        var offers = SampleOffers()
        offers.underlyings = [SampleOffers.weth]
        offers.onlyCalls = true
        var posts = PreparedRequests()
        for draft in try await offers.drafts(0..<(Self.rate * (seconds + 1))) {
            posts.appendPost("/offers", draft.body)
        }
        let acknowledged = Acknowledged()
        let stream = LoadStream(
            requests: posts, count: posts.ranges.count, connections: 16, rate: Double(Self.rate),
            granted: { status, body in
                acknowledged.told.withLock { $0.take(body) }
                return status == 201 ? 1 : 0
            })
        let port = service.port
        async let told = OwnThread.run { try Self.read(port: port, seconds: seconds + 3) }
        try await Task.sleep(for: .seconds(1))
        let (outcomes, _) = try await LoadClient.run([stream], port: port)
        try outcomes[0].requireAllGranted()
        // The first second warms up.
        let answers = acknowledged.told.withLock { $0.offers }.dropFirst(Self.rate)
        var latencies: [Double] = []
        for reader in try await told {
            let times = Dictionary(reader.offers.map { ($0.hash, $0.time) }, uniquingKeysWith: min)
            for (hash, time) in answers {
                guard let told = times[hash] else { throw BenchmarkFailure("an offer was never told") }
                latencies.append((Double(told) - Double(time)) / 1e6)
            }
        }
        latencies.sort()
        return report(latencies)
    }

    private func report(_ latencies: [Double]) -> Report {
        let figure = { (name: String, part: Double, wanted: Figure.Wanted) in
            Figure(
                section: .feed, what: "offer's 201 to its delta at a client, \(Self.rate) offers/s, \(name)",
                measured: percentile(part, ofSorted: latencies), unit: "ms", wanted: wanted)
        }
        return Report(
            figures: [figure("p50", 0.5, .nothing), figure("p99", 0.99, .atMost(50))],
            notes: [
                "feed: \(latencies.count) deltas to \(Self.readers) clients of the book; below zero the delta came before "
                    + "the 201; worst \(Number.fixed(latencies.last ?? .nan, 1)) ms"
            ])
    }

    /// What each of a few clients was told.
    private static func read(port: UInt16, seconds: Int) throws -> [Told] {
        let readers = try LiveReaders(Self.readers, port: port, path: "/ws", channel: "orderbook:weth:call")
        var told = [Told](repeating: Told(), count: Self.readers)
        try readers.read(for: UInt64(seconds) * 1_000_000_000) { reader, text in told[reader].take(text) }
        return told
    }
}
