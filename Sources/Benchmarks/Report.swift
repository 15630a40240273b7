/// One line of the table.
struct Figure: Sendable {
    /// What is asked of a figure.
    enum Wanted: Sendable {
        /// At least this many times the peer.
        case ratio(Double)
        /// At most this many times the peer.
        case atMostRatio(Double)
        /// At least the limit, in the figure's own unit.
        case atLeast(Double)
        /// At most the limit, in the figure's own unit.
        case atMost(Double)
        /// Shown for its own sake.
        case nothing
    }

    let section: Section
    let what: String
    let measured: Double
    let unit: String
    /// What it is held against, in the same unit, measured in the same run.
    var peer: (what: String, value: Double)?
    var wanted = Wanted.nothing

    /// Measured ÷ peer (or limit).
    var ratio: Double? {
        switch wanted {
        case .atMost(let limit), .atLeast(let limit): measured / limit
        case .ratio, .atMostRatio, .nothing: peer.map { measured / $0.value }
        }
    }

    fileprivate var cells: [String] {
        var against = peer.map { "\($0.what): \(Number.text($0.value))" } ?? "–"
        var asked = "–"
        var isReached: Bool?
        switch wanted {
        case .ratio(let least):
            asked = "≥ \(Number.fixed(least, 2)) ×"
            isReached = ratio.map { $0 >= least }
        case .atMostRatio(let most):
            asked = "≤ \(Number.fixed(most, 2)) ×"
            isReached = ratio.map { $0 <= most }
        case .atMost(let limit):
            against = "limit: \(Number.text(limit))"
            asked = "≤ \(Number.text(limit)) \(unit)"
            isReached = measured <= limit
        case .atLeast(let limit):
            against = "limit: \(Number.text(limit))"
            asked = "≥ \(Number.text(limit)) \(unit)"
            isReached = measured >= limit
        case .nothing: break
        }
        return [
            section.rawValue, what, Number.text(measured), unit, against,
            ratio.map { "\(Number.fixed($0, $0 < 10 ? 3 : 1)) ×" } ?? "–", asked,
            isReached.map { $0 ? "yes" : "NO" } ?? "–",
        ]
    }
}

/// Figures, and remarks below them.
struct Report: Sendable {
    var figures: [Figure] = []
    var notes: [String] = []

    mutating func add(_ other: Report) {
        figures += other.figures
        notes += other.notes
    }

    /// A Markdown table whose columns line up in plain text too.
    var text: String {
        let head = ["section", "what", "measured", "unit", "against", "ratio", "wanted", "reached"]
        let rows = [head] + figures.map(\.cells)
        let widths = head.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        var lines = rows.map { row in
            let cells = zip(row, widths).enumerated().map { column, cell in
                let padding = String(repeating: " ", count: cell.1 - cell.0.count)
                return column == 2 || column == 5 ? padding + cell.0 : cell.0 + padding
            }
            return "| " + cells.joined(separator: " | ") + " |"
        }
        lines.insert("|" + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "|") + "|", at: 1)
        if !notes.isEmpty { lines.append("") }
        return (lines + notes.map { "- \($0)" }).joined(separator: "\n")
    }
}

/// Numbers as people read them.
enum Number {
    /// About three digits, thousands apart.
    static func text(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        if value >= 1_000 { return grouped(Int(value.rounded())) }
        return fixed(value, value >= 100 ? 0 : value >= 10 ? 1 : 2)
    }

    /// With so many decimals.
    static func fixed(_ value: Double, _ decimals: Int) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "–" }
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let scaled = Int((abs(value) * scale).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard decimals > 0 else { return "\(sign)\(scaled)" }
        let fraction = String(scaled % Int(scale))
        let zeros = String(repeating: "0", count: decimals - fraction.count)
        return "\(sign)\(scaled / Int(scale)).\(zeros)\(fraction)"
    }

    private static func grouped(_ value: Int) -> String {
        var digits = Array(String(value))
        var place = digits.count - 3
        while place > 0 {
            digits.insert(",", at: place)
            place -= 3
        }
        return String(digits)
    }
}

/// Of sorted values, the one that `part` of them do not exceed.
func percentile(_ part: Double, ofSorted values: [Double]) -> Double {
    guard !values.isEmpty else { return .nan }
    return values[min(values.count - 1, Int((Double(values.count) * part).rounded(.up)) - 1 + (part == 0 ? 1 : 0))]
}
