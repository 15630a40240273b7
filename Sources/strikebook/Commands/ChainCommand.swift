import ArgumentParser
import Exchange
import Market
import StrictJSON

/// `strikebook chain`
struct ChainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chain",
        abstract: "See how the chain is followed, or bring what is stored back in line with it.",
        discussion: """
            Example: strikebook chain status
                     strikebook chain resync --rpc-url http://127.0.0.1:8545
            """,
        subcommands: [ChainStatus.self, ChainResyncCommand.self])
}

/// `strikebook chain status`
struct ChainStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show how far a service follows the chain.",
        discussion: "Example: strikebook chain status --json")

    @OptionGroup var service: ServiceURL
    @Flag(help: "The service's answer as it is.") var json = false

    func run() async throws {
        try await ServiceClient.with(service.resolved) { client in
            let answer = try await client.get("/chain/status")
            let status = try answer.json()
            if json { return try StandardOutput.line(answer.bytes) }
            for line in Self.lines(status) { try StandardOutput.line(line) }
        }
    }

    private static func lines(_ status: JSONValue) -> [String] {
        func number(_ key: StaticString) -> String { status[key]?.uint64.map { "\($0)" } ?? "–" }
        func text(_ value: JSONValue?) -> String { value?.text.map(Refusal.shown) ?? "" }
        let ink = Ink()
        let problem = text(status["problem"])
        var table = Table(columns: [
            .init(title: "", leansRight: false), .init(title: "block"), .init(title: "time", leansRight: false),
            .init(title: "hash", leansRight: false, color: .cyan),
        ])
        table.rows = [
            ["head", number("head"), text(status["headTime"]), text(status["headHash"])],
            ["cursor", number("cursor"), text(status["cursorTime"]), text(status["cursorHash"])],
        ]
        var lines = [ink.paint(text(status["phase"]), .bold) + (problem.isEmpty ? "" : "  \(problem)")]
        lines += table.lines(ink)
        let seconds = status["chainLagSeconds"]?.uint64.map { ", \($0) s behind the clock" } ?? ""
        lines.append(
            "  lag \(number("lag")) blocks\(seconds); \(number("confirmations")) confirmations, "
                + "\(number("pendingEvents")) events wait for them")
        lines.append("  \(number("reorgs")) reorgs, \(number("quarantinedEvents")) quarantined events")
        for reorg in status["lastReorgs"]?.array ?? [] {
            lines.append(
                "    reorg of \(reorg["depth"]?.uint64 ?? 0) blocks with \(reorg["events"]?.uint64 ?? 0) events, "
                    + text(reorg["at"]))
        }
        for event in status["quarantined"]?.array ?? [] {
            lines.append(
                "    \(text(event["name"])) in block \(event["blockNumber"]?.uint64 ?? 0), transaction "
                    + "\(text(event["txHash"])): \(text(event["reason"]))")
        }
        return lines
    }
}
