import Ethereum
import Exchange

/// Amounts as people write and read them: whole numbers of the smallest unit, or `1.5weth`, which is exact or refused.
enum Amount {
    /// Reads an amount of `token`.
    /// - Parameter flag: which flag it was given to, for the sentence of a refusal.
    static func parse(_ text: String, of token: Token?, flag: String) throws -> UInt256 {
        if let amount = UInt256(decimal: text) { return amount }
        guard let token else {
            throw refusal(
                flag, "must be a whole number of the token's smallest unit; this token's decimals are not known")
        }
        let lower = text.lowercased()
        guard lower.hasSuffix(token.symbol.lowercased()) else {
            throw refusal(
                flag,
                "must be a whole number of the smallest unit, or an amount with its token, as "
                    + "1.5\(token.symbol.lowercased())")
        }
        let number = lower.dropLast(token.symbol.count).filter { $0 != " " }
        let parts = number.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = parts.count > 1 ? String(parts[1]) : ""
        guard parts.count < 2 || !fraction.isEmpty, fraction.utf8.count <= Int(token.decimals) else {
            throw refusal(flag, "has more places than the \(token.decimals) of \(token.symbol)")
        }
        let digits =
            String(parts[0]) + fraction + String(repeating: "0", count: Int(token.decimals) - fraction.utf8.count)
        let significant = digits.drop { $0 == "0" }
        guard !parts[0].isEmpty, let amount = UInt256(decimal: significant.isEmpty ? "0" : String(significant)) else {
            throw refusal(flag, "must be a number before \(token.symbol), as 1.5\(token.symbol.lowercased())")
        }
        return amount
    }

    /// `value` ÷ 10^decimals with thousands apart, cut after `places` decimals, but never to fewer than four digits.
    static func text(_ value: UInt256, decimals: Int, places: Int = 6) -> String {
        let digits = value.decimalString
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        let whole = padded.dropLast(decimals)
        let fraction = padded.suffix(decimals)
        let leading = fraction.prefix { $0 == "0" }.count
        let kept = whole == "0" ? max(places, leading + 4) : places
        var shown = String(fraction.prefix(kept))
        while shown.hasSuffix("0") { shown.removeLast() }
        return grouped(whole) + (shown.isEmpty ? "" : ".\(shown)")
    }

    /// `value` of `token` with its symbol, or in smallest units when the token is not known.
    static func text(_ value: UInt256, of token: Token?) -> String {
        token.map { "\(text(value, decimals: Int($0.decimals))) \($0.symbol)" } ?? "\(value.decimalString) units"
    }

    /// 10^exponent, for exponents up to 77.
    static func power(_ exponent: Int) -> UInt256 {
        (0..<exponent).reduce(UInt256.one) { power, _ in power.multipliedReportingOverflow(by: UInt256(10)).partialValue
        }
    }

    /// floor(10^18 × (a ÷ 10^decimalsA) ÷ (b ÷ 10^decimalsB)); nil when it does not fit.
    static func ratio(_ a: UInt256, _ decimalsA: Int, per b: UInt256, _ decimalsB: Int) -> UInt256? {
        let exponent = 18 + decimalsB - decimalsA
        guard (0...77).contains(exponent) else { return nil }
        return UInt256.mulDivFloor(a, power(exponent), b)
    }

    private static func grouped(_ digits: Substring) -> String {
        var groups: [Substring] = []
        var rest = digits
        while rest.count > 3 {
            groups.append(rest.suffix(3))
            rest = rest.dropLast(3)
        }
        return ([rest] + groups.reversed()).joined(separator: ",")
    }

    private static func refusal(_ flag: String, _ what: String) -> CommandFailure {
        CommandFailure(.usage, "--\(flag) \(what)")
    }
}

/// Moments as people write and read them.
enum Moment {
    /// Reads unix seconds, an RFC 3339 time in UTC, or `+30d`, `+12h`, `+90m`, `+45s` from now.
    static func parse(_ text: String, now: UInt64, flag: String) throws -> UInt64 {
        if let seconds = UInt256(decimal: text)?.asUInt64 { return seconds }
        if let micros = Timestamp.micros(of: text), micros >= 0 { return UInt64(micros / 1_000_000) }
        if text.hasPrefix("+"), let unit = text.last.flatMap({ units[$0] }),
            let count = UInt256(decimal: String(text.dropFirst().dropLast()))?.asUInt64
        {
            let (span, tooLong) = count.multipliedReportingOverflow(by: unit)
            let (moment, tooLate) = now.addingReportingOverflow(span)
            if !tooLong, !tooLate { return moment }
        }
        throw CommandFailure(
            .usage, "--\(flag) must be unix seconds, a time as 2030-01-31T12:00:00Z, or a span from now as +30d or +12h"
        )
    }

    /// The time from `now` to `moment`, both unix seconds, in its two largest units: `29d 4h`.
    static func span(to moment: UInt64, now: UInt64) -> String {
        guard moment >= now else { return "passed" }
        let seconds = moment - now
        let (days, hours, minutes) = (seconds / 86_400, seconds % 86_400 / 3_600, seconds % 3_600 / 60)
        if days > 0 { return hours > 0 && days < 100 ? "\(days)d \(hours)h" : "\(days)d" }
        if hours > 0 { return minutes > 0 ? "\(hours)h \(minutes)m" : "\(hours)h" }
        return minutes > 0 ? "\(minutes)m" : "\(seconds)s"
    }

    private static let units: [Character: UInt64] = ["d": 86_400, "h": 3_600, "m": 60, "s": 1]
}
