public import Ethereum
public import Market

/// Products in the log, as `Exchange` needs them. `Store` is its one implementation; tests run it on a real PostgreSQL.
public protocol ProductLog: Sendable {
    /// Takes the head's lock, reads what `writes` touch, lets `ProductPlan` decide, writes, commits.
    /// - Parameter leaderEpoch: the epoch under which decisions are made; nil when there are none among `writes`.
    /// - Returns: one result a write, in order.
    func commit(_ writes: [ProductWrite], leaderEpoch: Int64?) async throws(WriteFailure) -> [ProductResult]

    /// Every active product as it was last logged, and the log's head that they reflect.
    func activeProducts() async throws -> (products: [LoggedProduct], headSeq: UInt64)

    /// What rows after `seq` changed.
    func changes(after seq: UInt64) async throws -> ProductChanges

    /// A product in whatever status; nil when there is none.
    func product(_ id: String) async throws -> LoggedProduct?

    /// The stored ticks after `number`, in order, at most `limit`.
    func ticks(after number: UInt64, limit: Int) async throws -> [RecordedTick]

    /// The number of the newest stored tick; nil before the first.
    func newestTick() async throws -> UInt64?
}

/// What some rows of the log changed of products.
public struct ProductChanges: Sendable {
    /// Each product concerned, as it is by now.
    public let products: [LoggedProduct]
    /// Products that are no longer stored: the operator deleted their records.
    public let deleted: Set<String>
    /// The last row by which the operator deleted all records before it.
    public let cleanedSeq: UInt64?
    /// The last row looked at.
    public let throughSeq: UInt64
    /// Whether that was the last row there was.
    public let isComplete: Bool

    /// What the rows up to `throughSeq` changed.
    public init(
        products: [LoggedProduct], deleted: Set<String>, cleanedSeq: UInt64?, throughSeq: UInt64, isComplete: Bool
    ) {
        self.products = products
        self.deleted = deleted
        self.cleanedSeq = cleanedSeq
        self.throughSeq = throughSeq
        self.isComplete = isComplete
    }
}

/// Something that wants a row of the log about a product. All checking that needs no database is done before.
public enum ProductWrite: Sendable {
    /// A submission under an id that was drawn for it.
    case accept(NewProduct)
    /// One price for one product alone, 1e-8 units; `base` is what this process knows of it.
    case observe(id: String, priceE8: Int64, base: LoggedProduct?)
    /// An end before its time.
    case cancel(id: String, by: ProductCanceller, base: LoggedProduct?)
    /// What the leader's fold of the ticks made of a product since its row at `seq`: rungs hit, or its end.
    case decide(LoggedProduct)

    /// The product.
    public var id: String {
        switch self {
        case .accept(let new): new.id
        case .observe(let id, _, _), .cancel(let id, _, _): id
        case .decide(let logged): logged.product.id
        }
    }
}

/// A product that is not accepted yet.
public struct NewProduct: Sendable, Hashable {
    /// Drawn at random.
    public let id: String
    /// Checked by `ProductRules`.
    public let terms: ProductTerms
    /// Who submits it, and the address to count for limits.
    public let submitter: Submitter

    /// Terms under an id of their own.
    public init(id: String, terms: ProductTerms, submitter: Submitter) {
        self.id = id
        self.terms = terms
        self.submitter = submitter
    }
}

/// Who asks for a product's end.
public enum ProductCanceller: Sendable, Hashable {
    /// The operator may end any.
    case `operator`
    /// Whoever is logged in may end their own.
    case owner(Address)
}

/// What became of a `ProductWrite`; durable when it is given.
public enum ProductResult: Sendable {
    /// It was written: the product after it.
    case stored(LoggedProduct)
    /// It was refused; with a product, when asking showed that the product had ended, and that was written.
    case rejected(Rejection, LoggedProduct?)
    /// A decision that was made of an older state, or by a process that does not lead any more: nothing was written.
    case superseded
}
