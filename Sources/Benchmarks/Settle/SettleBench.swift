import Ethereum
import Exchange
import Logging
import Market
import Postgres
import Settlement
import Store
import Synchronization

/// A desk and a worker over one database, as the service has them.
struct SettleBench: Sendable {
    private static let proceeds: UInt256 = 2_400_000_000
    private static let priceE8: UInt256 = 249_900_000_000

    private let transactions: LogTransactions
    private let clients: [PostgresClient]
    private let holder = PrivateKey.generate()
    private let desk: SettlementDesk
    private let worker: SettlementWorker
    private let connection: CowConnection
    private let ends = EndCount()

    init(log: BenchmarkLog, cow: PromptCow) throws {
        let logger = Logger(label: "benchmarks", factory: { _ in SwiftLogNoOpLogHandler() })
        let configuration = try PostgresConfiguration(url: log.databaseURL)
        let writes = PostgresClient(configuration: configuration.writingLog(), logger: logger)
        let reads = PostgresClient(configuration: configuration.readingLog(pool: 8), logger: logger)
        clients = [writes, reads]
        transactions = LogTransactions(database: writes)
        let store = PostgresSettlements(
            writes: writes, reads: reads,
            decimals: { $0 == SampleOffers.weth ? 18 : $0 == SampleOffers.usdc ? 6 : nil }, confirmations: 12,
            logger: logger)
        guard let connection = CowConnection(url: cow.url) else { throw BenchmarkFailure("\(cow.url) is no URL") }
        self.connection = connection
        let rules = SettlementRules(deployment: SampleOffers.deployment)
        let now: @Sendable () -> Int64 = { Int64(Clock.unixMicros()) }
        let hearing = SettlementHearing()
        let worker = SettlementWorker(
            store: store, cow: connection.client, rules: rules, leadership: Leads(), nowMicros: now,
            listeners: [ends, hearing], logger: logger)
        self.worker = worker
        desk = SettlementDesk(
            rules: rules, store: store,
            price: { _, now in SettlementPrice(priceE8: Self.priceE8, source: "operator", asOfMicros: now) },
            nowMicros: now, submit: { worker.wake() }, hearing: hearing, listeners: [])
    }

    /// Options 1 to `count`: confirmed calls that expired a day ago.
    func makeOptions(_ count: Int) async throws {
        let (owner, last) = (holder.address, Int64(count))
        try await transactions.run { transaction in
            let seq = Int64(transaction.append(.cancelRecorded, about: nil))
            transaction.write(
                """
                INSERT INTO fills (block_hash, log_index, tx_hash, block_number, named_hash, token_id, amount, status, seq)
                SELECT \(Bytes32.zero), number, \(Bytes32.zero), 1, \(Bytes32.zero), number, 1000000000000000000,
                       'confirmed', \(seq)
                FROM generate_series(1, \(last)::integer) AS number
                """)
            transaction.write(
                """
                INSERT INTO active_options (token_id, named_hash, taker, holder, underlying, stablecoin, is_call,
                                            collateral_locked, strike_price, start_time, expiry_time, duration, status,
                                            block_hash, block_number, log_index, tx_hash, seq)
                SELECT number, \(Bytes32.zero), \(owner), \(owner), \(SampleOffers.weth), \(SampleOffers.usdc), true,
                       1000000000000000000, 200000000000, now() - interval '2 days', now() - interval '1 day', 1,
                       'confirmed', \(Bytes32.zero), 1, number, \(Bytes32.zero), \(seq)
                FROM generate_series(1, \(last)::integer) AS number
                """)
        }
    }

    /// Runs `body` beside the worker.
    func withWorker<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let result: Result<Value, any Error>
        do {
            result = .success(
                try await withThrowingTaskGroup(of: Value?.self) { group in
                    group.addTask {
                        try await worker.run()
                        return nil
                    }
                    group.addTask { try await body() }
                    while let value = try await group.next() {
                        if let value {
                            group.cancelAll()
                            return value
                        }
                    }
                    throw CancellationError()
                })
        } catch {
            result = .failure(error)
        }
        try await connection.close()
        for client in clients { await client.shutdown() }
        return try result.get()
    }

    /// Settles these options; the proposals are made beforehand.
    /// - Returns: seconds until CoW had confirmed every order, and until every settlement was completed.
    func settle(_ tokenIds: ClosedRange<Int>, atOnce: Int) async throws -> (submitting: Double, all: Double) {
        let proposals = try await each(tokenIds, atOnce: atOnce) { tokenId in
            guard case .created(let proposal) = try await desk.initiate(UInt256(UInt64(tokenId)), SettlementWish())
            else { throw BenchmarkFailure("option \(tokenId) has a proposal already") }
            return proposal
        }
        let goal = ends.count + tokenIds.count
        let begin = Clock.now()
        _ = try await each(proposals.indices.lowerBound...(proposals.count - 1), atOnce: atOnce) { index in
            let proposal = proposals[index]
            let signature = holder.sign(digest: proposal.terms.digest(SampleOffers.deployment)).bytes65
            _ = try await desk.approve(
                proposal.tokenId, SettlementConsent(conditionsHash: proposal.terms.conditionsHash, own: nil),
                signature: signature)
            let stored = try await desk.submit(proposal.tokenId)
            guard !stored.settlement.isSubmitting else { throw BenchmarkFailure("CoW's word took more than 5 s") }
        }
        let submitted = Clock.now()
        while ends.count < goal {
            try Interrupt.check()
            guard Clock.now() - submitted < 120_000_000_000 else {
                throw BenchmarkFailure("\(goal - ends.count) settlements have no end after two minutes")
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        return (Double(submitted - begin) / 1e9, Double(Clock.now() - begin) / 1e9)
    }

    private func each<Value: Sendable>(
        _ range: ClosedRange<Int>, atOnce: Int, _ body: @escaping @Sendable (Int) async throws -> Value
    ) async throws -> [Value] {
        let next = Turns(range)
        return try await withThrowingTaskGroup(of: [Value].self) { group in
            for _ in 0..<atOnce {
                group.addTask {
                    var values: [Value] = []
                    while let number = next.take() { values.append(try await body(number)) }
                    return values
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }
}

/// Numbers that several tasks share out among themselves.
private final class Turns: Sendable {
    private let next: Mutex<Int>
    private let last: Int

    init(_ range: ClosedRange<Int>) {
        next = Mutex(range.lowerBound)
        last = range.upperBound
    }

    func take() -> Int? {
        next.withLock { next in
            guard next <= last else { return nil }
            defer { next += 1 }
            return next
        }
    }
}

/// The one process there is.
private struct Leads: Leadership {
    let epoch: Int64? = 0
}

/// Counts settlements that were completed.
private final class EndCount: SettlementListener {
    private let completed = Mutex(0)

    var count: Int { completed.withLock { $0 } }

    func changed(_ stored: StoredSettlement, _ event: SettlementEvent) {
        if event == .completed { completed.withLock { $0 += 1 } }
    }
}
