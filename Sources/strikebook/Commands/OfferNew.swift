import ArgumentParser
import Ethereum
import Exchange
import Market
import StrictJSON

/// `strikebook offer new`
struct OfferNew: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Write an unsigned offer as JSON.",
        discussion: """
            Example: strikebook offer new --underlying weth --side call \\
                       --collateral 1.5weth --premium-per-day 8usdc \\
                       --min-days 7 --max-days 30 --deadline +14d --key-file maker.key
            Amounts are whole numbers of the token's smallest unit, or exact with a symbol, as 1.5weth. A call's \
            collateral is the underlying, a put's the stablecoin. Tokens and limits are those of --url, else the \
            demonstration's.
            """)

    @Option(help: "The token the option is on: a symbol or an address.") var underlying: String
    @Option(help: "The token of the premium, and of a put's collateral (the only one listed).") var stablecoin: String?
    @Option(help: "call or put.") var side: Side
    @Option(help: "How much can be sold in all.") var collateral: String
    @Option(help: "For the whole collateral, a day, in the stablecoin.") var premiumPerDay: String
    @Option(help: "Shortest duration in days.") var minDays: UInt16 = 1
    @Option(help: "Longest duration in days.") var maxDays: UInt16
    @Option(help: "Smallest part that can be taken (the whole).") var minFill: String?
    @Option(help: "Last moment at which it can be taken: unix seconds, an RFC 3339 time, or a span.")
    var deadline = "+7d"
    @Option(help: "Who signs and locks the collateral (the key's address).") var writer: String?
    @Option(help: "32 bytes the contract interprets (zero).") var configHash: String?
    @OptionGroup var key: SigningKey
    @OptionGroup var service: OptionalServiceURL

    func run() async throws {
        var terms = ServiceTerms.offline(
            Deployment(chainId: UInt256(31_337), verifyingContract: try SigningDomain.demonstration()))
        if let url = service.given { terms = try await ServiceClient.with(url) { try await ServiceTerms.of($0) } }
        let offer = try offer(terms)
        do throws(Rejection) {
            try terms.rules.check(offer, now: SystemClock.seconds())
        } catch {
            throw CommandFailure(.usage, Refusal(error).text)
        }
        var json = JSONWriter(capacity: 1_024)
        json.beginObject()
        json.offerFields(offer)
        json.endObject()
        try StandardOutput.line(json.bytes)
    }

    private func offer(_ terms: ServiceTerms) throws -> Offer {
        let (underlying, underlyingToken) = try terms.tokens.find(underlying, "--underlying")
        let (stablecoin, stablecoinToken) = try stablecoin(terms.tokens)
        let collateralToken = side == .call ? underlyingToken : stablecoinToken
        let collateral = try Amount.parse(collateral, of: collateralToken, flag: "collateral")
        let config = try configHash.map { text in
            guard let hash = Bytes32(hexBytes: text.utf8) else {
                throw CommandFailure(.usage, "--config-hash must be 0x and 64 hex digits")
            }
            return hash
        }
        return Offer(
            writer: try writerAddress(), underlying: underlying, collateralAmount: collateral, stablecoin: stablecoin,
            isCall: side == .call,
            premiumPerDay: try Amount.parse(premiumPerDay, of: stablecoinToken, flag: "premium-per-day"),
            minDuration: minDays, maxDuration: maxDays,
            minFillAmount: try minFill.map { try Amount.parse($0, of: collateralToken, flag: "min-fill") }
                ?? collateral,
            deadline: try Moment.parse(deadline, now: SystemClock.seconds(), flag: "deadline"),
            configHash: config ?? .zero)
    }

    private func stablecoin(_ tokens: TokenList) throws -> (Address, Token?) {
        if let stablecoin { return try tokens.find(stablecoin, "--stablecoin") }
        guard let only = tokens.onlyStablecoin else {
            throw CommandFailure(.usage, "--stablecoin is needed: not exactly one is listed")
        }
        return (only.address, only)
    }

    private func writerAddress() throws -> Address {
        if let writer { return try TokenList([]).find(writer, "--writer").address }
        guard let key = try key.find() else {
            throw CommandFailure(.usage, "--writer is needed, or a key whose address it is (--key-file)")
        }
        return key.address
    }
}
