import ArgumentParser
import Ethereum
import Exchange
import Market
import StrictJSON

/// `strikebook book`
struct BookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "book",
        abstract: "Show a token's book as a table.",
        discussion: """
            Example: strikebook book weth --side call --duration 14
            Cheapest first. The premium is what one whole unit of the collateral costs a day; sizes are what is left to \
            take. Figures are cut to fit; --json has the service's own answer.
            """)

    @Argument(help: "The token: a symbol or an address.") var token: String
    @Option(help: "call or put (both).") var side: Side?
    @Option(help: "Offers in this stablecoin alone: a symbol or an address.") var stablecoin: String?
    @Option(help: "Offers that can be taken for so many days.") var duration: UInt16?
    @Option(help: "Rows of each side, at most 1000.") var limit = 20
    @OptionGroup var service: ServiceURL
    @Flag(help: "The service's answer as it is.") var json = false
    @Flag(help: "Go on showing it as it changes: a table on a terminal, a line a change elsewhere. Ctrl-C ends it.")
    var watch = false

    func validate() throws {
        if watch, json { throw ValidationError("--watch has no --json; strikebook watch prints JSON lines") }
        guard (1...1_000).contains(limit) else { throw ValidationError("--limit must be from 1 to 1000") }
    }

    func run() async throws {
        var query = ["limit=\(limit)"]
        if let side { query.append("side=\(side.rawValue)") }
        if let stablecoin { query.append("stablecoin=\(ServiceClient.encode(stablecoin))") }
        if let duration { query.append("duration=\(duration)") }
        if watch { return try await UntilInterrupted.run { try await self.follow() } }
        let path = "/orderbook/\(ServiceClient.encode(token))?" + query.joined(separator: "&")
        try await ServiceClient.with(service.resolved) { client in
            let answer = try await client.get(path)
            let book = try answer.json()
            if json { return try StandardOutput.line(answer.bytes) }
            let terms = try await ServiceTerms.of(client)
            let picture = BookPicture(book, tokens: terms.tokens, now: SystemClock.seconds())
            for line in picture.lines(Ink()) { try StandardOutput.line(line) }
        }
    }
}

/// A book's answer as lines of text.
struct BookPicture {
    private let book: JSONValue
    private let tokens: TokenList
    private let now: UInt64

    /// The book that the service answered with, in `tokens`' units, at `now` (unix seconds).
    init(_ book: JSONValue, tokens: TokenList, now: UInt64) {
        self.book = book
        self.tokens = tokens
        self.now = now
    }

    /// The sides that are there, and where the book stands.
    func lines(_ ink: Ink) -> [String] {
        var lines: [String] = []
        for (key, side) in [("calls", Side.call), ("puts", .put)] as [(StaticString, Side)] {
            guard let page = book[key] else { continue }
            if !lines.isEmpty { lines.append("") }
            lines += self.lines(of: page, side, ink)
        }
        lines.append("")
        let moment = book["asOf"]?.text.map { ", as of \($0)" } ?? ""
        lines.append(ink.paint(Refusal.shown("seq \(book["seq"]?.uint64 ?? 0)\(moment)"), .dim))
        if book["stale"]?.bool == true {
            lines.append(
                ink.paint("stale: the service cannot reach its database (\(book["staleSeconds"]?.uint64 ?? 0) s)", .red)
            )
        }
        return lines
    }

    private func lines(of page: JSONValue, _ side: Side, _ ink: Ink) -> [String] {
        let rows = (page["rows"]?.array ?? []).compactMap { BookLine($0, side, tokens) }
        let symbol = book["symbol"]?.text.map(Refusal.shown) ?? Short.hex(book["underlying"]?.text ?? "?")
        let color: Ink.Color = side == .call ? .green : .red
        let title = "\(symbol) \(side == .call ? "calls" : "puts")"
        guard !rows.isEmpty else { return [ink.paint(title, .bold) + "  no offers"] }
        let stablecoins = Set(rows.map(\.stablecoinName))
        let units = Set(rows.map(\.collateralName))
        let premium =
            (stablecoins.count == 1 ? "\(rows[0].stablecoinName)/day" : "premium/day")
            + (units.count == 1 ? " per \(rows[0].collateralName)" : "")
        var table = Table(columns: [
            .init(title: premium, alignsPoint: stablecoins.count == 1, color: color),
            .init(title: "size", alignsPoint: true), .init(title: "min fill", alignsPoint: true), .init(title: "days"),
            .init(title: "expires in"), .init(title: "writer", leansRight: false, color: .dim),
            .init(title: "offer", leansRight: false, color: .cyan),
        ])
        table.rows = rows.map { row in
            [
                stablecoins.count == 1 ? row.premium : "\(row.premium) \(row.stablecoinName)", row.size, row.minFill,
                row.days,
                Moment.span(to: row.deadline, now: now), Short.hex(row.writer), Short.hex(row.offerHash),
            ]
        }
        let more = page["nextCursor"]?.text == nil ? "" : ", and more (--limit)"
        let count = "  \(rows.count) offer\(rows.count == 1 ? "" : "s")\(more)"
        return [ink.paint(title, .bold) + ink.paint(count, .dim)] + table.lines(ink)
    }
}
