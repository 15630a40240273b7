import Ethereum
import Exchange
import Market
import StrictJSON

/// One offer of a book in the words of its table.
struct BookLine {
    let premium: String
    let size: String
    let minFill: String
    let days: String
    let deadline: UInt64
    let writer: String
    let offerHash: String
    let stablecoinName: String
    let collateralName: String

    init?(_ json: JSONValue, _ side: Side, _ tokens: TokenList) {
        guard let collateral = json["collateralAmount"]?.uint256, let perDay = json["premiumPerDay"]?.uint256,
            let remaining = json["remaining"]?.uint256, let minimum = json["minFillAmount"]?.uint256,
            let shortest = json["minDuration"]?.uint64, let longest = json["maxDuration"]?.uint64,
            let deadline = json["deadline"]?.uint64, let writer = json["writer"]?.address,
            let hash = json["offerHash"]?.hash, let underlying = json["underlying"]?.address,
            let stablecoin = json["stablecoin"]?.address
        else { return nil }
        let paid = tokens[stablecoin]
        let locked = tokens[side == .call ? underlying : stablecoin]
        // Without decimals the unit is the smallest one.
        let (paidDecimals, lockedDecimals) = (Int(paid?.decimals ?? 0), Int(locked?.decimals ?? 0))
        premium =
            Amount.ratio(perDay, paidDecimals, per: collateral, lockedDecimals)
            .map { Amount.text($0, decimals: 18, places: 4) } ?? "?"
        size = Amount.text(remaining, decimals: lockedDecimals, places: 4)
        minFill = Amount.text(minimum, decimals: lockedDecimals, places: 4)
        days = shortest == longest ? "\(shortest)" : "\(shortest)–\(longest)"
        self.deadline = deadline
        self.writer = writer.checksummed
        offerHash = hash.hex
        stablecoinName = paid?.symbol ?? "\(Short.hex(stablecoin.checksummed)) units"
        collateralName = locked?.symbol ?? "unit"
    }
}

/// Long hex as people recognise it.
enum Short {
    /// `0x8aa1af94…3aed8`
    static func hex(_ text: String) -> String { text.count > 20 ? "\(text.prefix(10))…\(text.suffix(5))" : text }
}
