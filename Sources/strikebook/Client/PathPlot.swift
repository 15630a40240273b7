import Pricing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A drawing of price paths over time, as SVG: axes with round numbers, the mean that was asked for, the paths' own.
struct PathPlot {
    /// How many paths are drawn; more would be a blot.
    static let mostPaths = 200
    /// How many points of a path are drawn, about one a pixel.
    private static let mostPoints = 840

    private static let (width, height) = (960.0, 540.0)
    private static let (left, right, top, bottom) = (80.0, 30.0, 50.0, 60.0)
    private static let colors = [
        "#1f77b4", "#2a9d8f", "#e76f51", "#6a4c93", "#e9a820", "#457b9d", "#b5446e", "#588157",
    ]

    private let steps: Int
    private let elapsed: Double
    private let unit: String
    private let title: String
    /// Every so many steps a point.
    private let every: Int
    private var lines: [[Double]] = []
    private var sums: [Double]
    private var counts: [Double]

    /// An empty drawing of so many steps of `elapsed` units each.
    init(steps: Int, elapsed: Double, unit: String, title: String) {
        self.steps = steps
        self.elapsed = elapsed
        self.unit = unit
        self.title = title
        every = max((steps + Self.mostPoints - 1) / Self.mostPoints, 1)
        sums = Array(repeating: 0, count: steps / every + 2)
        counts = sums
    }

    /// Takes a point; every path from its step 0 to its last, one after another.
    mutating func add(_ price: Double, step: Int, path: Int) {
        guard step % every == 0 || step == steps else { return }
        let place = step % every == 0 ? step / every : steps / every + 1
        sums[place] += price
        counts[place] += 1
        guard path < Self.mostPaths else { return }
        if path == lines.count { lines.append([]) }
        lines[path].append(price)
    }

    /// The drawing.
    var svg: String {
        let all = lines.joined()
        let (least, most) = (all.min() ?? 1, all.max() ?? 1)
        let scale = Scale(least: least, most: most)
        var parts = [
            """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" \
            width="\(Int(Self.width))" height="\(Int(Self.height))" font-family="sans-serif" font-size="13">
            <rect width="100%" height="100%" fill="white"/>
            <text x="\(Self.text(Self.width / 2))" y="28" text-anchor="middle" font-size="15">\(title)</text>
            """
        ]
        parts += grid(scale)
        let opacity = max(0.35, min(0.9, 16 / Double(max(lines.count, 1))))
        for (index, line) in lines.enumerated() {
            let color = Self.colors[index % Self.colors.count]
            parts.append(
                polyline(line, scale, #"stroke="\#(color)" stroke-width="1" opacity="\#(Self.text(opacity))""#))
        }
        if lines.count > 1 {
            let means = zip(sums, counts).filter { $0.1 > 0 }.map { $0.0 / $0.1 }
            parts.append(polyline(means, scale, #"stroke="black" stroke-width="2" stroke-dasharray="6 4""#))
            parts.append(legend)
        }
        return (parts + ["</svg>"]).joined(separator: "\n")
    }

    private var legend: String {
        let x = Self.left + 14
        return """
            <rect x="\(Self.text(x - 6))" y="\(Self.text(Self.top + 6))" width="170" height="24" fill="white" opacity="0.85"/>
            <line x1="\(Self.text(x))" x2="\(Self.text(x + 34))" y1="\(Self.text(Self.top + 18))" \
            y2="\(Self.text(Self.top + 18))" stroke="black" stroke-width="2" stroke-dasharray="6 4"/>
            <text x="\(Self.text(x + 42))" y="\(Self.text(Self.top + 22))">mean of the paths</text>
            """
    }

    private func grid(_ scale: Scale) -> [String] {
        var parts: [String] = []
        let (end, floor) = (Self.width - Self.right, Self.height - Self.bottom)
        for tick in scale.ticks {
            let y = Self.text(vertical(tick, scale))
            parts.append(
                """
                <line x1="\(Self.text(Self.left))" x2="\(Self.text(end))" y1="\(y)" y2="\(y)" stroke="#dddddd"/>
                <text x="\(Self.text(Self.left - 8))" y="\(y)" dy="4" text-anchor="end">\(Scale.label(tick))</text>
                """)
        }
        let total = Double(steps) * elapsed
        for tick in Scale(least: 0, most: total).ticks where tick >= 0 && tick <= total * (1 + 1e-9) {
            let x = Self.text(horizontal(tick / elapsed))
            parts.append(
                """
                <line x1="\(x)" x2="\(x)" y1="\(Self.text(floor))" y2="\(Self.text(floor + 6))" stroke="black"/>
                <text x="\(x)" y="\(Self.text(floor + 22))" text-anchor="middle">\(Scale.label(tick))</text>
                """)
        }
        parts.append(
            """
            <path d="M\(Self.text(Self.left)) \(Self.text(Self.top))V\(Self.text(floor))H\(Self.text(end))" fill="none" \
            stroke="black"/>
            <text x="\(Self.text((Self.left + end) / 2))" y="\(Self.text(Self.height - 14))" text-anchor="middle">time in \
            \(unit)s</text>
            <text transform="translate(20 \(Self.text((Self.top + floor) / 2))) rotate(-90)" text-anchor="middle">price\
            \(scale.isLogarithmic ? ", logarithmic" : "")</text>
            """)
        return parts
    }

    private func polyline(_ prices: [Double], _ scale: Scale, _ style: String) -> String {
        let points = prices.enumerated().map { index, price in
            "\(Self.text(horizontal(Double(min(index * every, steps))))),\(Self.text(vertical(price, scale)))"
        }
        return #"<polyline fill="none" \#(style) points="\#(points.joined(separator: " "))"/>"#
    }

    private func horizontal(_ step: Double) -> Double {
        Self.left + step / Double(steps) * (Self.width - Self.left - Self.right)
    }

    private func vertical(_ price: Double, _ scale: Scale) -> Double {
        Self.height - Self.bottom - scale.part(price) * (Self.height - Self.top - Self.bottom)
    }

    /// Two decimals: a hundredth of a pixel.
    private static func text(_ value: Double) -> String {
        "\((value * 100).rounded() / 100)"
    }

    /// Where a number lies between the ends of an axis.
    struct Scale {
        let isLogarithmic: Bool
        let ticks: [Double]
        private let low: Double
        private let high: Double

        /// An axis for numbers from `least` to `most`, logarithmic where these are far apart (and above 0).
        init(least: Double, most: Double) {
            isLogarithmic = least > 0 && most / least > 20
            if isLogarithmic {
                let powers = Int(log10(least).rounded(.down))...Int(log10(most).rounded(.up))
                let steps: [Double] = powers.count > 4 ? [1] : [1, 2, 5]
                let all = powers.flatMap { power in steps.map { $0 * pow(10, Double(power)) } }
                ticks = all.filter { $0 >= least && $0 <= most }
                (low, high) = (log(least), log(most))
                return
            }
            let span = most > least ? most - least : max(abs(most) * 0.1, 1e-9)
            let rough = pow(10, log10(span / 6).rounded(.down))
            let unit = [1, 2, 5, 10].map { $0 * rough }.first { span / $0 <= 8 } ?? span
            let first = (least / unit).rounded(.down)
            let last = (max(most, least + span * 0.01) / unit).rounded(.up)
            ticks = stride(from: first, through: last, by: 1).map { $0 * unit }
            (low, high) = (first * unit, last * unit)
        }

        /// 0 at the lower end, 1 at the upper.
        func part(_ value: Double) -> Double {
            guard high > low else { return 0.5 }
            return ((isLogarithmic ? log(max(value, 1e-300)) : value) - low) / (high - low)
        }

        /// A tick's number without the dust of binary fractions.
        static func label(_ value: Double) -> String {
            let text = "\((value * 1e9).rounded() / 1e9)"
            return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
        }
    }
}
