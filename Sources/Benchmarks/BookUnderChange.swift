/// Reading a book that changes five hundred times a second: open loops, so that a slow reply delays no other request and
/// every wait is counted.
struct BookUnderChange {
    private static let open = 1_000
    private static let postsPerSecond = 500
    private static let readsPerSecond = 1_000

    let scale: Scale

    func run() async throws -> Report {
        try await TemporaryDirectory.with { directory in
            try await ServiceProcess.with(dataDirectory: directory("data")) { try await measure($0) }
        }
    }

    private func measure(_ service: ServiceProcess) async throws -> Report {
        let seconds = scale(15, quick: 2)
        var offers = SampleOffers()
        offers.underlyings = [SampleOffers.weth]
        let count = Self.open + (seconds + 1) * Self.postsPerSecond
        Progress.say("book: \(Self.postsPerSecond) offers/s beside \(Self.readsPerSecond) reads/s for \(seconds) s")
        let drafts = try await offers.drafts(0..<count)
        let bodies = drafts.map(\.body)
        _ = try await load(service, posts: bodies[..<Self.open], reads: 0, rate: nil)
        // A second of the same load comes first and is not counted.
        let warm = Self.open + Self.postsPerSecond
        _ = try await load(
            service, posts: bodies[Self.open..<warm], reads: Self.readsPerSecond, rate: Self.postsPerSecond)
        let before = UsedTime.now(of: service.process.pid)
        let (posts, reads, client) = try await load(
            service, posts: bodies[warm...], reads: seconds * Self.readsPerSecond, rate: Self.postsPerSecond)
        let used = UsedTime.now(of: service.process.pid) - before
        let share = { (time: Double) in "\(Number.fixed(time / reads.seconds * 100, 0)) %" }
        return Report(
            figures: [
                figure(
                    "GET /orderbook p50, \(Self.readsPerSecond)/s while \(Self.postsPerSecond) offers/s arrive", reads,
                    0.5),
                figure("GET /orderbook p99, the same", reads, 0.99, wanted: .atMost(10)),
                figure("POST /offers p50, the same", posts, 0.5),
                figure("POST /offers p99, the same", posts, 0.99),
            ],
            notes: [
                "book: of one core then: service \(share(used.service.total)), PostgreSQL \(share(used.postgres.total)), "
                    + "Redis \(share(used.redis.total)), load client \(share(client)); the book grows from \(warm) to \(count) "
                    + "offers; a read is the default page, 100 calls and 100 puts; worst read "
                    + "\(Number.fixed(reads.latencies.last ?? .nan, 1)) ms"
            ])
    }

    private func figure(_ what: String, _ outcome: LoadOutcome, _ part: Double, wanted: Figure.Wanted = .nothing)
        -> Figure
    {
        Figure(
            section: .book, what: what, measured: percentile(part, ofSorted: outcome.latencies), unit: "ms",
            wanted: wanted)
    }

    /// - Parameter rate: posts a second; nil posts as fast as possible, and reads nothing.
    private func load(
        _ service: ServiceProcess, posts: ArraySlice<[UInt8]>, reads: Int, rate: Int?
    ) async throws -> (posts: LoadOutcome, reads: LoadOutcome, client: Double) {
        var posting = PreparedRequests()
        for body in posts { posting.appendPost("/offers", body) }
        var reading = PreparedRequests()
        reading.appendGet("/orderbook/weth")
        let streams = [
            LoadStream(
                requests: posting, count: posts.count, connections: 16, rate: rate.map(Double.init),
                granted: { status, _ in status == 201 ? 1 : 0 }),
            LoadStream(requests: reading, count: reads, connections: 8, rate: Double(Self.readsPerSecond)),
        ]
        let (outcomes, client) = try await LoadClient.run(streams, port: service.port)
        for outcome in outcomes { try outcome.requireAllGranted() }
        return (outcomes[0], outcomes[1], client)
    }
}
