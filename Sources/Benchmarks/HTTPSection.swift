import Glibc
import Postgres
import StrictJSON

/// The whole service under load: signed offers over HTTP to rows on the disk, against single-row inserts by pgbench into
/// the same PostgreSQL, turn and turn about.
struct HTTPSection {
    static let connections = 64
    private static let batch = 100

    let scale: Scale

    /// Sums over the rounds of one way to post.
    private struct Tally {
        var offers = 0
        var seconds = 0.0
        var used = UsedTime()
        var client = 0.0
        var latencies: [Double] = []

        var rate: Double { Double(offers) / seconds }
    }

    func run() async throws -> Report {
        try await TemporaryDirectory.with { directory in
            try await ServiceProcess.with(dataDirectory: directory("data")) { service in
                let database = try PostgresClient.benchmark(service.databaseURL)
                do {
                    let report = try await measure(service, database, directory)
                    await database.shutdown()
                    return report
                } catch {
                    await database.shutdown()
                    throw error
                }
            }
        }
    }

    private func measure(
        _ service: ServiceProcess, _ database: PostgresClient, _ directory: TemporaryDirectory
    ) async throws -> Report {
        let rounds = scale(4, quick: 1)
        let (singles, batched) = (scale(20_000, quick: 1_000), scale(40_000, quick: 2_000))
        let offers = SampleOffers()
        let peer = try await Pgbench(databaseURL: service.databaseURL, in: directory, on: database)
        var next = 0
        var single = Tally()
        var batches = Tally()
        var peers: [Double] = []
        var ratios: (single: [Double], batches: [Double]) = ([], [])
        for round in -1..<rounds {
            Progress.say(round < 0 ? "http: warming up" : "http: round \(round + 1) of \(rounds)")
            let isWarmUp = round < 0
            let one = try await singleRequests(offers, next..<(next + (isWarmUp ? 1_000 : singles)))
            next += isWarmUp ? 1_000 : singles
            let many = try await batchRequests(offers, next..<(next + (isWarmUp ? 2_000 : batched)))
            next += isWarmUp ? 2_000 : batched
            // What the service still does after its answers belongs to nobody's turn.
            try await Task.sleep(for: .milliseconds(300))
            let rate = try await peer.run(count: isWarmUp ? 1_600 : singles)
            let posted = try await post(one, of: service, to: &single)
            let postedMany = try await post(many, of: service, to: &batches)
            if isWarmUp {
                (single, batches) = (Tally(), Tally())
            } else {
                peers.append(rate)
                ratios.single.append(posted / rate)
                ratios.batches.append(postedMany / rate)
            }
        }
        try await check(database, rows: next)
        let peerRate = Double(peers.count) / peers.reduce(0) { $0 + 1 / $1 }
        return Report(
            figures: [
                figure("durable POST /offers, \(Self.connections) connections", single, peerRate, wanted: 0.7),
                figure("the same in batches of \(Self.batch)", batches, peerRate, wanted: 1.3),
            ],
            notes: notes(single, "single") + notes(batches, "batched") + [
                "http: ratios by round: single \(spread(ratios.single)), batched \(spread(ratios.batches)); "
                    + "\(next) answers of 201 and as many rows"
            ])
    }

    private func figure(_ what: String, _ tally: Tally, _ peerRate: Double, wanted: Double) -> Figure {
        Figure(
            section: .http, what: what, measured: tally.rate, unit: "offers/s",
            peer: ("pgbench, one row a commit", peerRate), wanted: .ratio(wanted))
    }

    private func singleRequests(_ offers: SampleOffers, _ range: Range<Int>) async throws -> LoadStream {
        var requests = PreparedRequests()
        for draft in try await offers.drafts(range) { requests.appendPost("/offers", draft.body) }
        return LoadStream(
            requests: requests, count: range.count, connections: Self.connections,
            granted: { status, _ in status == 201 ? 1 : 0 })
    }

    private func batchRequests(_ offers: SampleOffers, _ range: Range<Int>) async throws -> LoadStream {
        var requests = PreparedRequests()
        let drafts = try await offers.drafts(range)
        for start in stride(from: 0, to: drafts.count, by: Self.batch) {
            var json = JSONWriter(capacity: 100_000)
            json.beginObject()
            json.key("offers")
            json.beginArray()
            for draft in drafts[start..<min(start + Self.batch, drafts.count)] { draft.write(to: &json) }
            json.endArray()
            json.endObject()
            requests.appendPost("/offers/batch", json.bytes)
        }
        return LoadStream(
            requests: requests, count: requests.ranges.count, connections: Self.connections, grantsEach: Self.batch,
            granted: { status, body in status == 200 ? body.occurrences(of: "\"status\":201") : 0 })
    }

    /// - Returns: offers a second of this turn.
    private func post(_ stream: LoadStream, of service: ServiceProcess, to tally: inout Tally) async throws -> Double {
        let before = UsedTime.now(of: service.process.pid)
        let (outcomes, client) = try await LoadClient.run([stream], port: service.port)
        tally.used = tally.used + (UsedTime.now(of: service.process.pid) - before)
        tally.client += client
        try outcomes[0].requireAllGranted()
        tally.offers += outcomes[0].granted
        tally.seconds += outcomes[0].seconds
        tally.latencies += outcomes[0].latencies
        return Double(outcomes[0].granted) / outcomes[0].seconds
    }

    /// Every answer of 201 has its row, and there is no other.
    private func check(_ database: PostgresClient, rows: Int) async throws {
        let stored = try await database.query("SELECT count(*) FROM offers").single().int64(0)
        guard stored == Int64(rows) else {
            throw BenchmarkFailure("\(rows) offers were answered 201, but \(stored) rows are stored")
        }
    }

    private func notes(_ tally: Tally, _ name: String) -> [String] {
        let micros = { (time: Double) in Number.fixed(time / Double(tally.offers) * 1e6, 0) }
        let parts = [
            ("service", tally.used.service), ("PostgreSQL", tally.used.postgres), ("Redis", tally.used.redis),
        ].map { "\($0) \(micros($1.total)) (\(micros($1.system)) in the kernel)" }
        let latencies = tally.latencies.sorted()
        return [
            "http: processor time a \(name) offer, µs: \(parts.joined(separator: ", ")), load client "
                + "\(micros(tally.client)); elapsed \(micros(tally.seconds)) on \(sysconf(Int32(_SC_NPROCESSORS_ONLN))) cores; "
                + "latency of a request p50 \(Number.fixed(percentile(0.5, ofSorted: latencies), 1)) ms, "
                + "p99 \(Number.fixed(percentile(0.99, ofSorted: latencies), 1)) ms"
        ]
    }

    private func spread(_ ratios: [Double]) -> String {
        ratios.map { Number.fixed($0, 2) }.joined(separator: " ")
    }
}
