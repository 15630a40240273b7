import Glibc

/// The live hub: prices to thousands of clients against nginx's nchan, turn and turn about; deltas of a busy book; and
/// what a client costs who only listens.
struct FeedSection {
    private static let second: UInt64 = 1_000_000_000

    let scale: Scale

    func run() async throws -> Report {
        raiseFileLimit()
        return try await TemporaryDirectory.with { directory in
            try await ServiceProcess.with(dataDirectory: directory("data")) { service in
                var report = Report()
                let memory = try await IdleMemory(scale: scale).measure(service)
                if Nchan.isInstalled {
                    report = try await Nchan.with(in: directory) { try await fanOut(service, $0) }
                } else {
                    report = try await fanOut(service, nil)
                    report.notes.append("feed: nginx with nchan is not installed, so there is no peer")
                }
                report.figures.append(memory)
                report.add(try await OfferDeltas(scale: scale).run(service))
                return report
            }
        }
    }

    /// A client of this program needs a file.
    private func raiseFileLimit() {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(resource, &limit)
    }

    // MARK: Prices

    private func fanOut(_ service: ServiceProcess, _ peer: Nchan?) async throws -> Report {
        var report = Report()
        let idle = try await idleShare(service)
        for clients in [scale(1_000, quick: 100), scale(5_000, quick: 200)] {
            report.add(try await fanOut(clients, service, peer))
        }
        report.notes.append(
            "feed: without clients the service (simulation, ticks stored, books) uses \(Number.fixed(idle * 100, 1)) % of a "
                + "core, which its deliveries per CPU-second carry")
        return report
    }

    private func fanOut(_ clients: Int, _ service: ServiceProcess, _ peer: Nchan?) async throws -> Report {
        let (rounds, seconds) = (scale(2, quick: 1), scale(8, quick: 2))
        var (own, other) = (FanOut(), FanOut())
        for round in 1...rounds {
            Progress.say("feed: ten prices a second to \(clients) clients, round \(round) of \(rounds)")
            let (pid, port) = (service.process.pid, service.port)
            own.add(
                try await OwnThread.run {
                    try FanOut.measure(
                        clients: clients, seconds: seconds, port: port, path: "/ws", channel: "prices:weth",
                        time: { ProcessTable.entry(pid)?.time ?? ProcessorTime() })
                })
            guard let peer else { continue }
            other.add(
                try await OwnThread.run {
                    try FanOut.measure(
                        clients: clients, seconds: seconds, port: peer.port, path: "/prices", channel: nil,
                        time: { peer.time })
                })
        }
        return report(clients, own, peer == nil ? nil : other)
    }

    private func report(_ clients: Int, _ own: FanOut, _ other: FanOut?) -> Report {
        let latencies = own.latencies.sorted()
        let who = "\(Number.text(Double(clients))) clients × 10 prices/s"
        var figures = [
            Figure(
                section: .feed, what: "\(who): deliveries per CPU-second", measured: own.rate, unit: "/s",
                peer: other.map { ("nginx's nchan", $0.rate) }, wanted: other == nil ? .nothing : .ratio(1)),
            Figure(
                section: .feed, what: "\(who): not delivered, of \(Number.text(Double(own.due)))",
                measured: Double(own.due - own.delivered), unit: "messages", wanted: .atMost(0)),
            Figure(
                section: .feed, what: "\(who): tick to client p50", measured: percentile(0.5, ofSorted: latencies),
                unit: "ms"),
        ]
        figures.append(
            Figure(
                section: .feed, what: "\(who): tick to client p99", measured: percentile(0.99, ofSorted: latencies),
                unit: "ms", wanted: clients <= 1_000 ? .atMost(100) : .nothing))
        return Report(
            figures: figures, notes: [note(who, "the service", own)] + (other.map { [note(who, "nchan", $0)] } ?? []))
    }

    private func note(_ who: String, _ name: String, _ outcome: FanOut) -> String {
        let latencies = outcome.latencies.sorted()
        let micros = { (time: Double) in Number.fixed(time / Double(outcome.counted) * 1e6, 1) }
        return "feed: \(who): \(name) takes \(micros(outcome.used.total)) µs of processor time a delivery "
            + "(\(micros(outcome.used.system)) in the kernel), the clients \(micros(outcome.client)); p50 "
            + "\(Number.fixed(percentile(0.5, ofSorted: latencies), 1)) ms, p99 "
            + "\(Number.fixed(percentile(0.99, ofSorted: latencies), 1)) ms from stamp to client, worst "
            + "\(Number.fixed(latencies.last ?? .nan, 1)) ms; \(outcome.due - outcome.delivered) of \(outcome.due) missing"
    }

    /// The part of a core that the service uses when nobody is there.
    private func idleShare(_ service: ServiceProcess) async throws -> Double {
        let (time, begin) = (UsedTime.now(of: service.process.pid), Clock.now())
        try await Task.sleep(for: .seconds(scale(5, quick: 1)))
        let used = UsedTime.now(of: service.process.pid) - time
        return used.service.total / (Double(Clock.now() - begin) / 1e9)
    }
}
