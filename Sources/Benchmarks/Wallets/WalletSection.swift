import Ethereum
import Market

/// What hostile contract wallets do to everybody else: readers of a book and makers with plain keys, at a steady rate, beside
/// posts in the name of wallets that burn gas, answer with megabytes or not at all, beside as many posts of honest wallets,
/// and alone. Turn and turn about.
struct WalletSection {
    /// Requests a second of each kind; far from what the service can do, so that queues are not of their own making.
    private static let rate = 100.0
    /// Wallets' posts a second, and how many of them may be waiting.
    private static let walletRate = 40.0
    private static let walletConnections = 128
    /// What a delay is measured by: how much dearer the slowest hundredth may become.
    private static let measurable = 1.5

    let scale: Scale

    private enum Kind: String, CaseIterable {
        case read = "GET /orderbook"
        case post = "POST /offers of plain keys"
    }

    /// Who posts beside them.
    private enum Company: String, CaseIterable {
        case nobody = "alone"
        case honest = "beside honest wallets"
        case hostile = "beside hostile ones"

        var wallets: [HostileNode.Wallet] {
            switch self {
            case .nobody: []
            case .honest: [.honest]
            case .hostile: HostileNode.Wallet.allCases.filter { $0 != .honest }
            }
        }
    }

    func run() async throws -> Report {
        var report = try await hostile()
        report.add(try FundsInMemory(scale: scale).run())
        return report
    }

    private func hostile() async throws -> Report {
        let node = try await HostileNode()
        let report = try await TemporaryDirectory.with { directory in
            try await ServiceProcess.with(
                dataDirectory: directory("data"), flags: ["--rpc-url", node.url, "--poll-interval", "0.5"]
            ) { try await measure($0) }
        }
        await node.end()
        return report
    }

    private func measure(_ service: ServiceProcess) async throws -> Report {
        let (rounds, seconds) = (scale(7, quick: 1), scale(5, quick: 2))
        let each = Int(Self.rate) * seconds
        let offers = SampleOffers()
        var next = 0
        var latencies: [Kind: [Company: [[Double]]]] = [:]
        var refused = 0
        var answered = 0
        for round in -1..<rounds {
            Progress.say(round < 0 ? "wallets: warming up" : "wallets: round \(round + 1) of \(rounds)")
            for company in round.isMultiple(of: 2) ? Company.allCases : Company.allCases.reversed() {
                var streams = [reads(each), try await posts(offers, next..<(next + each))]
                next += each
                if company != .nobody {
                    streams.append(try walletPosts(company.wallets, seconds: seconds, round: round))
                }
                let outcomes = try await LoadClient.run(streams, port: service.port).outcomes
                for outcome in outcomes[..<2] { try outcome.requireAllGranted() }
                if company == .hostile {
                    answered += outcomes[2].latencies.count
                    refused += outcomes[2].granted
                }
                guard round >= 0 else { continue }
                for (kind, outcome) in zip(Kind.allCases, outcomes) {
                    latencies[kind, default: [:]][company, default: []].append(outcome.latencies)
                }
            }
        }
        let misdeeds = Company.hostile.wallets.map(\.rawValue).joined(separator: ", ")
        return Report(
            figures: Kind.allCases.compactMap { kind in latencies[kind].map { figure(kind, $0) } },
            notes: [
                "wallets: \(answered) hostile posts (\(misdeeds); \(Int(Self.walletRate)) a second), \(refused) of them "
                    + "refused or told to come back, beside \(Int(Self.rate)) reads and \(Int(Self.rate)) plain posts a second"
            ] + Kind.allCases.compactMap { kind in latencies[kind].map { note(kind, $0) } })
    }

    /// Of each round the slowest hundredth, and of those the median: a shared machine's bad second is in one round.
    private func figure(_ kind: Kind, _ found: [Company: [[Double]]]) -> Figure {
        let slow = found.mapValues { rounds in
            percentile(0.5, ofSorted: rounds.map { percentile(0.99, ofSorted: $0.sorted()) }.sorted())
        }
        return Figure(
            section: .wallets, what: "\(kind.rawValue) beside hostile wallets, p99", measured: slow[.hostile] ?? .nan,
            unit: "ms", peer: ("beside as many honest ones", slow[.honest] ?? .nan),
            wanted: .atMostRatio(Self.measurable))
    }

    private func note(_ kind: Kind, _ found: [Company: [[Double]]]) -> String {
        let parts = Company.allCases.map { ($0.rawValue, (found[$0] ?? []).joined().sorted()) }.map { name, sorted in
            "\(name) p50 \(Number.fixed(percentile(0.5, ofSorted: sorted), 2)), p99 "
                + "\(Number.fixed(percentile(0.99, ofSorted: sorted), 2)), longest \(Number.fixed(sorted.last ?? .nan, 1)) ms"
        }
        return "wallets: \(kind.rawValue): \(parts.joined(separator: "; "))"
    }

    private func reads(_ count: Int) -> LoadStream {
        var requests = PreparedRequests()
        requests.appendGet("/orderbook/weth?side=call&limit=20")
        return LoadStream(requests: requests, count: count, connections: 16, rate: Self.rate)
    }

    private func posts(_ offers: SampleOffers, _ range: Range<Int>) async throws -> LoadStream {
        var requests = PreparedRequests()
        for draft in try await offers.drafts(range) { requests.appendPost("/offers", draft.body) }
        return LoadStream(
            requests: requests, count: range.count, connections: 16, rate: Self.rate,
            granted: { status, _ in status == 201 ? 1 : 0 })
    }

    /// Offers in the name of each of some wallets in turn, no two alike.
    private func walletPosts(_ wallets: [HostileNode.Wallet], seconds: Int, round: Int) throws -> LoadStream {
        var requests = PreparedRequests()
        let count = Int(Self.walletRate) * seconds
        let sample = SampleOffers().draft(0).offer
        for number in 0..<count {
            let offer = Offer(
                writer: wallets[number % wallets.count].address, underlying: sample.underlying,
                collateralAmount: sample.collateralAmount,
                stablecoin: sample.stablecoin, isCall: true, premiumPerDay: sample.premiumPerDay,
                minDuration: sample.minDuration, maxDuration: sample.maxDuration, minFillAmount: sample.minFillAmount,
                deadline: sample.deadline,
                configHash: Keccak256.hash(Array("wallet \(round) \(number) \(Clock.now())".utf8)))
            requests.appendPost("/offers", Draft(offer: offer, signature: [UInt8](repeating: 7, count: 130)).body)
        }
        return LoadStream(
            requests: requests, count: count, connections: Self.walletConnections, rate: Self.walletRate,
            grantsEach: 0, granted: { status, _ in status == 422 || status == 503 ? 1 : 0 })
    }
}
