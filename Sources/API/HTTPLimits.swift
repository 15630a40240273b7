public import NIOCore

/// What a connection may do; every bound has a name.
public struct HTTPLimits: Sendable {
    /// Bytes of the largest body any route takes (a batch).
    public var largestBody = 1 << 20
    /// Bytes of one offer's body.
    public var offerBody = 16 << 10
    /// Bytes of a cancel's body.
    public var cancelBody = 64 << 10
    /// Bytes of all header fields.
    public var headerBytes = 16 << 10
    /// Number of header fields.
    public var headerFields = 64
    /// Time without a request on an open connection.
    public var idle = TimeAmount.seconds(60)
    /// Time from a request's head to its last byte.
    public var request = TimeAmount.seconds(30)
    /// Open connections at a time.
    public var connections = 10_000
    /// Origins of other sites that may read replies; `*` for all.
    public var allowedOrigins: Set<String> = []

    /// The defaults.
    public init() {}

    func allowsOrigin(_ origin: String) -> Bool { allowedOrigins.contains(origin) || allowedOrigins.contains("*") }
}
