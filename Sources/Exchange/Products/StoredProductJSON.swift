public import Ethereum
public import Market
import StrictJSON

/// A product's columns `parameters` and `state`: what is not among the others.
public enum StoredProductJSON {
    /// What was submitted.
    public static func parameters(_ terms: ProductTerms) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        switch terms.bet {
        case .luckyLadder(let rungs): json.rungs("rungsE8", rungs)
        case .momentumCatcher(let target, let mode):
            json.key("targetMovementE8")
            json.decimal(target)
            json.key("mode")
            json.string(mode.rawValue)
        }
        json.key("payoffE8")
        json.decimal(terms.payoffE8)
        json.key("token")
        json.address(terms.token)
        json.endObject()
        return json.bytes
    }

    /// What has been achieved, and up to which tick.
    public static func state(_ product: Product) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("status")
        json.string(product.status.rawValue)
        json.key("tick")
        json.decimal(product.seenTick)
        if let last = product.last {
            json.key("last")
            json.beginObject()
            json.key("priceE8")
            json.decimal(last.priceE8)
            json.key("tick")
            json.decimal(last.tick)
            json.key("asOfMs")
            json.integer(last.stampMillis)
            json.endObject()
        }
        switch product.progress {
        case .luckyLadder(let ladder):
            if let observed = ladder.observedE8 {
                json.key("lowE8")
                json.decimal(observed.lowerBound)
                json.key("highE8")
                json.decimal(observed.upperBound)
            }
        case .momentumCatcher(let catcher):
            if let prices = catcher.pricesE8 {
                json.key("firstE8")
                json.decimal(prices.first)
            }
            json.key("movementE8")
            json.decimal(catcher.movementE8)
            json.key("maxMovementE8")
            json.decimal(catcher.maxMovementE8)
        }
        if let outcome = product.outcome {
            json.key("payoutE8")
            json.decimal(outcome.payoutE8)
            json.key("endedAtMs")
            json.integer(outcome.atMillis)
        }
        json.endObject()
        return json.bytes
    }

    /// The terms of a stored product; nil for what this service did not write.
    public static func terms(type: String, durationMillis: Int64, parameters: [UInt8]) -> ProductTerms? {
        guard let fields = object(parameters), let payoff: Int64 = fields.decimal("payoffE8"),
            let token = fields["token"]?.string.flatMap({ try? Address.parse($0) })
        else { return nil }
        let bet: ProductTerms.Bet
        switch ProductType(rawValue: type) {
        case .luckyLadder:
            guard let values = fields["rungsE8"]?.array else { return nil }
            let rungs = values.compactMap { $0.string.flatMap { Int64(String(decoding: $0, as: UTF8.self)) } }
            guard !rungs.isEmpty, rungs.count == values.count else { return nil }
            bet = .luckyLadder(rungsE8: rungs)
        case .momentumCatcher:
            guard let target: Int64 = fields.decimal("targetMovementE8"),
                let mode = fields.text("mode").flatMap(MovementMode.init)
            else { return nil }
            bet = .momentumCatcher(targetE8: target, mode: mode)
        case nil: return nil
        }
        return ProductTerms(token: token, bet: bet, durationMillis: durationMillis, payoffE8: payoff)
    }

    /// A stored product; nil for what this service did not write.
    public static func product(
        id: String, terms: ProductTerms, owner: Address?, startMillis: Int64, state: [UInt8]
    ) -> Product? {
        guard let fields = object(state), let seenTick: UInt64 = fields.decimal("tick"),
            let status = fields.text("status").flatMap(ProductStatus.init)
        else { return nil }
        var outcome: Product.Outcome?
        if status != .active {
            guard let payout: Int64 = fields.decimal("payoutE8"), let at = fields.millis("endedAtMs") else {
                return nil
            }
            outcome = Product.Outcome(status: status, payoutE8: payout, atMillis: at)
        }
        let last = fields["last"]?.object.flatMap(price)
        guard let progress = progress(of: terms.bet, fields, last: last) else { return nil }
        return Product(
            id: id, terms: terms, owner: owner, startMillis: startMillis, progress: progress, seenTick: seenTick,
            last: last, outcome: outcome)
    }

    private static func progress(
        of bet: ProductTerms.Bet, _ fields: JSONObject, last: ObservedPrice?
    ) -> Product.Progress? {
        switch bet {
        case .luckyLadder(let rungs):
            let low: Int64? = fields.decimal("lowE8")
            let high: Int64? = fields.decimal("highE8")
            guard let low, let high else { return .luckyLadder(LuckyLadder(rungsE8: rungs)) }
            return low <= high ? .luckyLadder(LuckyLadder(rungsE8: rungs, observedE8: low...high)) : nil
        case .momentumCatcher(let target, let mode):
            guard let movement: UInt64 = fields.decimal("movementE8"),
                let most: UInt64 = fields.decimal("maxMovementE8")
            else { return nil }
            let first: Int64? = fields.decimal("firstE8")
            let prices = first.flatMap { first in
                last.map { MomentumCatcher.Prices(first: first, last: $0.priceE8) }
            }
            return .momentumCatcher(
                MomentumCatcher(
                    targetE8: target, mode: mode, pricesE8: prices, movementE8: movement, maxMovementE8: most))
        }
    }

    private static func price(_ fields: JSONObject) -> ObservedPrice? {
        guard let price: Int64 = fields.decimal("priceE8"), let tick: UInt64 = fields.decimal("tick"),
            let stamp = fields.millis("asOfMs")
        else { return nil }
        return ObservedPrice(priceE8: price, tick: tick, stampMillis: stamp)
    }

    private static func object(_ text: [UInt8]) -> JSONObject? { (try? JSONValue.parse(text))?.object }
}

extension JSONObject {
    fileprivate func text(_ key: StaticString) -> String? {
        self[key]?.string.map { String(decoding: $0, as: UTF8.self) }
    }

    fileprivate func decimal<Value: FixedWidthInteger>(_ key: StaticString) -> Value? {
        text(key).flatMap { Value($0) }
    }

    fileprivate func millis(_ key: StaticString) -> Int64? {
        self[key]?.number.flatMap { Int64(String(decoding: $0, as: UTF8.self)) }
    }
}
