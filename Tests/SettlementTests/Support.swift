import Ethereum
import Exchange
import Foundation
import Logging
import Market
import Postgres
import Store
import Synchronization
import TestServers

/// Whether tests may start PostgreSQL.
let withServers = ProcessInfo.processInfo.environment["STRIKEBOOK_TEST_SERVERS"] != nil

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

let deployment = Deployment(
    chainId: 31337, verifyingContract: Address(bytes: [UInt8](repeating: 0x11, count: 20)) ?? .zero)
let rules = SettlementRules(deployment: deployment)
let weth = Address(bytes: [UInt8](repeating: 0x22, count: 20)) ?? .zero
let usdc = Address(bytes: [UInt8](repeating: 0x33, count: 20)) ?? .zero
let holder = testKey("holder")
let buyer = testKey("buyer")

func testKey(_ name: String) -> PrivateKey {
    guard let key = try? PrivateKey(bytes: Keccak256.hash(utf8: name).array) else { preconditionFailure("no key") }
    return key
}

/// Options expired at this moment, unix seconds.
let expiry: UInt64 = 1_800_000_000

/// A clock that only tests move, µs since 1970.
final class TestClock: Sendable {
    private let micros: Mutex<Int64>

    init(seconds: UInt64) { micros = Mutex(Int64(seconds) * 1_000_000) }

    var nowMicros: Int64 { micros.withLock { $0 } }
    var now: UInt64 { UInt64(nowMicros / 1_000_000) }

    func advance(seconds: Int64) { micros.withLock { $0 += seconds * 1_000_000 } }

    /// To `seconds`, unless it is later already.
    func advance(to seconds: UInt64) { micros.withLock { $0 = max($0, Int64(seconds) * 1_000_000) } }
}

/// Leads for good.
struct Leads: Leadership {
    var epoch: Int64?
}

/// A fresh database with the whole schema, and settlements in it.
struct SettlementDatabase {
    let url: String
    let client: PostgresClient
    let store: PostgresSettlements

    init(connections: Int = 2) async throws {
        let server = try TestPostgres.shared()
        let template = try await migratedTemplate.value
        let name = "settlements_\(UInt32.random(in: 0 ... .max))"
        try server.psql("CREATE DATABASE \(name) TEMPLATE \(template)")
        url = server.url(database: name)
        var configuration = try PostgresConfiguration(url: url)
        configuration.poolSize = connections
        configuration.role = "strikebook_app"
        client = PostgresClient(configuration: configuration, logger: quiet)
        _ = try await DeploymentTable.claim(deployment, in: client)
        store = PostgresSettlements(
            writes: client, reads: client, decimals: { $0 == weth ? 18 : $0 == usdc ? 6 : nil }, confirmations: 12,
            logger: quiet)
    }

    func close() async { await client.shutdown() }

    /// One row of text columns.
    func row(_ query: Query) async throws -> [String?] {
        let row = try await client.query(query).single()
        return try (0..<row.count).map { column in try row.ifPresent(column) { try $0.text($1) } }
    }

    /// An expired, confirmed call of `holder`'s.
    func makeOption(_ tokenId: UInt64, isCall: Bool = true) async throws {
        let transactions = LogTransactions(database: client)
        let (hash, number) = (Keccak256.hash(utf8: "take \(tokenId)"), Int64(tokenId))
        try await transactions.run { transaction in
            let seq = Int64(transaction.append(.cancelRecorded, about: nil))
            transaction.write(
                """
                INSERT INTO fills (block_hash, log_index, tx_hash, block_number, named_hash, token_id, amount, status, seq)
                VALUES (\(hash), 0, \(hash), 1, \(hash), \(number)::numeric, 1000000000000000000, 'confirmed', \(seq))
                """)
            transaction.write(
                """
                INSERT INTO active_options (token_id, named_hash, taker, holder, underlying, stablecoin, is_call,
                                            collateral_locked, strike_price, start_time, expiry_time, duration, status,
                                            block_hash, block_number, log_index, tx_hash, seq)
                VALUES (\(number)::numeric, \(hash), \(holder.address), \(holder.address), \(weth), \(usdc), \(isCall),
                        1000000000000000000, 200000000000, to_timestamp(\(Int64(expiry)) - 86400),
                        to_timestamp(\(Int64(expiry))), 1, 'confirmed', \(hash), 1, 0, \(hash), \(seq))
                """)
        }
    }

    /// A Transfer of the position.
    func move(_ tokenId: UInt64, to owner: Address) async throws {
        _ = try await client.query(
            "UPDATE active_options SET holder = \(owner) WHERE token_id = \(Int64(tokenId))::numeric")
    }

    /// A block of this time (unix seconds) is confirmed, with a Transfer of an option nobody knows in it.
    func confirmBlock(at seconds: UInt64) async throws {
        let (hash, time) = (Keccak256.hash(utf8: "block \(seconds)"), Int64(seconds))
        try await LogTransactions(database: client).run { transaction in
            let seq = Int64(transaction.append(.optionTransferred, about: nil))
            transaction.write(
                """
                INSERT INTO chain_events (block_hash, log_index, block_number, block_time, tx_hash, name, args, status,
                                          is_garbled, seq)
                VALUES (\(hash), 0, \(time), to_timestamp(\(time)), \(hash), 'Transfer', '{}', 'confirmed', false, \(seq))
                """)
        }
    }

    /// A confirmed event of the chain about an option.
    func settle(_ tokenId: UInt64, _ name: String, _ arguments: String, block: Int) async throws {
        let (hash, number) = (Keccak256.hash(utf8: "reorged block \(block)"), Int64(tokenId))
        try await LogTransactions(database: client).run { transaction in
            let seq = Int64(transaction.append(.settlementExecutedOnChain, about: nil))
            transaction.write(
                """
                INSERT INTO chain_events (block_hash, log_index, block_number, block_time, tx_hash, name, token_id, args,
                                          status, is_garbled, seq)
                VALUES (\(hash), 0, \(Int64(block)), to_timestamp(\(Int64(expiry))), \(hash), \(name),
                        \(number)::numeric, \(arguments), 'confirmed', false, \(seq))
                """)
        }
    }

    /// The block of `settle` is no part of the chain any more.
    func revert(block: Int) async throws {
        let hash = Keccak256.hash(utf8: "reorged block \(block)")
        try await LogTransactions(database: client).run { transaction in
            let seq = Int64(transaction.append(.eventReverted, about: nil))
            transaction.write(
                "UPDATE chain_events SET status = 'reverted', seq = \(seq) WHERE block_hash = \(hash)")
        }
    }

    /// A desk and the holder's signature.
    func desk(
        _ clock: TestClock, hearing: SettlementHearing = SettlementHearing(), submit: (@Sendable () -> Void)? = nil
    ) -> SettlementDesk {
        SettlementDesk(
            rules: rules, store: store,
            price: { _, now in SettlementPrice(priceE8: 249_900_000_000, source: "operator", asOfMicros: now) },
            nowMicros: { clock.nowMicros }, submit: submit, hearing: hearing, listeners: [])
    }

    /// Initiates and approves as the holder; the order's id.
    @discardableResult
    func approve(_ tokenId: UInt64, _ desk: SettlementDesk, as holder: PrivateKey = holder) async throws -> OrderUID {
        let proposal =
            switch try await desk.initiate(UInt256(tokenId), SettlementWish()) {
            case .created(let proposal), .stood(let proposal): proposal
            case .direct(_, let refusal): throw refusal
            }
        let signature = holder.sign(digest: proposal.terms.digest(deployment)).bytes65
        _ = try await desk.approve(
            UInt256(tokenId), SettlementConsent(conditionsHash: proposal.terms.conditionsHash, own: nil),
            signature: signature)
        return proposal.uid
    }

    /// Has the approved order sent; nothing waits for it.
    func request(_ tokenId: UInt64, _ clock: TestClock) async throws {
        let now = clock.nowMicros
        _ = try await store.change(UInt256(tokenId), by: .anybody) { facts in
            let scene = try SettlementDesk.scene(
                facts, UInt256(tokenId), rules, now,
                .failure(Rejection(.unavailable, code: "price_unavailable", detail: "none")))
            return (OptionSettlement.requestSubmission(of: facts.settlement, in: scene), ())
        }
    }
}

private let migratedTemplate = Task {
    let server = try TestPostgres.shared()
    let url = try server.makeDatabase()
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "db/migrations").resolvingSymlinksInPath().path
    let migrations = try MigrationFiles.load(directory: folder)
    var configuration = try PostgresConfiguration(url: url)
    configuration.poolSize = 1
    let client = PostgresClient(configuration: configuration, logger: quiet)
    _ = try await client.withConnection { try Migrator(migrations).up(on: $0) }
    await client.shutdown()
    return String(url.split(separator: "/").last ?? "")
}

/// SplitMix64 (Steele, Lea, Flood 2014): random numbers that are the same in every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
