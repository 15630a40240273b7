import ArgumentParser
import Ethereum
import Exchange
import Market
import StrictJSON

/// `strikebook quote`
struct QuoteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quote",
        abstract: "Find the cheapest offers for an amount.",
        discussion: """
            Example: strikebook quote weth --side call --amount 2.5weth --duration 14
            A call's amount is in the underlying, a put's in the stablecoin; premiums are for the whole duration.
            """)

    @Argument(help: "The token the option is on: a symbol or an address.") var token: String
    @Option(help: "call or put.") var side: Side
    @Option(help: "How much to take: smallest units, or with a symbol as 2.5weth.") var amount: String
    @Option(help: "For how many days.") var duration: UInt16
    @Option(help: "Which stablecoin to pay in: a symbol or an address.") var stablecoin: String?
    @OptionGroup var service: ServiceURL
    @Flag(help: "The service's answer as it is.") var json = false

    func run() async throws {
        try await ServiceClient.with(service.resolved) { client in
            let tokens = try await ServiceTerms.of(client).tokens
            let underlying = try tokens.find(token, "TOKEN").token
            let paid = try stablecoin.map { try tokens.find($0, "--stablecoin").token } ?? tokens.onlyStablecoin
            let locked = side == .call ? underlying : paid
            var query = [
                "underlying=\(ServiceClient.encode(token))", "side=\(side.rawValue)", "duration=\(duration)",
                "amount=\(try Amount.parse(amount, of: locked, flag: "amount").decimalString)",
            ]
            if let stablecoin { query.append("stablecoin=\(ServiceClient.encode(stablecoin))") }
            let answer = try await client.get("/quote?" + query.joined(separator: "&"))
            let quote = try answer.json()
            if json { return try StandardOutput.line(answer.bytes) }
            for line in lines(quote, locked: locked, paid: paid) { try StandardOutput.line(line) }
        }
    }

    private func lines(_ quote: JSONValue, locked: Token?, paid: Token?) -> [String] {
        let fills = quote["fills"]?.array ?? []
        let ink = Ink()
        guard !fills.isEmpty else { return ["no offer can be taken for \(duration) days with this amount"] }
        var table = Table(columns: [
            .init(title: "offer", leansRight: false, color: .cyan), .init(title: "amount"), .init(title: "premium"),
        ])
        table.rows = fills.map { fill in
            [
                fill["offerHash"]?.hash?.hex ?? "?", Self.amount(fill["amount"], locked),
                Self.amount(fill["premium"], paid),
            ]
        }
        let filled = Self.amount(quote["filledAmount"], locked)
        let total = Self.amount(quote["totalPremium"], paid)
        let whole = quote["complete"]?.bool == true ? "" : "  (not all that was asked for)"
        let proof =
            quote["optimal"]?.bool == true
            ? "the cheapest there is" : "at least \(Self.amount(quote["lowerBound"], paid)) is needed"
        return [ink.paint("\(filled) for \(duration) days: \(total)", .bold) + whole + ink.paint("  \(proof)", .dim)]
            + table.lines(ink)
    }

    private static func amount(_ json: JSONValue?, _ token: Token?) -> String {
        json?.uint256.map { Amount.text($0, of: token) } ?? "?"
    }
}
