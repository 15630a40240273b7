import Ethereum
import Market
import StrictJSON

extension CowStandIn {
    /// A posted order, or what is wrong with it.
    static func read(_ body: [UInt8], domain: EIP712Domain) -> (order: Order?, wrong: [String]) {
        guard let json = try? JSONValue.parse(body), let object = json.object else { return (nil, ["no JSON"]) }
        func text(_ key: StaticString) -> ArraySlice<UInt8> { object[key]?.string ?? [] }
        func address(_ key: StaticString) -> Address { (try? Address.parse(text(key))) ?? .zero }
        func number(_ key: StaticString) -> UInt256 { UInt256(decimal: text(key)) ?? .zero }
        let document = Array(text("appData"))
        let validTo = object["validTo"]?.number.flatMap { UInt256(decimal: $0)?.asUInt64 } ?? 0
        let order = GPv2Order(
            sellToken: address("sellToken"), buyToken: address("buyToken"), receiver: address("receiver"),
            sellAmount: number("sellAmount"), buyAmount: number("buyAmount"), validTo: UInt32(clamping: validTo),
            appData: Keccak256.hash(document), feeAmount: number("feeAmount"),
            partiallyFillable: object["partiallyFillable"]?.bool ?? true)
        var wrong: [String] = []
        if !text("signingScheme").isEqual(to: "eip1271") { wrong.append("signingScheme") }
        if !text("kind").isEqual(to: "sell") { wrong.append("kind") }
        if !text("sellTokenBalance").isEqual(to: "erc20") { wrong.append("sellTokenBalance") }
        if !text("buyTokenBalance").isEqual(to: "erc20") { wrong.append("buyTokenBalance") }
        if Bytes32(hexBytes: text("appDataHash")) != order.appData { wrong.append("appDataHash") }
        if !order.feeAmount.isZero { wrong.append("feeAmount") }
        if order.partiallyFillable { wrong.append("partiallyFillable") }
        if order.sellAmount.isZero || order.buyAmount.isZero { wrong.append("amounts") }
        if Hex.decode(Array(text("signature"))).map({ $0.count % 32 != 0 || $0.count < 96 }) ?? true {
            wrong.append("signature")
        }
        if address("from") != address("receiver") { wrong.append("from") }
        guard wrong.isEmpty else { return (nil, wrong) }
        let uid = OrderUID(
            orderHash: order.hash(in: domain), owner: address("from"), validTo: UInt32(clamping: validTo))
        return (Order(uid: uid, appData: order.appData), [])
    }
}
