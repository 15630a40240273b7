import Ethereum
import Market
import StrictJSON

/// A service's words about a settlement, read and checked, and told to people.
enum SettlementText {
    /// What the holder would sign, hashed here from the order that the service shows.
    /// - Throws: a failure when the hashes are not those of the order, or the order is not one that settles this option.
    static func terms(_ json: JSONValue, _ tokenId: UInt256, _ deployment: Deployment) throws -> SettlementTerms {
        guard let shown = json["order"], let sell = shown["sellToken"]?.address, let buy = shown["buyToken"]?.address,
            let receiver = shown["receiver"]?.address, let sellAmount = shown["sellAmount"]?.uint256,
            let buyAmount = shown["buyAmount"]?.uint256,
            let validTo = shown["validTo"]?.uint64.flatMap({ UInt32(exactly: $0) })
        else { throw CommandFailure(.failure, "the service does not show the order of option \(tokenId)") }
        let order = GPv2Order(
            sellToken: sell, buyToken: buy, receiver: receiver, sellAmount: sellAmount, buyAmount: buyAmount,
            validTo: validTo, appData: SettlementAppData.hash(tokenId: tokenId))
        let terms = SettlementTerms(
            tokenId: tokenId, orderHash: order.hash(in: GPv2Order.domain(chainId: deployment.chainId)),
            minBuyAmount: buyAmount, validTo: UInt64(validTo))
        guard json["orderHash"]?.hash == terms.orderHash,
            json["settlementConditionsHash"]?.hash == terms.conditionsHash
        else {
            throw CommandFailure(
                .verification,
                "the service's hashes are not those of the order it shows; nothing was signed")
        }
        return terms
    }

    /// A few lines for a terminal.
    static func lines(_ json: JSONValue) -> [String] {
        func text(_ key: StaticString) -> String? { json[key]?.text.map(Refusal.shown) }
        var lines: [String] = []
        let status = text("status") ?? "initiated"
        lines.append(
            "option \(text("tokenId") ?? "?"): \(status)" + (json["submitting"]?.bool == true ? ", being sent" : ""))
        if let sell = json["order"]?["sellAmount"]?.text, let least = text("minBuyAmount") {
            lines.append("  sells \(Refusal.shown(sell)) for at least \(least), both in smallest units")
        }
        if let validTo = json["validTo"]?.uint64 {
            lines.append("  until \(validTo) (\(Moment.span(to: validTo, now: SystemClock.seconds())))")
        }
        if let uid = text("orderUid") { lines.append("  order \(uid)") }
        if let hash = text("settlementConditionsHash") { lines.append("  terms \(hash)") }
        if let words = text("lastError") { lines.append("  \(words)") }
        if let payout = json["payout"], payout.object != nil {
            let parts = (["total", "payoff", "fee", "taker", "writer"] as [StaticString]).map { key in
                "\(key) \(payout[key]?.text.map(Refusal.shown) ?? "?")"
            }
            lines.append("  " + parts.joined(separator: ", "))
        }
        return lines
    }
}
