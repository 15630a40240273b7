import Synchronization

/// The hub at one moment, and since its start.
public struct HubStatistics: Sendable, Hashable {
    /// Open connections.
    public var connections = 0
    /// Subscriptions of all of them together.
    public var subscriptions = 0
    /// Bytes that wait for clients who do not read.
    public var queuedBytes = 0
    /// Messages of channels given to clients so far, one a client.
    public var deliveries = 0
    /// Clients closed so far for being too slow.
    public var closedSlow = 0
}

/// What one event loop's clients were told and what waits for them; read from anywhere.
final class FeedCounters: Sendable {
    private let messages = Atomic(0)
    private let queuedBytes = Atomic(0)
    private let slow = Atomic(0)

    /// Messages of channels given to clients so far, one a client.
    var deliveries: Int { messages.load(ordering: .relaxed) }
    /// Bytes that wait for clients who do not read.
    var waitingBytes: Int { queuedBytes.load(ordering: .relaxed) }
    /// Clients that were closed for being too slow.
    var closedSlow: Int { slow.load(ordering: .relaxed) }

    func delivered(_ count: Int) { messages.add(count, ordering: .relaxed) }

    func queued(_ bytes: Int) { if bytes != 0 { queuedBytes.add(bytes, ordering: .relaxed) } }

    func isSlow() { slow.add(1, ordering: .relaxed) }
}
