import Glibc
import Market

/// Settlements a second from the holder's approval to the payout, with a CoW that answers at once: signatures checked,
/// every step a row of the log in a PostgreSQL that waits for the disk, orders over HTTP.
struct SettleSection {
    /// How many holders approve and submit at the same time.
    private static let holdersAtOnce = 64
    /// What is asked for (settlements/s).
    private static let wanted = 200.0

    let scale: Scale

    func run() async throws -> Report {
        try await TemporaryDirectory.with { directory in
            try await BenchmarkLog.with(dataDirectory: directory("data")) { log in
                let cow = try await PromptCow(chainId: SampleOffers.deployment.chainId)
                let result: Result<Report, any Error>
                do {
                    result = .success(try await measure(log, cow))
                } catch {
                    result = .failure(error)
                }
                await cow.close()
                return try result.get()
            }
        }
    }

    private func measure(_ log: BenchmarkLog, _ cow: PromptCow) async throws -> Report {
        let (warmUp, count) = (scale(400, quick: 40), scale(4_000, quick: 200))
        let bench = try SettleBench(log: log, cow: cow)
        try await bench.makeOptions(warmUp + count)
        return try await bench.withWorker {
            Progress.say("settle: warming up")
            _ = try await bench.settle(1...warmUp, atOnce: Self.holdersAtOnce)
            Progress.say("settle: \(count) settlements")
            let (cpu, requests) = (UsedTime.now(of: getpid()), cow.counts)
            let spent = try await bench.settle((warmUp + 1)...(warmUp + count), atOnce: Self.holdersAtOnce)
            let used = UsedTime.now(of: getpid()) - cpu
            guard cow.counts.orders - requests.orders == count, cow.counts.posts - requests.posts == count else {
                throw BenchmarkFailure("\(count) settlements were \(cow.counts.posts - requests.posts) posts at CoW")
            }
            let micros = { (time: ProcessorTime) in Number.fixed(time.total / Double(count) * 1e6, 0) }
            return Report(
                figures: [
                    Figure(
                        section: .settle, what: "approved, submitted, sold, completed",
                        measured: Double(count) / spent.all, unit: "settlements/s", wanted: .atLeast(Self.wanted))
                ],
                notes: [
                    "settle: \(Self.holdersAtOnce) holders at a time; CoW's word was there after "
                        + "\(Number.fixed(spent.submitting / Double(count) * Double(Self.holdersAtOnce) * 1e3, 0)) ms; the last "
                        + "order is asked for 5 s after it was taken, as any; each is four rows of the log and one order at CoW",
                    "settle: processor time of a settlement, µs: this process, with CoW's part and the holder's, "
                        + "\(micros(used.service)), PostgreSQL \(micros(used.postgres))",
                ])
        }
    }
}
