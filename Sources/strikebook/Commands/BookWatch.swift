import Ethereum
import Exchange
import Market
import StrictJSON
import Synchronization

/// `strikebook book TOKEN --watch`
extension BookCommand {
    /// Shows the book, and every change of it.
    func follow() async throws {
        let tokens = try await ServiceClient.with(service.resolved) { try await ServiceTerms.of($0).tokens }
        let view = BookView(
            symbol: tokens[symbol: token]?.symbol ?? token, tokens: tokens, limit: limit, duration: duration,
            stablecoin: stablecoin.map { tokens[symbol: $0]?.address.checksummed.lowercased() ?? $0.lowercased() })
        var client = try LiveClient(url: service.resolved, channels: WatchedBook.channels(of: token, side))
        let screen = BookScreen(view, sides: side == nil ? 2 : 1)
        let isTerminal = StandardOutput.isTerminal
        try await withThrowingTaskGroup(of: Void.self) { group in
            if isTerminal { group.addTask { try await screen.draw() } }
            try await client.run { message, _ in
                if message["type"]?.text == "error" {
                    throw CommandFailure(.usage, Refusal.shown(message["detail"]?.text ?? "the service refuses this"))
                }
                for line in try screen.take(message, asLines: !isTerminal) { try StandardOutput.line(line) }
            }
        }
    }
}

/// What of a book is shown, and in which units.
private struct BookView: Sendable {
    let symbol: String
    let tokens: TokenList
    let limit: Int
    let duration: UInt16?
    /// An address in small letters.
    let stablecoin: String?

    func picture(of book: WatchedBook) throws -> [String] {
        let page = try book.page(symbol: symbol, limit: limit, admits)
        return BookPicture(page, tokens: tokens, now: SystemClock.seconds()).lines(Ink())
    }

    /// The filters of the command line.
    func admits(_ row: JSONValue) -> Bool {
        if let stablecoin, row["stablecoin"]?.text?.lowercased() != stablecoin { return false }
        guard let duration else { return true }
        guard let shortest = row["minDuration"]?.uint64, let longest = row["maxDuration"]?.uint64 else { return false }
        return (shortest...max(shortest, longest)).contains(UInt64(duration))
    }

    func line(_ kind: String, _ row: JSONValue, _ seq: UInt64) -> String {
        let side: Side = row["isCall"]?.bool == false ? .put : .call
        guard let shown = BookLine(row, side, tokens) else { return "seq \(seq) \(kind)" }
        return "seq \(seq) \(kind) \(side.rawValue) \(shown.offerHash) \(shown.premium) "
            + "\(shown.stablecoinName)/day size \(shown.size) days \(shown.days) writer \(shown.writer)"
    }
}

/// A watched book: a picture that is drawn again when it changed, or a line a change.
private final class BookScreen: Sendable {
    /// A terminal is drawn no more often; what came meanwhile is drawn once.
    private static let pace = Duration.milliseconds(200)

    private struct State {
        var book = WatchedBook()
        var snapshots = 0
        var isChanged = false
    }

    private let view: BookView
    private let sides: Int
    private let state = Mutex(State())

    init(_ view: BookView, sides: Int) {
        self.view = view
        self.sides = sides
    }

    /// Takes a message; when lines are wanted, those that say what it changed, or the whole book when it has just become
    /// known.
    func take(_ message: JSONValue, asLines: Bool) throws -> [String] {
        try state.withLock { state in
            let wasKnown = state.snapshots >= sides
            if message["type"]?.text == "snapshot" { state.snapshots += 1 }
            guard let changes = state.book.take(message) else { return [] }
            state.isChanged = true
            guard asLines, state.snapshots >= sides else { return [] }
            if !wasKnown { return try view.picture(of: state.book) }
            let seq = message["seq"]?.uint64 ?? 0
            return changes.filter { view.admits($0.row) }.map { view.line($0.kind, $0.row, seq) }
        }
    }

    /// Draws the book whenever it has changed; until cancelled.
    func draw() async throws {
        while true {
            let lines = try state.withLock { state -> [String]? in
                guard state.isChanged, state.snapshots >= sides else { return nil }
                state.isChanged = false
                return try view.picture(of: state.book)
            }
            if let lines {
                // Home, each line cleared to its end, and everything below: nothing flickers.
                let text = "\u{1b}[H" + lines.map { "\($0)\u{1b}[K\r\n" }.joined() + "\u{1b}[J"
                try StandardOutput.write(Array(text.utf8))
            }
            try await Task.sleep(for: Self.pace)
        }
    }
}
