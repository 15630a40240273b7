import Ethereum
import Exchange
import Market
import Postgres
import Store
import StrictJSON
import Synchronization
import Testing

/// A process of the service, as far as products go; it leads while it has an epoch.
final class ProductProcess: Leadership, Sendable {
    let service: ProductService
    private let board = PriceBoard()
    private let lead: Mutex<Int64?>

    var epoch: Int64? { lead.withLock { $0 } }

    init(_ market: ProductMarket, epoch: Int64? = nil) async throws {
        let lead = Mutex(epoch)
        let holder = Holder()
        let products = PostgresProducts(
            writes: market.client, reads: market.client, rules: market.rules, logger: quiet)
        service = ProductService(
            log: products, board: board, leadership: holder, tokens: TokenList([]), rules: market.rules,
            wake: AsyncStream<UInt64?> { $0.finish() }, nowMillis: { 0 }, logger: quiet, pricer: { _, _ in 7 })
        self.lead = lead
        holder.process.withLock { $0 = self }
        if let last = market.last { board.publish(market.published(last)) }
        try await service.load()
    }

    /// The service asks it who leads; it is made before the process.
    private final class Holder: Leadership, Sendable {
        let process = Mutex<ProductProcess?>(nil)
        var epoch: Int64? { process.withLock { $0 }?.epoch }
    }

    func lead(_ epoch: Int64?) { lead.withLock { $0 = epoch } }

    /// A stored tick is published.
    func hear(_ tick: RecordedTick, _ market: ProductMarket) {
        board.publish(market.published(tick))
        service.published(market.published(tick))
    }

    /// Submits, and gives the contract's id once it is stored.
    @discardableResult
    func submit(
        _ fields: String, payoff: Int64 = 1_000, durationMs: Int64 = 5_000, client: String = "client",
        owner: Address? = nil
    ) async throws -> String {
        try await submission(fields, payoff: payoff, durationMs: durationMs, client: client, owner: owner).get()
            .contractID
    }

    func submission(
        _ fields: String, payoff: Int64 = 1_000, durationMs: Int64 = 5_000, client: String = "client",
        owner: Address? = nil
    ) async throws -> Result<AcceptedContract, Rejection> {
        let text = """
            {\(fields),"token":"\(weth.hex)","durationMs":\(durationMs),"payoffE8":"\(payoff)"}
            """
        let json = try #require(try JSONValue.parse(Array(text.utf8)).object)
        let (answers, answered) = AsyncStream.makeStream(of: Result<AcceptedContract, Rejection>.self)
        service.submit(json, by: Submitter(client: client, owner: owner)) { answered.yield($0) }
        try await service.turn()
        return try await first(of: answers)
    }

    func state(_ id: String) async throws -> [String: String] {
        try await asked { self.service.query(id, answer: $0) }.get()
    }

    func observe(_ id: String, _ priceE8: Int64) async throws -> Result<[String: String], Rejection> {
        try await asked { self.service.observe(id, priceE8: priceE8, answer: $0) }
    }

    func cancel(_ id: String, by who: ProductCanceller = .operator) async throws -> Result<[String: String], Rejection>
    {
        try await asked { self.service.cancel(id, by: who, answer: $0) }
    }

    private func asked(
        _ ask: (@escaping @Sendable (Result<ContractState, Rejection>) -> Void) -> Void
    ) async throws -> Result<[String: String], Rejection> {
        let (answers, answered) = AsyncStream.makeStream(of: Result<ContractState, Rejection>.self)
        ask { answered.yield($0) }
        try await service.turn()
        return try await first(of: answers).map { state in
            var fields: [String: String] = [:]
            guard let object = try? JSONValue.parse(state.json).object else { return fields }
            for member in object.members {
                var json = JSONWriter()
                json.value(member.value)
                let text = String(decoding: json.bytes, as: UTF8.self)
                fields[String(decoding: member.key, as: UTF8.self)] = text.filter { $0 != "\"" }
            }
            return fields
        }
    }

    private func first<Value: Sendable>(of answers: AsyncStream<Value>) async throws -> Value {
        var iterator = answers.makeAsyncIterator()
        return try #require(await iterator.next())
    }
}

/// Ticks of one token that are stored, with stamps far ahead of the database's clock, so that they alone are the time.
final class ProductMarket {
    static let firstStamp: Int64 = 4_000_000_000_000

    let stored: StoredLog
    let client: PostgresClient
    let rules: ProductRules
    private(set) var ticks: [RecordedTick] = []

    var last: RecordedTick? { ticks.last }

    init(rules: ProductRules = ProductRules()) async throws {
        stored = try await StoredLog()
        client = try makeClient(stored.url) {
            $0.poolSize = 4
            $0.role = "strikebook_app"
        }
        self.rules = rules
        try await tick(100)
    }

    /// Stores the next tick, 100 ms after the last.
    @discardableResult
    func tick(_ priceE8: Int64, heardBy processes: [ProductProcess] = [], skipping missed: Int64 = 0) async throws
        -> RecordedTick
    {
        let stamp = last.map { $0.stampMillis + 100 + missed } ?? Self.firstStamp
        let tick = RecordedTick(number: UInt64(ticks.count + 1), stampMillis: stamp, pricesE8: [weth: priceE8])
        let prices = "{\"\(weth.hex)\": \"\(priceE8)\"}"
        _ = try await client.query(
            """
            INSERT INTO ticks (tick, as_of, prices)
            VALUES (\(Int64(tick.number)), \(PostgresTimestamp(microsecondsSince1970: stamp * 1_000)),
                    \(prices)::text::jsonb)
            """)
        ticks.append(tick)
        for process in processes { process.hear(tick, self) }
        return tick
    }

    func published(_ tick: RecordedTick) -> [PriceTick] {
        tick.pricesE8.map { token, price in
            PriceTick(
                token: token, priceE8: price, tick: tick.number, asOfMillis: tick.stampMillis, source: .simulation)
        }
    }

    /// The rows of a query as text.
    func rows(_ query: Query) async throws -> [[String]] {
        try await client.query(query).map { row in try (0..<row.count).map { try row.text($0) } }
    }

    /// How each product ended according to the log; a second end of one is a failure.
    func ends() async throws -> [String: NaiveProduct.End] {
        var ends: [String: NaiveProduct.End] = [:]
        let rows = try await client.query(
            """
            SELECT related_id, data_json ->> 'status', data_json ->> 'payoutE8' FROM transaction_logs
            WHERE event_type = 'contract_ended'
            """)
        for row in rows {
            let id = try row.text(0)
            #expect(ends[id] == nil, "\(id) ended twice")
            ends[id] = NaiveProduct.End(status: try row.text(1), payoutE8: Int64(try row.text(2)) ?? -1)
        }
        return ends
    }

    /// What every stored product should have come to.
    func naiveEnds() async throws -> [String: NaiveProduct.End] {
        let prices = ticks.map { (stamp: $0.stampMillis, price: $0.pricesE8[weth] ?? 0) }
        var ends: [String: NaiveProduct.End] = [:]
        for row in try await client.query("SELECT id, type, parameters, created_at, duration FROM contracts") {
            let terms = try #require(
                StoredProductJSON.terms(
                    type: try row.text(1), durationMillis: try row.int64(4), parameters: try row.bytes(2)))
            ends[try row.text(0)] = NaiveProduct.end(
                of: terms, from: try row.timestampMicros(3) / 1_000, prices)
        }
        return ends
    }

    func close() async throws {
        let report = try await stored.read { try LogVerifier.verify(on: $0, expecting: []) }
        #expect(report.findings.isEmpty)
        await client.shutdown()
        await stored.close()
    }
}
