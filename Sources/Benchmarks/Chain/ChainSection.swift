import Ethereum
import Glibc
import Market

/// Following the chain, the whole path: a node over HTTP, the service, its PostgreSQL. How fast old blocks come in, what a
/// deep reorg costs, and how soon a mined take is seen by REST and WebSocket.
struct ChainSection {
    private static let blockSize = 5
    /// The service asks the node this often: figures include it.
    private static let pollMillis = 10
    private static let depth = 64
    private static let reorgEvents = 10_000

    let scale: Scale

    func run() async throws -> Report {
        let events = scale(100_000, quick: 5_000)
        Progress.say("chain: signing \(events / 10) offers, writing \(events) events")
        var samples = SampleOffers()
        samples.underlyings = [SampleOffers.weth]
        samples.onlyCalls = true
        let offers = try await samples.signed(0..<(events / 10))
        let script = TakeScript(offers: offers)
        let chain = ScriptedChain()
        for _ in 0..<events / Self.blockSize { chain.mine(script.block()) }
        return try await TemporaryDirectory.with { directory in
            let data = directory("data")
            _ = try await BenchmarkLog.with(dataDirectory: data) { log in try await log.commit(offers[...], by: 500) }
            return try await ScriptedNode.with(chain) { url in
                let flags = ["--rpc-url", url, "--start-block", "0", "--poll-interval", "\(Self.pollMillis)ms"]
                return try await ServiceProcess.with(dataDirectory: data, flags: flags) { service in
                    var report = try await catchUp(service, chain, events)
                    report.add(try await visibility(service, chain, script))
                    report.add(try await reorg(service, chain, script))
                    return report
                }
            }
        }
    }

    private func catchUp(_ service: ServiceProcess, _ chain: ScriptedChain, _ events: Int) async throws -> Report {
        Progress.say("chain: catching up")
        let before = UsedTime.now(of: service.process.pid)
        let end = try await reached(chain.tip.hash, service, pauseMillis: 100)
        guard let begin = chain.seen.firstLogs else { throw BenchmarkFailure("no logs were asked for") }
        let seconds = Double(end - begin) / 1e9
        let used = UsedTime.now(of: service.process.pid) - before
        let micros = { (time: ProcessorTime) in Number.fixed(time.total / Double(events) * 1e6, 0) }
        return Report(
            figures: [
                Figure(
                    section: .chain,
                    what: "catch-up of \(Number.text(Double(events))) events, blocks of \(Self.blockSize)",
                    measured: Double(events) / seconds, unit: "events/s", peer: ("asked for", 5_000),
                    wanted: .ratio(1))
            ],
            notes: [
                "chain: catch-up took \(Number.fixed(seconds, 1)) s and \(chain.seen.requests) calls; node, service and "
                    + "PostgreSQL share this machine's cores",
                "chain: processor time an event, µs: service \(micros(used.service)), PostgreSQL "
                    + "\(micros(used.postgres))",
            ])
    }

    /// Waits until the cursor is at the block, and says when it was seen to be.
    private func reached(_ hash: Bytes32, _ service: ServiceProcess, pauseMillis: Int) async throws -> UInt64 {
        let wanted = "\"cursorHash\":\"\(hash.hex)\""
        let deadline = Clock.now() + 300_000_000_000
        while Clock.now() < deadline {
            try Interrupt.check()
            let (status, body) = try HTTPConnection.get("/chain/status", port: service.port)
            if status == 200, body.contains(wanted) {
                return Clock.now()
            }
            try await Task.sleep(for: .milliseconds(pauseMillis))
        }
        let (_, body) = try HTTPConnection.get("/chain/status", port: service.port)
        throw BenchmarkFailure("the chain was not followed: \(String(decoding: body, as: UTF8.self))")
    }

    // MARK: A reorg

    private func reorg(
        _ service: ServiceProcess, _ chain: ScriptedChain, _ script: TakeScript
    ) async throws -> Report {
        let events = scale(Self.reorgEvents, quick: 640)
        Progress.say("chain: a reorg of \(Self.depth) blocks with \(events) events")
        let size = (events + Self.depth - 1) / Self.depth
        for _ in 0..<Self.depth { chain.mine(script.takes(size / 2)) }
        _ = try await reached(chain.tip.hash, service, pauseMillis: 20)
        let others = (0...Self.depth).map { _ in script.takes(size / 2) }
        let begin = Clock.now()
        chain.replace(Self.depth, with: others)
        let end = try await reached(chain.tip.hash, service, pauseMillis: 5)
        return Report(figures: [
            Figure(
                section: .chain,
                what: "reorg of \(Self.depth) blocks, \(Number.text(Double(events))) events out and as many in",
                measured: Double(end - begin) / 1e6, unit: "ms")
        ])
    }

    // MARK: Until it is seen

    /// Takes one after the other, each timed to the first answer that shows it and to its delta.
    private func visibility(
        _ service: ServiceProcess, _ chain: ScriptedChain, _ script: TakeScript
    ) async throws -> Report {
        let count = scale(300, quick: 20)
        Progress.say("chain: \(count) takes, each until it is seen")
        let readers = try LiveReaders(1, port: service.port, path: "/ws", channel: "orderbook:weth:call")
        try readers.read(for: 500_000_000) { _, _ in }
        var (rest, socket): ([Double], [Double]) = ([], [])
        for _ in 0..<count {
            try Interrupt.check()
            let (events, hash, filled) = script.single()
            let begin = Clock.now()
            chain.mine(events)
            let name = hash.hex
            var delta: UInt64?
            var shown: UInt64?
            while delta == nil || shown == nil {
                guard Clock.now() - begin < 10_000_000_000 else { throw BenchmarkFailure("a take was never seen") }
                if shown == nil {
                    let (_, body) = try HTTPConnection.get("/offers/\(hash.hex)", port: service.port)
                    if body.contains("\"filled\":\"\(filled)\"") { shown = Clock.now() }
                }
                try readers.read(for: 1_000_000) { _, text in
                    if delta == nil, Array(text).contains(name) { delta = Clock.now() }
                }
            }
            if let shown, let delta {
                rest.append(Double(shown - begin) / 1e6)
                socket.append(Double(delta - begin) / 1e6)
            }
        }
        return Report(
            figures: [("GET /offers/{hash}", rest), ("a delta over WebSocket", socket)].flatMap { what, times in
                let sorted = times.sorted()
                return [("p50", 0.5, Figure.Wanted.nothing), ("p99", 0.99, .atMost(250))].map { name, part, wanted in
                    Figure(
                        section: .chain, what: "take mined to \(what), \(name)",
                        measured: percentile(part, ofSorted: sorted),
                        unit: "ms", wanted: wanted)
                }
            }, notes: ["chain: the service polls every \(Self.pollMillis) ms here, which the times include"])
    }
}

extension Sequence<UInt8> {
    /// Whether `text` occurs.
    fileprivate func contains(_ text: String) -> Bool { String(decoding: Array(self), as: UTF8.self).contains(text) }
}
