public import Market

extension OfferState {
    /// This offer closed by the row `seq`, committed at `micros` (µs since 1970).
    public func closing(at seq: UInt64, reason: ClosedReason, micros: Int64) -> OfferState {
        var closed = self
        closed.closed = Closed(seq: seq, reason: reason)
        if reason == .cancelled { closed.cancelledAtMicros = micros }
        return closed
    }
}
