import Market
import Postgres

/// A start with many open offers: how long until the service is ready, and what they weigh.
struct BookAtStart {
    private static let readers = 8

    let offers: [SignedOffer]
    let starts: Int

    func run() async throws -> Report {
        try await TemporaryDirectory.with { directory in
            let data = directory("data")
            Progress.say("book: the empty service")
            let empty = try await ServiceProcess.with(dataDirectory: data) { service in
                (start: service.startSeconds, bytes: try service.residentBytes())
            }
            Progress.say("book: storing \(offers.count) offers")
            _ = try await BenchmarkLog.with(dataDirectory: data) { [offers] log in
                try await log.commit(offers[...], by: 500)
            }
            var seconds: [Double] = []
            var report = Report()
            for start in 1...starts {
                Progress.say("book: start \(start) of \(starts)")
                seconds.append(
                    try await ServiceProcess.with(dataDirectory: data) { service in
                        if start == starts { report = try await measure(service, emptyBytes: empty.bytes) }
                        return service.startSeconds
                    })
            }
            let median = seconds.sorted()[starts / 2]
            report.figures.insert(
                Figure(
                    section: .book, what: "start with \(Number.text(Double(offers.count))) open offers, to /ready",
                    measured: median,
                    unit: "s",
                    wanted: .atMost(3)), at: 0)
            report.notes.append(
                "book: the very first start, with an empty directory, took \(Number.fixed(empty.start, 2)) s")
            return report
        }
    }

    private func measure(_ service: ServiceProcess, emptyBytes: Double) async throws -> Report {
        let megabytes = { (bytes: Double) in (bytes - emptyBytes) / 1_048_576 }
        let loaded = try service.residentBytes()
        let reads = try await firstPages(service)
        try walk(service)
        let shown = try service.residentBytes()
        return Report(
            figures: [
                Figure(
                    section: .book, what: "resident memory for \(Number.text(Double(offers.count))) open offers, then",
                    measured: megabytes(loaded), unit: "MB", wanted: .atMost(300)),
                Figure(
                    section: .book, what: "the same once every row was read", measured: megabytes(shown), unit: "MB",
                    wanted: .atMost(300)),
                Figure(
                    section: .book, what: "GET /orderbook, page in the cache, \(Self.readers) connections",
                    measured: reads, unit: "requests/s"),
            ], notes: ["book: the empty service has \(Number.text(emptyBytes / 1_048_576)) MB"])
    }

    /// - Returns: requests a second.
    private func firstPages(_ service: ServiceProcess) async throws -> Double {
        var requests = PreparedRequests()
        requests.appendGet("/orderbook/weth?side=call")
        let stream = LoadStream(requests: requests, count: 4_000, connections: Self.readers)
        let (outcomes, _) = try await LoadClient.run([stream], port: service.port)
        try outcomes[0].requireAllGranted()
        return Double(outcomes[0].granted) / outcomes[0].seconds
    }

    /// Reads the whole book, page by page.
    private func walk(_ service: ServiceProcess) throws {
        let key = Array("\"nextCursor\":\"".utf8)
        var cursor = ""
        var rows = 0
        repeat {
            try Interrupt.check()
            let target = "/orderbook/weth?side=call&limit=1000" + (cursor.isEmpty ? "" : "&cursor=\(cursor)")
            let (status, body) = try HTTPConnection.get(target, port: service.port)
            guard status == 200 else { throw BenchmarkFailure("\(target): \(String(decoding: body, as: UTF8.self))") }
            rows += body.withUnsafeBytes { $0.occurrences(of: "\"offerHash\"") }
            let tail = body.suffix(1_000)
            let start = tail.indices.first { tail[$0...].starts(with: key) }
            cursor =
                start.map {
                    String(decoding: tail[($0 + key.count)...].prefix { $0 != UInt8(ascii: "\"") }, as: UTF8.self)
                } ?? ""
        } while !cursor.isEmpty
        guard rows == offers.count else {
            throw BenchmarkFailure("\(offers.count) offers are open, \(rows) were listed")
        }
    }
}

extension ServiceProcess {
    /// Resident memory of the service's process alone.
    fileprivate func residentBytes() throws -> Double {
        guard let bytes = ProcessTable.residentBytes(process.pid) else { throw BenchmarkFailure("the service is gone") }
        return bytes
    }
}
