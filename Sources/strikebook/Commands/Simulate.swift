import ArgumentParser
import Pricing

/// `strikebook simulate`
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Simulate price paths as the market moves its tokens' prices.",
        discussion: """
            Example: strikebook simulate --spot 2500 --volatility 0.6 --years 1 --steps 365 --paths 50 --plot paths.svg
            Writes one line a point, path,step,time,price (or one JSON object a path with --json), to standard output. \
            Geometric Brownian motion in exact steps; the same seed gives the same paths. With --unit second drift and \
            volatility count by the second and the price is reflected at a quarter and four times the spot, as the \
            fast index DEMO is.
            """)

    @Option(parsing: .unconditional, help: "The price at the start.") var spot = 100.0
    @Option(parsing: .unconditional, help: "The expected growth in a unit of time.") var drift = 0.0
    @Option(parsing: .unconditional, help: "The deviation of the log-return over a unit of time.") var volatility = 0.2
    @Option(help: "year or second: the unit of drift, volatility and time.") var unit = Unit.year
    @Option(parsing: .unconditional, help: "How many years in all (1 unless --dt is given).") var years: Double?
    @Option(parsing: .unconditional, help: "How long a step takes, in the unit (0.1 for seconds).") var dt: Double?
    @Option(help: "How many steps.") var steps = 252
    @Option(help: "How many paths.") var paths = 10
    @Option(help: "Decides all random numbers.") var seed: UInt64 = 1
    @Option(help: "Write to this file in place of standard output.") var output: String?
    @Option(help: "Also draw the first \(PathPlot.mostPaths) paths into this SVG file.") var plot: String?
    @Flag(help: "One JSON object a path: {path, times, prices}.") var json = false

    enum Unit: String, ExpressibleByArgument, CaseIterable {
        case year, second
    }

    private static let mostSteps = 100_000_000
    private static let mostPaths = 1 << 32

    func validate() throws {
        guard spot > 0, MarketPath.priceBounds.contains(spot) else {
            throw ValidationError("--spot has to be a price of \(MarketPath.priceBounds.lowerBound) or more")
        }
        guard drift.isFinite else { throw ValidationError("--drift has to be a number") }
        guard volatility >= 0, volatility.isFinite else { throw ValidationError("--volatility has to be 0 or more") }
        guard (1...Self.mostSteps).contains(steps) else {
            throw ValidationError("--steps has to be 1 to \(Self.mostSteps)")
        }
        guard (1...Self.mostPaths).contains(paths) else {
            throw ValidationError("--paths has to be 1 to \(Self.mostPaths)")
        }
        guard years == nil || dt == nil else { throw ValidationError("give --years or --dt, not both") }
        guard years == nil || unit == .year else { throw ValidationError("--unit second takes --dt, not --years") }
        guard elapsed > 0, elapsed.isFinite else { throw ValidationError("--years and --dt have to be above 0") }
    }

    /// Time of a step in the unit.
    private var elapsed: Double { dt ?? (unit == .second ? 0.1 : (years ?? 1) / Double(steps)) }

    func run() throws {
        let path = MarketPath(
            seed: seed, drift: drift, volatility: volatility,
            reflection: unit == .second ? MarketPath.Reflection(start: spot) : nil)
        let file = try FileOutput(output)
        let drawing = try plot.map { try FileOutput($0) }
        if let plot, !plot.lowercased().hasSuffix(".svg") {
            ProgramExit.say("\(plot) becomes an SVG picture; viewers that go by the name want it to end in .svg")
        }
        var picture = PathPlot(steps: steps, elapsed: elapsed, unit: unit.rawValue, title: title)
        if !json { try file.line(Array("path,step,time,price".utf8)) }
        for number in 0..<paths {
            try write(path, number: UInt32(truncatingIfNeeded: number), to: file, picture: &picture)
        }
        try file.finish()
        guard let drawing else { return }
        try drawing.line(Array(picture.svg.utf8))
        try drawing.finish()
    }

    /// One path, point by point: nothing of it stays but what is drawn.
    private func write(_ path: MarketPath, number: UInt32, to file: FileOutput, picture: inout PathPlot) throws {
        var price = spot
        var line = json ? "{\"path\":\(number),\"prices\":[" : ""
        for step in 0...steps {
            if step > 0 {
                price = path.price(after: price, step: UInt64(step - 1), elapsed: elapsed, path: number)
            }
            if plot != nil { picture.add(price, step: step, path: Int(number)) }
            if json {
                line += step == 0 ? "\(price)" : ",\(price)"
            } else {
                try file.line(Array("\(number),\(step),\(Double(step) * elapsed),\(price)".utf8))
            }
        }
        guard json else { return }
        let times = (0...steps).map { "\(Double($0) * elapsed)" }.joined(separator: ",")
        try file.line(Array("\(line)],\"times\":[\(times)]}".utf8))
    }

    private var title: String {
        let size = "\(paths) path\(paths == 1 ? "" : "s") of \(steps) steps"
        let terms = [spot, drift, volatility].map(PathPlot.Scale.label)
        return "\(size) from \(terms[0]), drift \(terms[1]) and volatility \(terms[2]) a \(unit.rawValue), seed \(seed)"
    }
}
