public import NIOCore

/// What one client, and all of them, may use; every bound has a name.
public struct FeedLimits: Sendable {
    /// Bytes of a message in, all its fragments together.
    public var messageBytes = 16 << 10
    /// Messages that may wait for one client.
    public var queuedMessages = 1_024
    /// Bytes that may wait for one client.
    public var queuedBytes = 1 << 20
    /// Open connections at a time.
    public var connections = 10_000
    /// Open connections of one client address.
    public var connectionsPerClient = 1_000
    /// Subscriptions of one connection.
    public var subscriptions = 256
    /// Messages and control frames a second that a client may send for long.
    public var messagesPerSecond = 50
    /// How many it may send at once.
    public var messageBurst = 250
    /// Refused messages until a client that goes on is closed.
    public var refusals = 250
    /// Between two heartbeats to one client.
    public var heartbeat = TimeAmount.seconds(5)
    /// A client that was silent for so long is pinged.
    public var silence = TimeAmount.seconds(20)
    /// A client that was silent for so long is gone.
    public var timeout = TimeAmount.seconds(45)
    /// How long a closing handshake may take.
    public var closing = TimeAmount.seconds(2)
    /// How long a client that was too slow has to read what is on its way, and why it is closed.
    public var slowClosing = TimeAmount.seconds(30)
    /// How long the service waits for clients to leave when it stops.
    public var drain = Duration.seconds(3)
    /// Rows of the log that are kept at least for clients that come back; at most twice as many.
    public var recentRows = 8_192

    /// The defaults.
    public init() {}
}
