import NIOCore

/// How much a client may say: a bucket that fills by so many messages a second.
struct MessageBudget {
    private let limits: FeedLimits
    private var level: Double
    private var filledAt: NIODeadline
    private var refused = 0

    /// What becomes of a message.
    enum Verdict {
        case taken, refused
        /// It was told often enough.
        case goodbye
    }

    /// A full bucket.
    init(limits: FeedLimits, now: NIODeadline) {
        self.limits = limits
        level = Double(limits.messageBurst)
        filledAt = now
    }

    /// Takes one message out.
    mutating func take(now: NIODeadline) -> Verdict {
        let seconds = Double((now - filledAt).nanoseconds) / 1e9
        filledAt = now
        level = min(Double(limits.messageBurst), level + seconds * Double(limits.messagesPerSecond))
        if level >= 1 {
            level -= 1
            refused = 0
            return .taken
        }
        refused += 1
        return refused > limits.refusals ? .goodbye : .refused
    }
}
