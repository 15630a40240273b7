import Ethereum
import Exchange
import Foundation
import Market
import Postgres
import TestServers
import Testing

@testable import Store

/// A million offers take most of a minute to make, so these run with the slow tests only.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["STRIKEBOOK_SLOW_TESTS"] != nil))
struct ListingPlanTests {
    private static let offers = 1_000_000

    /// 300 writers, 20 underlyings, 2 stablecoins of which one is rare; a tenth is open, one in a thousand is filled.
    private static let script = """
        SET synchronous_commit = off;
        INSERT INTO log_head (seq, hash, created_at, epoch) VALUES (\(offers), sha256('head'), now(), 1);
        INSERT INTO transaction_logs (seq, event_type, created_at, prev_hash, hash)
        SELECT i, 'offer_created', timestamptz '2026-01-01' + i * interval '1 second', sha256('x'), sha256('x')
        FROM generate_series(1, \(offers)) i;
        INSERT INTO offers (offer_hash, struct_hash, encoded_hash, writer_address, underlying_address, collateral_amount,
                            stablecoin_address, is_call, premium_per_day, min_duration, max_duration, min_fill_amount,
                            deadline, config_hash, signature, seq, created_at, closed_seq, closed_reason, cancelled_at)
        SELECT substr(int8send(i) || sha256(int8send(i)), 1, 32), sha256(int8send(-i)), sha256(int8send(i) || '\\x00'),
               int8send(i * 7919 % 300) || tail, int8send(i % 20) || tail, 1000000,
               int8send(1000 + (i % 1000) / 999) || tail, i % 2 = 0, 10000000 + i % 1000, 1 + (i % 30)::int,
               30 + (i % 300)::int, 1, 4000000000, sha256('x'), sha512('x') || '\\x1b', i,
               timestamptz '2026-01-01' + i * interval '1 second', CASE WHEN i % 10 <> 0 THEN i END,
               CASE WHEN i % 10 = 0 THEN NULL WHEN i % 1000 = 1 THEN 'filled' WHEN i % 3 = 0 THEN 'expired'
                    ELSE 'cancelled' END, CASE WHEN i % 10 <> 0 THEN now() END
        FROM generate_series(1::bigint, \(offers)) i, (SELECT decode(repeat('00', 12), 'hex')) AS t (tail);
        INSERT INTO filled_amounts (offer_hash, collateral_amount, filled_amount)
        SELECT offer_hash, collateral_amount, 1 FROM offers WHERE seq % 1000 = 10;
        VACUUM ANALYZE offers, filled_amounts, transaction_logs;
        """

    /// The address that the script makes of a number.
    private static func made(_ number: UInt64) -> Address? {
        Address(bytes: withUnsafeBytes(of: number.bigEndian) { Array($0) } + [UInt8](repeating: 0, count: 12))
    }

    /// A filter of each kind, and those that an index range serves badly.
    private static let filters: [(String, @Sendable (inout OfferFilter) -> Void)] = [
        ("nothing", { _ in }),
        ("writer", { $0.writer = made(7) }),
        ("unknown writer", { $0.writer = .zero }),
        ("writer, open", { ($0.writer, $0.status) = (made(0), .open) }),
        ("writer, cancelled", { ($0.writer, $0.status) = (made(1), .cancelled) }),
        ("writer, underlying", { ($0.writer, $0.underlying) = (made(0), made(0)) }),
        ("underlying", { $0.underlying = made(1) }),
        ("underlying, call", { ($0.underlying, $0.isCall) = (made(2), true) }),
        ("underlying, open", { ($0.underlying, $0.status) = (made(0), .open) }),
        ("underlying, filled", { ($0.underlying, $0.status) = (made(1), .filled) }),
        ("stablecoin", { $0.stablecoin = made(1000) }),
        ("rare stablecoin", { $0.stablecoin = made(1001) }),
        ("unknown stablecoin", { $0.stablecoin = .zero }),
        ("side", { $0.isCall = false }),
        ("open", { $0.status = .open }),
        ("partially filled", { $0.status = .partiallyFilled }),
        ("filled", { $0.status = .filled }),
        ("cancelled", { $0.status = .cancelled }),
        ("expired", { $0.status = .expired }),
        ("durations", { ($0.minDuration, $0.maxDuration) = (10, 12) }),
        ("impossible durations", { $0.minDuration = 365 }),
        ("created lately", { $0.createdAfterMicros = 1_767_225_600_000_000 + 999_000 * 1_000_000 }),
        ("created at any time", { $0.createdAfterMicros = 0 }),
        ("hashes", { $0.hashes = (0..<200).map { Bytes32(words: $0 * 5_000, 0, 0, 0) } }),
        (
            "everything",
            {
                ($0.writer, $0.underlying, $0.stablecoin) = (made(0), made(0), made(1000))
                ($0.isCall, $0.status) = (true, .open)
                ($0.minDuration, $0.maxDuration, $0.createdAfterMicros) = (10, 12, 1_767_225_600_000_000)
            }
        ),
    ]

    @Test func `Each list route reads an index in order, sorts no table, and looks at a bounded number of rows`()
        async throws
    {
        let url = try await makeMigratedDatabase()
        try await withConnection(url) { connection in
            connection.responseTimeout = .seconds(300)
            try connection.execute(script: "SET statement_timeout = 0")
            for statement in Self.script.split(separator: ";\n") { try connection.execute(script: String(statement)) }
            for (name, narrow) in Self.filters {
                var filter = OfferFilter()
                narrow(&filter)
                for seq: UInt64 in [0, 500_000, 999_990] {
                    try check("\(name) after \(seq)", filter, after: seq, on: connection)
                }
            }
        }
    }

    private func check(
        _ name: String, _ filter: OfferFilter, after seq: UInt64, on connection: PostgresConnection
    ) throws {
        let maximum = OffersTable.maximumExamined
        let query = OffersTable.page(filter, after: seq, limit: 100, examining: maximum)
        // A prepared statement may be planned without its values after a while.
        for mode in ["force_custom_plan", "force_generic_plan"] {
            try connection.execute(script: "BEGIN; SET LOCAL plan_cache_mode = \(mode)")
            try OffersTable.preferIndexOrder(on: connection)
            let plan = try connection.query("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) \(query)")
                .map { try $0.text(0) }
            let text = "\(name), \(mode):\n" + plan.joined(separator: "\n")
            #expect(!text.contains("Seq Scan on offers"), "\(text)")
            for line in plan where line.contains("Sort (") || line.contains("Removed by Filter") {
                let rows = line.split { !$0.isNumber }.compactMap { Int($0) }.max() ?? 0
                #expect(rows <= (line.contains("Sort (") ? 1_000 : maximum), "\(text)")
            }
            let start = ContinuousClock.now
            _ = try OffersTable.list(filter, after: seq, limit: 100, on: connection)
            let taken = ContinuousClock.now - start
            #expect(taken < .seconds(3), "\(taken) for \(text)")
            _ = try connection.query("ROLLBACK")
        }
    }
}
