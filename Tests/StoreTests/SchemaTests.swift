import Ethereum
import Exchange
import Market
import Postgres
import Store
import TestServers
import Testing

/// What the database itself refuses, whatever the program does.
@Suite struct SchemaTests {
    private static let twoTo256 =
        "115792089237316195423570985008687907853269984665640564039457584007913129639936"

    @Test(
        arguments: [
            ("0", nil), ("1", nil),
            ("115792089237316195423570985008687907853269984665640564039457584007913129639935", nil),
            ("'NaN'", "23514"), ("'Infinity'", "23514"), ("'-Infinity'", "23514"), ("1.5", "23514"), ("1.0", "23514"),
            ("-1", "23514"), (twoTo256, "23514"), ("1e78", "23514"), ("NULL", nil),
        ] as [(String, String?)])
    func `A uint256 is a whole number below 2^256`(literal: String, refusal: String?) async throws {
        let url = try await Self.database.value
        #expect(try await sqlstate(of: "SELECT (\(literal))::uint256", in: url) == refusal)
    }

    @Test(
        arguments: [
            ("SELECT sha256('x')::hash32", nil), ("SELECT substr(sha256('x'), 2)::hash32", "23514"),
            ("SELECT (sha256('x') || '\\x00')::hash32", "23514"), ("SELECT ''::bytea::hash32", "23514"),
            ("SELECT substr(sha256('x'), 1, 20)::address", nil),
            ("SELECT substr(sha256('x'), 1, 19)::address", "23514"),
            ("SELECT substr(sha256('x'), 1, 21)::address", "23514"),
        ] as [(String, String?)])
    func `Hashes have 32 bytes and addresses 20`(sql: String, refusal: String?) async throws {
        #expect(try await sqlstate(of: sql, in: try await Self.database.value) == refusal)
    }

    /// An INSERT of a sound offer, with some columns replaced.
    private func insertion(_ changes: [String: String]) -> String {
        var columns = [
            "offer_hash": "sha256('o')", "struct_hash": "sha256('s')", "encoded_hash": "sha256('e')",
            "writer_address": "substr(sha256('w'), 1, 20)", "underlying_address": "substr(sha256('u'), 1, 20)",
            "collateral_amount": "1000", "stablecoin_address": "substr(sha256('c'), 1, 20)", "is_call": "true",
            "premium_per_day": "10", "min_duration": "7", "max_duration": "30", "min_fill_amount": "1",
            "deadline": "4000000000", "config_hash": "sha256('')", "signature": "'\\x00'", "seq": "1",
            "created_at": "now()",
        ]
        columns.merge(changes) { $1 }
        let sorted = columns.sorted { $0.key < $1.key }
        return """
            INSERT INTO offers (\(sorted.map(\.key).joined(separator: ", ")))
            VALUES (\(sorted.map(\.value).joined(separator: ", ")))
            """
    }

    @Test(
        arguments: [
            ([:], nil),
            (["collateral_amount": "0", "min_fill_amount": "0"], "22012"), (["collateral_amount": "'NaN'"], "23514"),
            (["premium_per_day": "0"], "23514"), (["min_fill_amount": "0"], "23514"),
            (["min_fill_amount": "1001"], "23514"),
            (["min_duration": "0"], "23514"), (["min_duration": "31"], "23514"), (["max_duration": "65536"], "23514"),
            (["stablecoin_address": "substr(sha256('u'), 1, 20)"], "23514"), (["deadline": "-1"], "23514"),
            (["deadline": "253402300800"], "23514"), (["signature": "decode(repeat('00', 4097), 'hex')"], "23514"),
            (["closed_seq": "1"], "23514"), (["closed_reason": "'expired'"], "23514"),
            (["closed_seq": "1", "closed_reason": "'bored'"], "23514"),
            (["closed_seq": "1", "closed_reason": "'cancelled'"], "23514"),
            (["closed_seq": "1", "closed_reason": "'expired'"], nil),
            (["seq": "5", "closed_seq": "4", "closed_reason": "'expired'"], "23514"),
            (["price_key": "1"], "428C9"), (["writer_address": "NULL"], "23502"),
        ] as [([String: String], String?)])
    func `An offer that breaks a rule is refused by the database too`(changes: [String: String], refusal: String?)
        async throws
    {
        let sql = "BEGIN; " + insertion(changes) + "; ROLLBACK"
        #expect(try await sqlstate(of: sql, in: try await Self.database.value) == refusal)
    }

    @Test(
        arguments: [
            ("0", "1000", nil), ("1000", "1000", nil), ("1001", "1000", "23514"), ("'NaN'", "1000", "23514"),
            ("-1", "1000", "23514"), ("1.5", "1000", "23514"), ("1001", "1001", "23503"), ("1", "999", "23503"),
        ] as [(String, String, String?)])
    func `No offer can be filled beyond its collateral`(filled: String, collateral: String, refusal: String?)
        async throws
    {
        let sql = """
            BEGIN; \(insertion([:]));
            INSERT INTO filled_amounts VALUES (sha256('o'), \(collateral), \(filled)); ROLLBACK
            """
        #expect(try await sqlstate(of: sql, in: try await Self.database.value) == refusal)
    }

    @Test func `price_key orders as the exact fraction of premium and collateral does`() async throws {
        let url = try await Self.database.value
        // p/c and (p+1)/c differ least where c is greatest; 1/(2^256-1) and 1/(2^256-2) by less than 2^-511.
        let values: [(String, String)] = [
            ("1", "\(Self.twoTo256) - 1"), ("1", "\(Self.twoTo256) - 2"), ("2", "\(Self.twoTo256) - 1"), ("1", "3"),
            ("1", "1"), ("\(Self.twoTo256) - 1", "1"),
        ]
        var sql = "BEGIN; "
        for (index, value) in values.enumerated() {
            let changes = [
                "premium_per_day": value.0, "collateral_amount": value.1, "seq": "\(index + 1)",
                "offer_hash": "sha256('\(index)')",
            ]
            sql += insertion(changes) + "; "
        }
        let script = sql
        let order = try await withConnection(url) { connection in
            try connection.execute(script: script)
            let rows = try connection.query("SELECT seq FROM offers ORDER BY price_key, seq DESC")
            let order = try rows.map { try $0.int64(0) }
            _ = try connection.query("ROLLBACK")
            return order
        }
        #expect(order == [1, 2, 3, 4, 5, 6])
    }

    @Test(arguments: [
        ("UPDATE transaction_logs SET event_type = 'x'", "55000"), ("DELETE FROM transaction_logs", "55000"),
        ("DELETE FROM transaction_logs WHERE false", "55000"), ("TRUNCATE transaction_logs CASCADE", "55000"),
        ("SET session_replication_role = replica; DELETE FROM transaction_logs", "55000"),
        ("DELETE FROM log_head", "55000"), ("TRUNCATE log_head", "55000"),
        ("INSERT INTO log_head (seq, hash, created_at, epoch) VALUES (1, sha256(''), now(), 1)", "23505"),
        (
            "INSERT INTO log_head (only_row, seq, hash, created_at, epoch) VALUES (false, 1, sha256(''), now(), 1)",
            "23514"
        ),
        ("INSERT INTO deployment SELECT * FROM deployment", "23505"),
        (
            """
            INSERT INTO transaction_logs (seq, event_type, created_at, prev_hash, hash)
            SELECT seq, event_type, created_at, prev_hash, hash FROM transaction_logs
            """, "23505"
        ),
    ])
    func `The log takes no change but rows at its end, from nobody`(sql: String, refusal: String) async throws {
        let stored = try await Self.log.value
        #expect(try await sqlstate(of: sql, in: stored.url) == refusal)
        // Also for the owner, who is no superuser.
        if !sql.contains("session_replication_role") {
            #expect(try await sqlstate(of: sql, in: stored.url, role: "strikebook_owner") == refusal)
        }
    }

    @Test(arguments: [
        ("UPDATE transaction_logs SET event_type = 'x'", "strikebook_app"), ("DELETE FROM offers", "strikebook_app"),
        ("UPDATE offers SET signature = '\\x00'", "strikebook_app"), ("UPDATE offers SET seq = 5", "strikebook_app"),
        ("DELETE FROM filled_amounts", "strikebook_app"), ("TRUNCATE offers", "strikebook_app"),
        ("UPDATE deployment SET chain_id = 5", "strikebook_app"), ("DROP TABLE offers", "strikebook_app"),
        ("UPDATE cancel_messages SET message = ''", "strikebook_app"), ("CREATE TABLE t (i int)", "strikebook_app"),
        ("ALTER TABLE transaction_logs DISABLE TRIGGER ALL", "strikebook_app"), ("DELETE FROM books", "strikebook_app"),
        ("DELETE FROM schema_migrations", "strikebook_app"),
        ("INSERT INTO books SELECT * FROM books", "strikebook_read"),
        ("SELECT cursor_key FROM deployment", "strikebook_read"), ("SELECT * FROM sessions", "strikebook_read"),
        ("SELECT taker_signature FROM settlements", "strikebook_read"),
    ])
    func `A role may do no more than its work`(sql: String, role: String) async throws {
        let state = try await sqlstate(of: sql, in: try await Self.log.value.url, role: role)
        #expect(state == "42501", "\(sql) as \(role)")
    }

    @Test func `The reader sees every readable view`() async throws {
        let url = try await Self.log.value.url
        let views = try await withConnection(url) { connection in
            try connection.query("SELECT viewname FROM pg_views WHERE schemaname = 'public'").map { try $0.text(0) }
        }
        #expect(views.count == 9)
        for view in views {
            #expect(try await sqlstate(of: "SELECT * FROM \(view)", in: url, role: "strikebook_read") == nil, "\(view)")
        }
    }

    @Test func `A session shows only to the transaction that knows its token, and to nobody without`() async throws {
        let url = try await makeMigratedDatabase()
        let token = String(repeating: "ab", count: 32)
        let know = "SELECT set_config('strikebook.session_token_hash', '\(token)', true)"
        let insert = """
            INSERT INTO sessions (token_hash, address, nonce_hash, created_at, expires_at)
            VALUES (decode('\(token)', 'hex'), substr(sha256('a'), 1, 20), sha256('n'), now() - interval '2 h',
                    now() - interval '1 h')
            """
        let app = "strikebook_app"
        #expect(try await sqlstate(of: "BEGIN; \(insert); COMMIT", in: url, role: app) == "42501")
        #expect(try await sqlstate(of: "BEGIN; \(know); \(insert); COMMIT", in: url, role: app) == nil)
        func count(_ before: String, _ role: String) async throws -> Int64 {
            let client = try makeClient(url) { $0.role = role }
            let count = try await client.withConnection { connection in
                try connection.transaction {
                    if !before.isEmpty { try connection.execute(script: before) }
                    return try connection.query("SELECT count(*) FROM sessions").single().int64(0)
                }
            }
            await client.shutdown()
            return count
        }
        #expect(try await count("", app) == 0)
        #expect(try await count("SELECT set_config('strikebook.session_token_hash', '', true)", app) == 0)
        #expect(try await count(know, app) == 1)
        #expect(try await count(know, "strikebook_owner") == 0)
        let sweep = "SELECT set_config('strikebook.worker', 'session_sweep', true)"
        #expect(try await count(sweep, app) == 1)
        #expect(try await count(sweep + "; DELETE FROM sessions", app) == 0)
        #expect(try await count(know, app) == 0)
    }

    @Test func `Every table, column and domain says what it is`() async throws {
        let missing = try await withConnection(try await Self.database.value) { connection in
            try connection.query(
                """
                SELECT c.relname || coalesce('.' || a.attname, '')
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                     LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND c.relkind = 'r'
                WHERE n.nspname IN ('public', 'smart_contracts') AND c.relkind IN ('r', 'v')
                      AND (obj_description(c.oid, 'pg_class') IS NULL
                           OR a.attnum IS NOT NULL AND col_description(c.oid, a.attnum) IS NULL)
                UNION ALL
                SELECT typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
                WHERE n.nspname = 'public' AND typtype = 'd' AND obj_description(t.oid, 'pg_type') IS NULL
                """
            ).map { try $0.text(0) }
        }
        #expect(missing == [])
    }

    @Test func `log_seq_at gives the last row at or before a moment`() async throws {
        let moments: [Double] = [-1, 0, 1, 150, 200, 299, 300, 100_000]
        let found = try await withConnection(try await Self.database.value) { connection in
            try connection.execute(
                script: """
                    BEGIN;
                    INSERT INTO log_head (seq, hash, created_at, epoch) VALUES (3, sha256(''), now(), 1);
                    INSERT INTO transaction_logs (seq, event_type, created_at, prev_hash, hash)
                    SELECT i, 'x', to_timestamp(CASE i WHEN 1 THEN 1 ELSE i * 100 END), sha256(''), sha256('')
                    FROM generate_series(1, 3) i
                    """)
            let found = try moments.map {
                try connection.query("SELECT log_seq_at(to_timestamp(\($0)))").single().int64(0)
            }
            _ = try connection.query("ROLLBACK")
            return found
        }
        #expect(found == [0, 0, 1, 1, 2, 2, 3, 3])
    }

    private static let database = Task { try await makeMigratedDatabase() }
    private static let log = Task {
        let stored = try await StoredLog()
        try await stored.commit(.offer(try Terms().signed(by: key(1))))
        return stored
    }
}
