public import Ethereum
public import Market

/// What the head's lock protects: everything that decides about some writes of products.
public struct LockedProducts: Sendable {
    /// The log's head.
    public var headSeq: UInt64
    /// The leader's epoch as the head holds it.
    public var leaderEpoch: Int64
    /// The database's clock, µs since 1970.
    public var nowMicros: Int64
    /// The newest stored tick; nil before the first.
    public var newestTick: RecordedTick?
    /// The products that the writes name.
    public var stored: [String: LoggedProduct]
    /// Active products in all, and of those who submit.
    public var active: Int
    /// Active products by the network address that submitted them.
    public var activeByClient: [String: Int]
    /// Active products by owner.
    public var activeByOwner: [Address: Int]
    /// Every stored tick after the oldest that the observed and cancelled products have seen, in order.
    public var ticks: [RecordedTick]

    /// What was read under the lock.
    public init(
        headSeq: UInt64, leaderEpoch: Int64, nowMicros: Int64, newestTick: RecordedTick?,
        stored: [String: LoggedProduct], active: Int, activeByClient: [String: Int], activeByOwner: [Address: Int],
        ticks: [RecordedTick] = []
    ) {
        self.headSeq = headSeq
        self.leaderEpoch = leaderEpoch
        self.nowMicros = nowMicros
        self.newestTick = newestTick
        self.stored = stored
        self.active = active
        self.activeByClient = activeByClient
        self.activeByOwner = activeByOwner
        self.ticks = ticks
    }

    /// What a write starts from: the caller's own fold, if no row came after the one it is based on.
    public func base(_ id: String, _ known: LoggedProduct?) -> LoggedProduct? {
        guard let stored = stored[id] else { return nil }
        return known?.seq == stored.seq ? known : stored
    }
}

/// Decides what a run of writes becomes: pure, made under the head's lock.
public struct ProductPlan: Sendable {
    /// A row of the log.
    public struct Entry: Sendable {
        /// What happened.
        public let type: EventType
        /// The product.
        public let id: String
        /// Canonical JSON.
        public let data: String
    }

    /// The rows to append, in order.
    public private(set) var entries: [Entry] = []
    /// The products to insert, with whom they count for.
    public private(set) var accepted: [String: NewProduct] = [:]
    /// Every product that changed, as it is after the last of its rows.
    public private(set) var changed: [String: LoggedProduct] = [:]
    /// One for each write.
    public private(set) var results: [ProductResult] = []

    private var locked: LockedProducts
    private let rules: ProductRules

    /// Decides about `writes`, one after the other.
    public init(_ writes: [ProductWrite], on locked: LockedProducts, rules: ProductRules, leaderEpoch: Int64?) {
        self.locked = locked
        self.rules = rules
        results.reserveCapacity(writes.count)
        for write in writes {
            switch write {
            case .accept(let new): results.append(accept(new))
            case .observe(let id, let priceE8, let known): results.append(observe(id, priceE8, known))
            case .cancel(let id, let who, let known): results.append(cancel(id, by: who, known))
            case .decide(let decided): results.append(decide(decided, leaderEpoch: leaderEpoch))
            }
        }
    }

    private var nowMillis: Int64 { max(locked.nowMicros / 1_000, locked.newestTick?.stampMillis ?? .min) }

    private mutating func accept(_ new: NewProduct) -> ProductResult {
        // A repeated try of which the first had been written.
        if let stored = locked.stored[new.id] { return .stored(stored) }
        guard let newestTick = locked.newestTick else { return .rejected(.noPrice, nil) }
        if let refusal = refusal(of: new.submitter) { return .rejected(refusal, nil) }
        locked.active += 1
        locked.activeByClient[new.submitter.client, default: 0] += 1
        if let owner = new.submitter.owner { locked.activeByOwner[owner, default: 0] += 1 }
        accepted[new.id] = new
        // Ticks that are stored by now may have been seen: a clock behind the market's must not let them count.
        let product = Product(
            id: new.id, terms: new.terms, owner: new.submitter.owner, startMillis: nowMillis,
            seenTick: newestTick.number)
        return .stored(append(.contractAccepted, product, ProductJSON.accepted(product)))
    }

    private func refusal(of submitter: Submitter) -> Rejection? {
        if locked.active >= rules.most {
            return .tooManyProducts("This service has \(rules.most) active products, the most it runs")
        }
        if locked.activeByClient[submitter.client, default: 0] >= rules.mostPerSubmitter {
            return .tooManyProducts("This client has \(rules.mostPerSubmitter) active products, the most allowed")
        }
        if let owner = submitter.owner, locked.activeByOwner[owner, default: 0] >= rules.mostPerSubmitter {
            return .tooManyProducts("This owner has \(rules.mostPerSubmitter) active products, the most allowed")
        }
        return nil
    }

    private mutating func observe(_ id: String, _ priceE8: Int64, _ known: LoggedProduct?) -> ProductResult {
        guard var product = foldedToNow(id, known) else { return .rejected(.unknownContract, nil) }
        guard product.outcome == nil else { return ended(product) }
        // Its time is over; the tick that will say so is still to come, and one before it may be under way.
        guard nowMillis <= product.endMillis else { return .rejected(.ended, nil) }
        let price = ObservedPrice(priceE8: priceE8, tick: product.seenTick, stampMillis: nowMillis)
        _ = product.observe(operatorPrice: price)
        var logged = append(.contractObserved, product, ProductJSON.observed(product, price))
        if product.outcome != nil { logged = append(.contractEnded, product, ProductJSON.ended(product)) }
        return .stored(logged)
    }

    private mutating func cancel(
        _ id: String, by canceller: ProductCanceller, _ known: LoggedProduct?
    ) -> ProductResult {
        guard var product = foldedToNow(id, known) else { return .rejected(.unknownContract, nil) }
        if case .owner(let address) = canceller, product.owner != address { return .rejected(.notYours, nil) }
        guard product.outcome == nil else { return ended(product) }
        guard nowMillis <= product.endMillis else { return .rejected(.ended, nil) }
        _ = product.cancel(atMillis: nowMillis)
        return .stored(append(.contractEnded, product, ProductJSON.ended(product)))
    }

    /// The product after every tick that is stored.
    private func foldedToNow(_ id: String, _ known: LoggedProduct?) -> Product? {
        guard var product = locked.base(id, known)?.product else { return nil }
        for tick in locked.ticks { _ = product.observe(tick) }
        return product
    }

    /// Refuses what came too late; the end is written unless it was.
    private mutating func ended(_ product: Product) -> ProductResult {
        if let stored = locked.stored[product.id], stored.product.outcome != nil { return .rejected(.ended, stored) }
        return .rejected(.ended, append(.contractEnded, product, ProductJSON.ended(product)))
    }

    private mutating func decide(_ decided: LoggedProduct, leaderEpoch: Int64?) -> ProductResult {
        guard leaderEpoch == locked.leaderEpoch, let stored = locked.stored[decided.product.id],
            stored.seq == decided.seq, stored.product.outcome == nil
        else { return .superseded }
        let product = decided.product
        var logged = decided
        if product.hits > stored.product.hits { logged = append(.contractHit, product, ProductJSON.hit(product)) }
        if product.outcome != nil { logged = append(.contractEnded, product, ProductJSON.ended(product)) }
        return logged.seq == decided.seq ? .superseded : .stored(logged)
    }

    private mutating func append(_ type: EventType, _ product: Product, _ data: String) -> LoggedProduct {
        entries.append(Entry(type: type, id: product.id, data: data))
        let logged = LoggedProduct(product: product, seq: locked.headSeq + UInt64(entries.count))
        changed[product.id] = logged
        locked.stored[product.id] = logged
        return logged
    }
}

extension Rejection {
    static let noPrice = Rejection(
        .malformed, code: "no_price", field: "token",
        detail: "No price of this token is published here; GET /prices lists those that are.")

    static let unknownContract = Rejection(
        .notFound, code: "unknown_contract", field: "contractId", detail: "There is no contract with this id.")

    static let notYours = Rejection(
        .forbidden, code: "not_the_owner", field: "contractId",
        detail: "This contract is another owner's; only they and the operator may end it.")

    static let ended = Rejection(
        .conflict, code: "contract_ended", field: "contractId",
        detail: "This contract has ended; its state says how. Nothing was changed.")

    static let productsPaused = Rejection(
        .unavailable, code: "products_paused", field: nil,
        detail: "Prices are not recorded at the moment, so products pause. Nothing was stored; send it again shortly.")

    static func tooManyProducts(_ what: String) -> Rejection {
        Rejection(
            .tooMany, code: "too_many_products", field: nil, detail: "\(what). Send it again when one has ended.")
    }
}
