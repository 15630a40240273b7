import Ethereum
import Exchange
import Market
import StrictJSON

/// `strikebook book TOKEN --watch`
extension BookCommand {
    /// A terminal is drawn no more often.
    private static let pace = Duration.milliseconds(200)

    /// Shows the book, and every change of it.
    func follow() async throws {
        let tokens = try await ServiceClient.with(service.resolved) { try await ServiceTerms.of($0).tokens }
        var client = try LiveClient(url: service.resolved, channels: WatchedBook.channels(of: token, side))
        var book = WatchedBook()
        var drawnAt: ContinuousClock.Instant?
        var isShown = false
        let symbol = tokens[symbol: token]?.symbol ?? token
        let sides = side == nil ? 2 : 1
        var snapshots = 0
        try await client.run { message, _ in
            if message["type"]?.text == "error" {
                throw CommandFailure(.usage, Refusal.shown(message["detail"]?.text ?? "the service refuses this"))
            }
            let isBeat = message["type"]?.text == "heartbeat"
            let changes = book.take(message)
            if message["type"]?.text == "snapshot" { snapshots += 1 }
            guard snapshots >= sides else { return }
            if StandardOutput.isTerminal {
                // What came in quick succession is drawn once; the heartbeat draws what is left.
                guard changes != nil || isBeat, drawnAt.map({ .now - $0 >= Self.pace }) ?? true || isBeat else {
                    return
                }
                drawnAt = .now
                try draw(book, symbol, tokens)
            } else if !isShown {
                isShown = true
                for line in try picture(book, symbol, tokens).lines(Ink()) { try StandardOutput.line(line) }
            } else {
                for (kind, row) in changes ?? [] where admits(row, tokens) {
                    try StandardOutput.line(line(kind, row, message["seq"]?.uint64 ?? 0, tokens))
                }
            }
        }
    }

    private func picture(_ book: WatchedBook, _ symbol: String, _ tokens: TokenList) throws -> BookPicture {
        let page = try book.page(symbol: symbol, limit: limit) { admits($0, tokens) }
        return BookPicture(page, tokens: tokens, now: SystemClock.seconds())
    }

    private func draw(_ book: WatchedBook, _ symbol: String, _ tokens: TokenList) throws {
        let lines = try picture(book, symbol, tokens).lines(Ink())
        // Home, each line cleared to its end, and everything below: nothing flickers.
        let text = "\u{1b}[H" + lines.map { "\($0)\u{1b}[K\r\n" }.joined() + "\u{1b}[J"
        try StandardOutput.write(Array(text.utf8))
    }

    /// The filters of the command line.
    private func admits(_ row: JSONValue, _ tokens: TokenList) -> Bool {
        if let stablecoin {
            let wanted = tokens[symbol: stablecoin]?.address.checksummed.lowercased() ?? stablecoin.lowercased()
            guard row["stablecoin"]?.text?.lowercased() == wanted else { return false }
        }
        guard let duration else { return true }
        guard let shortest = row["minDuration"]?.uint64, let longest = row["maxDuration"]?.uint64 else { return false }
        return (shortest...max(shortest, longest)).contains(UInt64(duration))
    }

    private func line(_ kind: String, _ row: JSONValue, _ seq: UInt64, _ tokens: TokenList) -> String {
        let side: Side = row["isCall"]?.bool == false ? .put : .call
        guard let shown = BookLine(row, side, tokens) else { return "seq \(seq) \(kind)" }
        return "seq \(seq) \(kind) \(side.rawValue) \(shown.offerHash) \(shown.premium) "
            + "\(shown.stablecoinName)/day size \(shown.size) days \(shown.days) writer \(shown.writer)"
    }
}
