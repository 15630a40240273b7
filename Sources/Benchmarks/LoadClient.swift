import Glibc

/// One kind of request, over connections of its own.
struct LoadStream: Sendable {
    var requests: PreparedRequests
    /// How many to send; requests are used again from the first when there are fewer.
    var count: Int
    var connections: Int
    /// Requests a second at fixed moments, whether or not replies came (an open loop); nil: the next goes out as soon as
    /// a connection has its reply (a closed loop).
    var rate: Double?
    /// How much of what was asked a reply grants; a reply that grants less than `grantsEach` is reported.
    var grantsEach = 1
    var granted: @Sendable (_ status: Int, _ body: UnsafeRawBufferPointer) -> Int = { status, _ in status == 200 ? 1 : 0
    }
}

/// What became of a stream.
struct LoadOutcome: Sendable {
    var granted = 0
    /// From the first request to the last reply.
    var seconds = 0.0
    /// Milliseconds from when a request was due (open loop) or sent (closed) to its reply, sorted.
    var latencies: [Double] = []
    /// The first reply that granted less than was asked.
    var refusal: String?

    /// Throws when not everything was granted.
    func requireAllGranted() throws {
        if let refusal { throw BenchmarkFailure("not everything was accepted: \(refusal)") }
    }
}

/// Drives all streams from one thread with `select`: at most one request is outstanding on a connection.
final class LoadClient {
    private final class Slot {
        let connection: HTTPConnection
        let stream: Int
        var isBusy = false
        var dueAt: UInt64 = 0

        init(_ connection: HTTPConnection, stream: Int) {
            self.connection = connection
            self.stream = stream
        }
    }

    private let streams: [LoadStream]
    private let slots: [Slot]
    private var idle: [[Slot]]
    private var started: [Int]
    private var finished: [Int]
    private var outcomes: [LoadOutcome]
    private var begin: UInt64 = 0

    private init(_ streams: [LoadStream], port: UInt16) throws {
        self.streams = streams
        slots = try streams.enumerated().flatMap { number, stream in
            try (0..<stream.connections).map { _ in Slot(try HTTPConnection(port: port), stream: number) }
        }
        idle = streams.indices.map { [slots] number in slots.filter { $0.stream == number } }
        started = streams.map { _ in 0 }
        finished = started
        outcomes = streams.map { _ in LoadOutcome() }
    }

    /// Sends everything and waits for every reply. On a thread of its own.
    /// - Returns: an outcome a stream, and the processor time of the client's thread in seconds.
    static func run(_ streams: [LoadStream], port: UInt16) async throws -> (outcomes: [LoadOutcome], seconds: Double) {
        try await OwnThread.run {
            let client = try LoadClient(streams, port: port)
            let before = Clock.thread()
            try client.run()
            return (client.outcomes, Double(Clock.thread() - before) / 1e9)
        }
    }

    private func run() throws {
        begin = Clock.now()
        while true {
            let now = Clock.now()
            var nextDue = now + 100_000_000
            for number in streams.indices { try startDue(number, now, &nextDue) }
            if zip(finished, streams).allSatisfy({ $0 == $1.count }) { break }
            try wait(until: nextDue)
            try Interrupt.check()
        }
        for number in outcomes.indices { outcomes[number].latencies.sort() }
    }

    private func startDue(_ number: Int, _ now: UInt64, _ nextDue: inout UInt64) throws {
        let stream = streams[number]
        while started[number] < stream.count, let slot = idle[number].last {
            var due = now
            if let rate = stream.rate {
                due = begin + UInt64(Double(started[number]) / rate * 1e9)
                if due > now {
                    nextDue = min(nextDue, due)
                    return
                }
            }
            idle[number].removeLast()
            try start(slot, dueAt: due)
        }
    }

    private func start(_ slot: Slot, dueAt: UInt64) throws {
        let requests = streams[slot.stream].requests
        slot.dueAt = dueAt
        slot.isBusy = true
        try slot.connection.send(requests.ranges[started[slot.stream] % requests.ranges.count], of: requests.bytes)
        started[slot.stream] += 1
    }

    /// Sleeps until a reply comes or a request is due, and takes in what came.
    private func wait(until due: UInt64) throws {
        var readable = fd_set()
        var writable = fd_set()
        var highest: Int32 = -1
        var isSending = false
        for slot in slots where slot.isBusy {
            readable.insert(slot.connection.socket)
            if slot.connection.isSending {
                writable.insert(slot.connection.socket)
                isSending = true
            }
            highest = max(highest, slot.connection.socket)
        }
        let now = Clock.now()
        let micros = due > now ? (due - now) / 1_000 : 0
        var timeout = timeval(tv_sec: 0, tv_usec: Int(micros))
        guard select(highest + 1, &readable, &writable, nil, &timeout) > 0 else { return }
        for slot in slots where slot.isBusy {
            let socket = slot.connection.socket
            if isSending, writable.contains(socket) {
                try slot.connection.sendRest(of: streams[slot.stream].requests.bytes)
            }
            if readable.contains(socket), let reply = try slot.connection.receive() { try take(reply, of: slot) }
        }
    }

    private func take(_ reply: HTTPConnection.Reply, of slot: Slot) throws {
        let number = slot.stream
        let stream = streams[number]
        let now = Clock.now()
        let granted = stream.granted(reply.status, reply.body)
        outcomes[number].granted += granted
        if granted < stream.grantsEach, outcomes[number].refusal == nil {
            outcomes[number].refusal = "\(reply.status) \(String(decoding: reply.body.prefix(400), as: UTF8.self))"
        }
        outcomes[number].latencies.append(Double(now - slot.dueAt) / 1e6)
        finished[number] += 1
        if finished[number] == stream.count { outcomes[number].seconds = Double(now - begin) / 1e9 }
        slot.isBusy = false
        if stream.rate == nil, started[number] < stream.count {
            try start(slot, dueAt: now)
        } else {
            idle[number].append(slot)
        }
    }
}

extension fd_set {
    /// Bit number `file` is byte `file / 8`'s bit `file % 8` on little-endian machines, which are all that Swift runs on.
    fileprivate mutating func insert(_ file: Int32) {
        withUnsafeMutableBytes(of: &self) { $0[Int(file) >> 3] |= 1 << (UInt8(truncatingIfNeeded: file) & 7) }
    }

    fileprivate func contains(_ file: Int32) -> Bool {
        withUnsafeBytes(of: self) { $0[Int(file) >> 3] >> (UInt8(truncatingIfNeeded: file) & 7) & 1 == 1 }
    }
}
