import Postgres
import Testing

@Suite("Values come back as they went")
struct RoundTripTests {
    let client: PostgresClient

    init() throws { client = try makeClient { $0.poolSize = 1 } }

    @Test func `integers of every width`() async throws {
        let row = try await client.query("SELECT \(Int16.min), \(Int32.max), \(Int64.min), \(7)").single()
        #expect(try row.int16(0) == .min)
        #expect(try row.int32(1) == .max)
        #expect(try row.int64(2) == .min)
        #expect(try row.int64(3) == 7)
        #expect(try row.int64(0) == Int64(Int16.min))
        #expect(throws: PostgresError.self) { try row.int32(2) }
    }

    @Test func `booleans, doubles, text and bytes, empty ones too`() async throws {
        let bytes: [UInt8] = [0, 255, 1]
        let row = try await client.query(
            "SELECT \(true), \(false), \(0.1), \("ü\u{1F600}"), \(""), \(bytes), \([UInt8]())"
        )
        .single()
        #expect(try row.bool(0))
        #expect(try !row.bool(1))
        #expect(try row.double(2) == 0.1)
        #expect(try row.text(3) == "ü\u{1F600}")
        #expect(try row.text(4) == "")
        #expect(try row.bytes(5) == bytes)
        #expect(try row.bytes(6) == [])
        #expect(!row.isNull(6))
        #expect(try row.bytes(3) == Array("ü\u{1F600}".utf8))
    }

    @Test func `nulls of every type`() async throws {
        let row = try await client.query(
            "SELECT \(Int32?.none) AS a, \([UInt8]?.none), \(String?.none), \(PostgresNumeric?.none), \([Int64]?.none), \(Bool?(true))"
        ).single()
        for column in 0..<5 { #expect(row.isNull(column)) }
        #expect(try row.bool(5))
        #expect(try row.ifPresent("a") { try $0.int32($1) } == nil)
        #expect(throws: PostgresError.self) { try row.int32("a") }
    }

    @Test(arguments: [0, 1, -1, 1_700_000_000_123_456, -62_135_596_800_000_000, 253_402_300_799_999_999])
    func `a moment to the microsecond`(micros: Int64) async throws {
        let row = try await client.query(
            "SELECT \(PostgresTimestamp(microsecondsSince1970: micros)) AS at, (extract(epoch FROM \(PostgresTimestamp(microsecondsSince1970: micros))) * 1000000)::bigint"
        ).single()
        #expect(try row.timestampMicros("at") == micros)
        #expect(try row.int64(1) == micros)
    }

    @Test func `a moment before the calendar is refused`() async throws {
        let error = await postgresError {
            _ = try await client.query("SELECT \(PostgresTimestamp(microsecondsSince1970: .min))")
        }
        #expect(error?.sqlstate == "22008")
    }

    @Test func `infinite moments are not moments`() async throws {
        let row = try await client.query("SELECT 'infinity'::timestamptz, '-infinity'::timestamptz").single()
        #expect(throws: PostgresError.self) { try row.timestampMicros(0) }
        #expect(throws: PostgresError.self) { try row.timestampMicros(1) }
    }

    @Test func `typed arrays feed unnest`() async throws {
        let rows = try await client.query(
            """
            SELECT * FROM unnest(\([Int16(1), 2, 3]), \([Int32(-1), 0, 1]), \([Int64.max, .min, 0]), \([true, false, true]),
                \(["a", "", "ü"]), \([[UInt8(1)], [], [0, 0]]), \([PostgresNumeric(1), PostgresNumeric(10000), PostgresNumeric(0)]),
                \([PostgresTimestamp(microsecondsSince1970: 5), PostgresTimestamp(microsecondsSince1970: 6), PostgresTimestamp(microsecondsSince1970: 7)]),
                \([Int64?(4), nil, 6])) AS t(a, b, c, d, e, f, g, h, i)
            """)
        #expect(rows.count == 3)
        #expect(try rows.map { try $0.int16("a") } == [1, 2, 3])
        #expect(try rows.map { try $0.int32("b") } == [-1, 0, 1])
        #expect(try rows.map { try $0.int64("c") } == [.max, .min, 0])
        #expect(try rows.map { try $0.bool("d") } == [true, false, true])
        #expect(try rows.map { try $0.text("e") } == ["a", "", "ü"])
        #expect(try rows.map { try $0.bytes("f") } == [[1], [], [0, 0]])
        #expect(try rows.map { try $0.numericLimbs("g").0 } == [1, 10000, 0])
        #expect(try rows.map { try $0.timestampMicros("h") } == [5, 6, 7])
        #expect(try rows.map { row in try row.ifPresent("i") { try $0.int64($1) } } == [4, nil, 6])
    }

    @Test func `empty arrays and arrays of NULL alone`() async throws {
        let row = try await client.query(
            "SELECT cardinality(\([Int64]())), cardinality(\([[UInt8]]())), cardinality(\([String?.none, nil])), \([UInt8]()) = ''::bytea"
        ).single()
        #expect(try row.int32(0) == 0)
        #expect(try row.int32(1) == 0)
        #expect(try row.int32(2) == 2)
        #expect(try row.bool(3))
    }

    @Test func `json, jsonb, names and domains read as what they are made of`() async throws {
        let row = try await client.withConnection { connection in
            try connection.execute(script: "CREATE TEMP TABLE d (v int); CREATE DOMAIN pg_temp.word AS bytea")
            return try connection.query(
                "SELECT '{\"a\":1}'::json, '{\"a\":1}'::jsonb, 'n'::name, '\\x01'::bytea::pg_temp.word, 'x'::varchar(3), 'c'::\"char\""
            ).single()
        }
        #expect(try row.text(0) == "{\"a\":1}")
        #expect(try row.text(1) == "{\"a\": 1}")
        #expect(try row.text(2) == "n")
        #expect(try row.bytes(3) == [1])
        #expect(try row.text(4) == "x")
        #expect(try row.text(5) == "c")
    }

    @Test func `a wrong type or a missing column is an error, not a guess`() async throws {
        let row = try await client.query("SELECT 1::int AS one, 'x'::text AS word").single()
        #expect(throws: PostgresError.self) { try row.text("one") }
        #expect(throws: PostgresError.self) { try row.int64("word") }
        #expect(throws: PostgresError.self) { try row.bool(2) }
        #expect(throws: PostgresError.self) { try row.bytes("One") }
        #expect(throws: PostgresError.self) { try row.int32(-1) }
        #expect(row.isNull("nothing"))
    }
}
