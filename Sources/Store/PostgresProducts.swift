import Ethereum
public import Exchange
public import Logging
public import Market
public import Postgres

/// The products in PostgreSQL.
public struct PostgresProducts: ProductLog {
    /// Rows of the log looked at in one go.
    private static let batch = 1_000
    /// Ticks that one operator's request may have to go through: an hour's, and some.
    private static let mostTicks = 40_000

    private let transactions: LogTransactions
    private let reads: PostgresClient
    private let rules: ProductRules
    private let logger: Logger

    /// Products written through `writes` (a pool of its own, see `PostgresConfiguration.writingLog`), read through `reads`.
    public init(writes: PostgresClient, reads: PostgresClient, rules: ProductRules, logger: Logger) {
        transactions = LogTransactions(database: writes)
        self.reads = reads
        self.rules = rules
        self.logger = logger
    }

    /// One transaction under the head's lock.
    public func commit(
        _ writes: [ProductWrite], leaderEpoch: Int64?
    ) async throws(WriteFailure) -> [ProductResult] {
        let rules = rules
        do {
            return try await transactions.run { transaction in
                let locked = try Self.read(writes, in: transaction)
                let plan = ProductPlan(writes, on: locked, rules: rules, leaderEpoch: leaderEpoch)
                for entry in plan.entries { transaction.append(entry.type, about: entry.id, data: entry.data) }
                Self.write(plan, in: &transaction)
                return plan.results
            }
        } catch {
            logger.warning("products were not written", metadata: ["error": "\(error)"])
            throw (error as? PostgresError)?.outcomeUnknown == true ? .outcomeUnknown : .notStored
        }
    }

    private static func read(_ writes: [ProductWrite], in transaction: LogTransaction) throws -> LockedProducts {
        let submitters = writes.compactMap { write in
            if case .accept(let new) = write { new.submitter } else { nil }
        }
        var queries = [ProductsTable.find(writes.map(\.id)), ProductTicks.newest]
        if !submitters.isEmpty {
            queries.append(ProductsTable.count)
            queries.append(ProductsTable.countByClient(Array(Set(submitters.map(\.client)))))
            queries.append(ProductsTable.countByOwner(Array(Set(submitters.compactMap(\.owner)))))
        }
        let answers = try transaction.connection.pipeline(queries)
        let stored = try ProductsTable.products(answers[0])
        var locked = LockedProducts(
            headSeq: transaction.head.seq, leaderEpoch: transaction.leaderEpoch, nowMicros: transaction.nowMicros,
            newestTick: try ProductTicks.read(answers[1]).first,
            stored: Dictionary(stored.map { ($0.product.id, $0) }, uniquingKeysWith: { first, _ in first }), active: 0,
            activeByClient: [:], activeByOwner: [:])
        if !submitters.isEmpty {
            locked.active = Int(clamping: try answers[2].single().int64(0))
            for row in answers[3] { locked.activeByClient[try row.text(0)] = Int(clamping: try row.int64(1)) }
            for row in answers[4] { locked.activeByOwner[try row.address(0)] = Int(clamping: try row.int64(1)) }
        }
        let seen = writes.compactMap { write -> UInt64? in
            switch write {
            case .observe(let id, _, let known), .cancel(let id, _, let known):
                locked.base(id, known)?.product.seenTick
            case .accept, .decide: nil
            }
        }
        if let oldest = seen.min() {
            locked.ticks = try ProductTicks.read(
                try transaction.connection.query(ProductTicks.after(oldest, limit: mostTicks)))
        }
        return locked
    }

    private static func write(_ plan: ProductPlan, in transaction: inout LogTransaction) {
        let accepted = plan.accepted.values.sorted { $0.id < $1.id }
        let inserted = accepted.compactMap { plan.changed[$0.id] }
        if !inserted.isEmpty {
            let clients = accepted.map { plan.changed[$0.id]?.product.outcome == nil ? $0.submitter.client : nil }
            transaction.write(ProductsTable.insertion(of: inserted, clients: clients))
        }
        let updated = plan.changed.values.filter { plan.accepted[$0.product.id] == nil }
        if !updated.isEmpty { transaction.write(ProductsTable.update(of: updated)) }
    }

    /// Every active product as it was last logged, and the head, from one snapshot.
    public func activeProducts() async throws -> (products: [LoggedProduct], headSeq: UInt64) {
        try await reads.withConnection { connection in
            _ = try connection.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            let head = try LogTable.head(on: connection).head
            let products = try ProductsTable.active(on: connection)
            _ = try connection.query("COMMIT")
            return (products, head.seq)
        }
    }

    /// What rows after `seq` changed.
    public func changes(after seq: UInt64) async throws -> ProductChanges {
        try await reads.withConnection { try ProductsTable.changes(after: seq, limit: Self.batch, on: $0) }
    }

    /// A product in whatever status.
    public func product(_ id: String) async throws -> LoggedProduct? {
        try ProductsTable.products(try await reads.query(ProductsTable.find([id]))).first
    }

    /// The stored ticks after `number`, in order, at most `limit`.
    public func ticks(after number: UInt64, limit: Int) async throws -> [RecordedTick] {
        try await reads.withConnection { try ProductTicks.read(try $0.query(ProductTicks.after(number, limit: limit))) }
    }

    /// The number of the newest stored tick.
    public func newestTick() async throws -> UInt64? {
        try ProductTicks.read(try await reads.query(ProductTicks.newest)).first?.number
    }
}
