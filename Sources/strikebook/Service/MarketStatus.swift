import API
import Exchange

extension MarketParts {
    /// Ticks that stopped longer ago than this are away, µs.
    private static let toleranceMicros: Int64 = 3_000_000

    /// How the market is: it ticks here, it ticks elsewhere, or it does not.
    func dependency(nowMicros now: Int64) -> Dependency {
        guard let recorded = board.recordedAsOfMillis.map({ $0 * 1_000 }) else {
            return Dependency(name: "prices", state: .off, isRequired: false, detail: "no token has a price")
        }
        let shown = (board.asOfMillis ?? 0) * 1_000
        if now - recorded <= Self.toleranceMicros {
            return Dependency(name: "prices", state: .up, isRequired: false, sinceMicros: openedAtMicros)
        }
        let goesOn = now - shown <= Self.toleranceMicros
        return Dependency(
            name: "prices", state: .down, isRequired: false, sinceMicros: recorded,
            detail: goesOn ? "ticks go on unrecorded; products wait" : "no tick comes; the last prices are shown")
    }

    /// Figures of the ticks.
    func gauges(nowMicros now: Int64) -> [Gauge] {
        let ticks = market.statistics
        let age = board.asOfMillis.map { Double(max(0, now - $0 * 1_000)) / 1e6 }
        return [
            Gauge("price_ticks_total", "Ticks made by this process and stored.", Double(ticks.recorded)),
            Gauge("price_ticks_followed_total", "Ticks followed from another process.", Double(ticks.followed)),
            Gauge("price_ticks_unrecorded_total", "Ticks made without the database.", Double(ticks.unrecorded)),
            Gauge("price_ticks_late_total", "Ticks that came after the next was due.", Double(ticks.late)),
            Gauge("price_ticks_missed_total", "Steps that late ticks made up for.", Double(ticks.missed)),
            Gauge("price_age_seconds", "Age of the newest tick.", age ?? 0),
            Gauge("price_tokens", "Tokens with a price.", Double(board.all.count)),
        ]
    }
}
