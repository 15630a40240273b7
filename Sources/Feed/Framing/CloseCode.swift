/// Why a connection ends (RFC 6455 §7.4 and its registry).
enum CloseCode: UInt16 {
    case normal = 1_000
    /// The service is stopping.
    case goingAway = 1_001
    /// Frames that break RFC 6455.
    case protocolError = 1_002
    /// A binary message.
    case unacceptableData = 1_003
    /// Text that is not UTF-8.
    case invalidData = 1_007
    /// More messages than allowed, or no sign of life.
    case policyViolation = 1_008
    /// A message larger than allowed.
    case tooLarge = 1_009
    /// The client reads slower than it is written to; it may come back.
    case tryAgainLater = 1_013

    /// Whether an endpoint may send `code`: those that stand for the absence of a code may not be on the wire.
    static func isSendable(_ code: UInt16) -> Bool {
        switch code {
        case 1_000...1_003, 1_007...1_014, 3_000...4_999: true
        default: false
        }
    }
}
