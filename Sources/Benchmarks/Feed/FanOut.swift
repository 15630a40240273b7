import Glibc

/// What many clients of one price channel were told, by whom, at what cost.
struct FanOut: Sendable {
    /// Clients × ticks of the measured span.
    var due = 0
    /// How many of those came.
    var delivered = 0
    /// Messages that came while the server's processor time was taken.
    var counted = 0
    /// Seconds of processor time of the server's processes.
    var used = ProcessorTime()
    /// Seconds of processor time of the thread that read.
    var client = 0.0
    /// From a tick's stamp to the client, milliseconds.
    var latencies: [Double] = []

    /// Deliveries a second of the server's processor time.
    var rate: Double { Double(counted) / used.total }

    mutating func add(_ other: FanOut) {
        due += other.due
        delivered += other.delivered
        counted += other.counted
        used = used + other.used
        client += other.client
        latencies += other.latencies
    }

    /// Connects the clients and reads for some seconds; blocks.
    /// - Parameter time: the server's processor time so far.
    static func measure(
        clients: Int, seconds: Int, port: UInt16, path: String, channel: String?, time: () -> ProcessorTime
    ) throws -> FanOut {
        let second: UInt64 = 1_000_000_000
        let readers = try LiveReaders(clients, port: port, path: path, channel: channel)
        var tally = PriceTally()
        // What connecting has piled up is read away first.
        try readers.read(for: 3 * second) { _, _ in }
        var outcome = FanOut()
        let (before, own) = (time(), Clock.thread())
        try readers.read(for: UInt64(seconds) * second) { tally.take($1) }
        outcome.used = time() - before
        outcome.client = Double(Clock.thread() - own) / 1e9
        outcome.counted = tally.count
        // The last tick's messages are still on their way; the first one's may have come before.
        let ticks = tally.ticks.map(\.stamp)
        try readers.read(for: second) { tally.take($1) }
        guard readers.closed == 0, ticks.count > 2 else {
            throw BenchmarkFailure("\(readers.closed) of \(clients) clients were closed, \(ticks.count) ticks came")
        }
        let whole = tally.ticks.filter { $0.stamp > ticks[0] && $0.stamp <= ticks[ticks.count - 1] }
        outcome.due = clients * whole.count
        outcome.delivered = whole.reduce(0) { $0 + $1.count }
        outcome.latencies = tally.latencies
        return outcome
    }
}

/// Counts price messages by their stamps, which are all that is looked at.
struct PriceTally {
    private static let head: StaticString = "{\"type\":\"price\","
    /// `2026-01-31T23:59:59.999Z"}` ends every one.
    private static let stampLength = 24

    private(set) var ticks: [(stamp: UInt64, count: Int)] = []
    private(set) var count = 0
    /// Milliseconds.
    private(set) var latencies: [Double] = []
    private var lastText = [UInt8](repeating: 0, count: PriceTally.stampLength)
    private var lastIndex = 0

    mutating func take(_ message: UnsafeRawBufferPointer) {
        let start = message.count - Self.stampLength - 2
        guard start > 0, let base = message.baseAddress,
            memcmp(base, Self.head.utf8Start, Self.head.utf8CodeUnitCount) == 0
        else { return }
        count += 1
        if memcmp(base + start, lastText, Self.stampLength) != 0 {
            lastText = Array(message[start..<(start + Self.stampLength)])
            let stamp = Self.milliseconds(lastText)
            lastIndex = ticks.lastIndex { $0.stamp <= stamp }.map { ticks[$0].stamp == stamp ? $0 : $0 + 1 } ?? 0
            if lastIndex == ticks.count || ticks[lastIndex].stamp != stamp { ticks.insert((stamp, 0), at: lastIndex) }
        }
        ticks[lastIndex].count += 1
        latencies.append(Double(Clock.unixMicros()) / 1e3 - Double(ticks[lastIndex].stamp))
    }

    /// Milliseconds since 1970 of an RFC 3339 time in UTC.
    private static func milliseconds(_ text: [UInt8]) -> UInt64 {
        let number = { (range: Range<Int>) in text[range].reduce(0) { $0 * 10 + Int32($1) - 48 } }
        var time = tm()
        time.tm_year = number(0..<4) - 1_900
        time.tm_mon = number(5..<7) - 1
        time.tm_mday = number(8..<10)
        time.tm_hour = number(11..<13)
        time.tm_min = number(14..<16)
        time.tm_sec = number(17..<19)
        return UInt64(timegm(&time)) * 1_000 + UInt64(number(20..<23))
    }
}
