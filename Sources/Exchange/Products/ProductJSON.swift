import Ethereum
public import Market
public import StrictJSON

/// Products as JSON: states for readers, data of the log's rows, and what is stored.
public enum ProductJSON {
    // MARK: For readers

    /// A state, as `GET /contracts/{id}/state` and `contractUpdate` show it.
    ///
    /// How it ended is shown once the log says so: until then it reads as active, with all that it achieved.
    public static func writeState(_ product: Product, isLogged: Bool, to json: inout JSONWriter) {
        json.beginObject()
        writeFields(product, isLogged: isLogged, to: &json)
        json.endObject()
    }

    /// The fields of a state, for objects that hold more.
    static func writeFields(_ product: Product, isLogged: Bool, to json: inout JSONWriter) {
        let outcome = isLogged ? product.outcome : nil
        json.key("contractId")
        json.string(product.id)
        json.key("productType")
        json.string(product.terms.type.rawValue)
        json.key("token")
        json.address(product.terms.token)
        json.key("status")
        json.string((outcome?.status ?? .active).rawValue)
        json.key("priceE8")
        if let last = product.last { json.decimal(last.priceE8) } else { json.null() }
        json.key("asOf")
        if let last = product.last { json.timestamp(micros: last.stampMillis * 1_000) } else { json.null() }
        json.key("elapsedMs")
        let nowMillis = outcome?.atMillis ?? product.last?.stampMillis ?? product.startMillis
        json.integer(min(max(nowMillis - product.startMillis, 0), product.terms.durationMillis))
        json.key("durationMs")
        json.integer(product.terms.durationMillis)
        json.key("startedAt")
        json.timestamp(micros: product.startMillis * 1_000)
        json.key("payoffE8")
        json.decimal(product.terms.payoffE8)
        if let outcome {
            json.key("payoutE8")
            json.decimal(outcome.payoutE8)
        }
        switch product.progress {
        case .luckyLadder(let ladder):
            json.rungs("rungsHitE8", ladder.rungsHitE8)
            json.rungs("remainingRungsE8", ladder.remainingRungsE8)
        case .momentumCatcher(let catcher):
            json.key("movementE8")
            json.decimal(catcher.movementE8)
            json.key("maxMovementE8")
            json.decimal(catcher.maxMovementE8)
            json.key("targetMovementE8")
            json.decimal(catcher.targetE8)
            json.key("mode")
            json.string(catcher.mode.rawValue)
        }
    }

    /// What a submitter is told: the state at acceptance, its place in the log and what it is worth, in 1e-8 units.
    static func receipt(_ logged: LoggedProduct, fairValueE8: Int64?) -> [UInt8] {
        var json = JSONWriter(capacity: 512)
        json.beginObject()
        writeFields(logged.product, isLogged: true, to: &json)
        json.key("fairValueE8")
        if let fairValueE8 { json.decimal(fairValueE8) } else { json.null() }
        json.key("seq")
        json.integer(logged.seq)
        json.endObject()
        return json.bytes
    }

    // MARK: The log's data, canonical: sorted keys, no spaces

    static func accepted(_ product: Product) -> String {
        text { json in
            json.key("durationMs")
            json.integer(product.terms.durationMillis)
            if case .momentumCatcher(_, let mode) = product.terms.bet {
                json.key("mode")
                json.string(mode.rawValue)
            }
            if let owner = product.owner {
                json.key("owner")
                json.string(owner.hex)
            }
            json.key("payoffE8")
            json.decimal(product.terms.payoffE8)
            json.key("productType")
            json.string(product.terms.type.rawValue)
            if case .luckyLadder(let rungs) = product.terms.bet { json.rungs("rungsE8", rungs) }
            json.key("startedAtMs")
            json.integer(product.startMillis)
            if case .momentumCatcher(let target, _) = product.terms.bet {
                json.key("targetMovementE8")
                json.decimal(target)
            }
            json.key("tick")
            json.integer(product.seenTick)
            json.key("token")
            json.string(product.terms.token.hex)
        }
    }

    static func hit(_ product: Product) -> String {
        text { json in
            if case .luckyLadder(let ladder) = product.progress { json.rungs("rungsHitE8", ladder.rungsHitE8) }
            json.key("tick")
            json.integer(product.seenTick)
        }
    }

    static func observed(_ product: Product, _ price: ObservedPrice) -> String {
        text { json in
            json.key("asOfMs")
            json.integer(price.stampMillis)
            json.key("priceE8")
            json.decimal(price.priceE8)
            json.key("tick")
            json.integer(price.tick)
        }
    }

    static func ended(_ product: Product) -> String {
        text { json in
            json.key("atMs")
            json.integer(product.outcome?.atMillis ?? 0)
            json.key("payoutE8")
            json.decimal(product.outcome?.payoutE8 ?? 0)
            json.key("status")
            json.string(product.status.rawValue)
            json.key("tick")
            json.integer(product.seenTick)
        }
    }

    private static func text(_ write: (inout JSONWriter) -> Void) -> String {
        var json = JSONWriter(capacity: 256)
        json.beginObject()
        write(&json)
        json.endObject()
        return String(decoding: json.bytes, as: UTF8.self)
    }
}

extension JSONWriter {
    /// An integer as a decimal string.
    public mutating func decimal(_ value: some FixedWidthInteger) {
        ascii { $0.append(contentsOf: String(value).utf8) }
    }

    /// A list of rungs as decimal strings.
    mutating func rungs(_ key: StaticString, _ rungs: some Sequence<Int64>) {
        self.key(key)
        beginArray()
        for rung in rungs { decimal(rung) }
        endArray()
    }
}
