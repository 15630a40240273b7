import Glibc
import Market
import Postgres

/// Rows a second of group commit, by the size of the group, against single-row inserts by pgbench into the same
/// PostgreSQL, turn and turn about. The offers are verified beforehand: this is the database's part alone.
struct CommitSection {
    /// Offers of a transaction, and how many are written in a round.
    private static let groups: [(size: Int, count: Int)] = [(1, 2_000), (16, 8_000), (100, 20_000), (500, 25_000)]

    let scale: Scale

    func run() async throws -> Report {
        try await TemporaryDirectory.with { directory in
            try await BenchmarkLog.with(dataDirectory: directory("data")) { log in
                try await measure(log, directory)
            }
        }
    }

    private func measure(_ log: BenchmarkLog, _ directory: TemporaryDirectory) async throws -> Report {
        let rounds = scale(3, quick: 1)
        let offers = SampleOffers()
        let peer = try await Pgbench(databaseURL: log.databaseURL, in: directory, on: log.database)
        var next = 0
        var seconds = Self.groups.map { _ in 0.0 }
        var used = Self.groups.map { _ in UsedTime() }
        var peers: [Double] = []
        for round in -1..<rounds {
            Progress.say(round < 0 ? "commit: warming up" : "commit: round \(round + 1) of \(rounds)")
            let isWarmUp = round < 0
            let counts = Self.groups.map { isWarmUp || scale.isQuick ? max($0.size, $0.count / 20) : $0.count }
            let total = counts.reduce(0, +)
            let signed = try await offers.signed(next..<(next + total))
            next += total
            let rate = try await peer.run(count: scale(isWarmUp ? 1_600 : 20_000, quick: 1_600))
            if !isWarmUp { peers.append(rate) }
            var start = 0
            for (index, count) in counts.enumerated() {
                let before = UsedTime.now(of: getpid())
                let spent = try await log.commit(signed[start..<(start + count)], by: Self.groups[index].size)
                if !isWarmUp {
                    seconds[index] += spent
                    used[index] = used[index] + (UsedTime.now(of: getpid()) - before)
                }
                start += count
            }
        }
        let stored = try await log.database.query("SELECT count(*) FROM offers").single().int64(0)
        guard stored == Int64(next) else {
            throw BenchmarkFailure("\(next) offers were committed, \(stored) are stored")
        }
        let peerRate = Double(peers.count) / peers.reduce(0) { $0 + 1 / $1 }
        var report = Report(notes: [
            "commit: an offer here is its row, a hash-chained log row, the log's head and its book's mark; the peer's "
                + "\(Pgbench.clients) clients write a row like the offer's alone"
        ])
        for (index, group) in Self.groups.enumerated() {
            let count = Double(rounds * (scale.isQuick ? max(group.size, group.count / 20) : group.count))
            report.figures.append(
                Figure(
                    section: .commit, what: "group commit of \(group.size), one connection",
                    measured: count / seconds[index], unit: "rows/s", peer: ("pgbench, one row a commit", peerRate)))
            let micros = { (time: ProcessorTime) in Number.fixed(time.total / count * 1e6, 0) }
            report.notes.append(
                "commit: processor time a row by \(group.size), µs: this process \(micros(used[index].service)), PostgreSQL "
                    + "\(micros(used[index].postgres)); elapsed \(Number.fixed(seconds[index] / count * 1e6, 0))")
        }
        return report
    }
}
