/// What waits to be sent, and whether it can be: bookkeeping without threads, sockets or clocks.
struct CommandQueue<Waiter: Sendable>: Sendable {
    /// Commands of one caller, sent together.
    struct Entry: Sendable {
        let commands: [RedisCommand]
        let waiter: Waiter

        /// In bytes.
        var size: Int { commands.reduce(0) { $0 + $1.bytes.count } }
    }

    let maximumWaiting: Int
    let maximumWaitingBytes: Int
    private var entries: [Entry] = []
    private(set) var waiting = 0
    private var waitingBytes = 0
    private var isSleeping = false
    private(set) var isStopped = false
    private(set) var downError: RedisError?
    /// Microseconds since 1970; nil while there is a connection.
    private(set) var downSince: Int64?
    /// Microseconds since 1970; nil while there is none.
    private(set) var connectedSince: Int64?
    private var wasConnected = false
    private(set) var reconnects = 0

    init(maximumWaiting: Int, maximumWaitingBytes: Int) {
        self.maximumWaiting = maximumWaiting
        self.maximumWaitingBytes = maximumWaitingBytes
    }

    enum Submission: Sendable, Equatable {
        case queued(wake: Bool)
        case refused(RedisError)
    }

    mutating func submit(_ entry: Entry) -> Submission {
        if isStopped { return .refused(.closed) }
        if let downError { return .refused(downError) }
        let size = entry.size
        guard waiting + entry.commands.count <= maximumWaiting, waitingBytes + size <= maximumWaitingBytes else {
            return .refused(RedisError(.overloaded, "too many commands wait to be sent"))
        }
        entries.append(entry)
        waiting += entry.commands.count
        waitingBytes += size
        defer { isSleeping = false }
        return .queued(wake: isSleeping)
    }

    /// What waits, to be sent at once, in order: up to about `bytes`, for hiredis moves what it has not sent yet at every
    /// partial write. When nothing waits, the next submission asks for a wake-up.
    mutating func takeBatch(bytes limit: Int = 1 << 20) -> [Entry] {
        var bytes = 0
        let end = entries.firstIndex { entry in
            defer { bytes += entry.size }
            return bytes >= limit
        }
        let batch = Array(entries[..<(end ?? entries.count)])
        entries.removeFirst(batch.count)
        waiting -= batch.reduce(0) { $0 + $1.commands.count }
        waitingBytes -= batch.reduce(0) { $0 + $1.size }
        isSleeping = batch.isEmpty
        return batch
    }

    private mutating func takeAll() -> [Entry] { takeBatch(bytes: .max) }

    mutating func didConnect(at micros: Int64) {
        downError = nil
        downSince = nil
        connectedSince = micros
        if wasConnected { reconnects += 1 }
        wasConnected = true
    }

    /// Callers may wait for one attempt to reconnect.
    mutating func didLoseConnection(at micros: Int64) {
        connectedSince = nil
        downSince = micros
    }

    /// - Returns: the callers to be given the error.
    mutating func didFailToConnect(_ error: RedisError, at micros: Int64) -> [Entry] {
        downError = error
        if downSince == nil { downSince = micros }
        return takeAll()
    }

    /// - Returns: the callers to be refused.
    mutating func stop() -> [Entry] {
        isStopped = true
        connectedSince = nil
        return takeAll()
    }
}
