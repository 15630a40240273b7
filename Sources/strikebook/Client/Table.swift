#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Text in columns as wide as their widest cell.
struct Table {
    /// A column's head, and which side its cells lean to.
    struct Column {
        let title: String
        var leansRight = true
        /// Whether the cells are numbers that stand point under point.
        var alignsPoint = false
        var color: Ink.Color?
    }

    var columns: [Column]
    var rows: [[String]] = []

    /// The head and a line a row.
    func lines(_ ink: Ink) -> [String] {
        let rows = aligned()
        let widths = columns.indices.map { place in
            ([columns[place].title] + rows.map { $0[place] }).map(\.count).max() ?? 0
        }
        func line(_ cells: [String], _ paint: (Int, String) -> String) -> String {
            let padded = cells.indices.map { place in
                let space = String(repeating: " ", count: widths[place] - cells[place].count)
                // The last column ends where its text does.
                let after = place == cells.count - 1 ? "" : space
                return columns[place].leansRight
                    ? space + paint(place, cells[place]) : paint(place, cells[place]) + after
            }
            return "  " + padded.joined(separator: "  ")
        }
        return [line(columns.map(\.title)) { ink.paint($1, .dim) }]
            + rows.map { row in line(row) { ink.paint($1, columns[$0].color) } }
    }

    /// The rows with spaces after numbers that have fewer places than others of their column.
    private func aligned() -> [[String]] {
        var rows = rows
        for place in columns.indices where columns[place].alignsPoint {
            let longest = rows.map { Self.places($0[place]) }.max() ?? 0
            for row in rows.indices {
                rows[row][place] += String(repeating: " ", count: longest - Self.places(rows[row][place]))
            }
        }
        return rows
    }

    /// The length of a number's point and what follows it.
    private static func places(_ number: String) -> Int {
        number.firstIndex(of: ".").map { number.distance(from: $0, to: number.endIndex) } ?? 0
    }
}

/// Colours, on a terminal alone and where nobody asked for none (no-color.org).
struct Ink {
    /// What stands out how.
    enum Color: String {
        case bold = "1"
        case dim = "2"
        case green = "32"
        case red = "31"
        case cyan = "36"
    }

    private let isOn: Bool

    /// Ink for standard output.
    init() {
        let environment = ProcessEnvironment.all
        isOn =
            StandardOutput.isTerminal && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
    }

    /// `text` in a colour, or as it is.
    func paint(_ text: String, _ color: Color?) -> String {
        guard isOn, let color else { return text }
        return "\u{1b}[\(color.rawValue)m\(text)\u{1b}[0m"
    }
}
