public import ArgumentParser
import Ethereum
import Exchange
public import Market

/// `strikebook offer`
struct OfferCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "offer",
        abstract: "Make, sign, check, post and cancel offers.",
        discussion: """
            Example: strikebook offer new --underlying weth --side call \\
                       --collateral 1.5weth --premium-per-day 8usdc --max-days 30 \\
                       --key-file maker.key \\
                       | strikebook offer sign - --key-file maker.key \\
                       | strikebook offer post -
            """,
        subcommands: [OfferNew.self, OfferSign.self, OfferVerify.self, OfferPost.self, OfferCancel.self])
}

extension Side: ExpressibleByArgument {}

extension TokenList {
    /// The one stablecoin; nil when there is none or a choice.
    var onlyStablecoin: Token? {
        let listed = tokens.filter(\.isStablecoin)
        return listed.count == 1 ? listed.first : nil
    }

    /// The token that `text` names by symbol or address; an address need not be listed.
    /// - Parameter place: what the text was given as, for the sentence of a refusal: `--underlying`.
    func find(_ text: String, _ place: String) throws -> (address: Address, token: Token?) {
        if let token = self[symbol: text] { return (token.address, token) }
        if text.hasPrefix("0x") {
            do throws(AddressError) {
                let address = try Address.parse(text)
                return (address, self[address])
            } catch {
                let reason = error == .checksum ? "has mixed case that does not satisfy EIP-55" : "is no address"
                throw CommandFailure(.usage, "\(place) \(Refusal.shown(String(text.prefix(80)))) \(reason)")
            }
        }
        let known = tokens.isEmpty ? "" : " or one of " + tokens.map(\.symbol).joined(separator: ", ")
        throw CommandFailure(.usage, "\(place) must be an address\(known)")
    }
}
