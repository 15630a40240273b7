import Postgres
import Testing

/// A 256-bit number as limbs and as PostgreSQL's own words for it.
struct NumericCase: Sendable, CustomTestStringConvertible {
    let limbs: [UInt64]
    let text: String
    var testDescription: String { text }
    var numeric: PostgresNumeric { PostgresNumeric(limbs: (limbs[0], limbs[1], limbs[2], limbs[3])) }
}

@Suite("256-bit numbers in numeric's binary format")
struct NumericTests {
    static let cases: [NumericCase] = [
        NumericCase(limbs: [0, 0, 0, 0], text: "0"),
        NumericCase(limbs: [1, 0, 0, 0], text: "1"),
        NumericCase(limbs: [9999, 0, 0, 0], text: "9999"),
        NumericCase(limbs: [10000, 0, 0, 0], text: "10000"),
        NumericCase(limbs: [10001, 0, 0, 0], text: "10001"),
        NumericCase(limbs: [99_999_999, 0, 0, 0], text: "99999999"),
        NumericCase(limbs: [10_000_000_000_000_000, 0, 0, 0], text: "10000000000000000"),
        NumericCase(limbs: [9_999_999_999_999_999, 0, 0, 0], text: "9999999999999999"),
        NumericCase(limbs: [1_000_000_000_000_000_000, 0, 0, 0], text: "1000000000000000000"),
        NumericCase(limbs: [.max, 0, 0, 0], text: "18446744073709551615"),
        NumericCase(limbs: [0, 1, 0, 0], text: "18446744073709551616"),
        NumericCase(limbs: [0, 0, 1, 0], text: "340282366920938463463374607431768211456"),
        NumericCase(limbs: [.max, .max, 0, 0], text: "340282366920938463463374607431768211455"),
        NumericCase(
            limbs: [0, 0, 0, 1 << 63],
            text: "57896044618658097711785492504343953926634992332820282019728792003956564819968"),
        NumericCase(
            limbs: [.max, .max, .max, .max],
            text: "115792089237316195423570985008687907853269984665640564039457584007913129639935"),
    ]

    @Test(arguments: cases)
    func `the server and the client agree`(_ value: NumericCase) async throws {
        let client = try makeClient()
        let row = try await client.query(
            "SELECT \(value.numeric)::text, \(unsafe: value.text)::numeric, \(value.numeric) = \(unsafe: value.text), \(unsafe: value.text).000"
        ).single()
        #expect(try row.text(0) == value.text)
        #expect(try row.bool(2))
        for column in [1, 3] {
            #expect(try PostgresNumeric(limbs: row.numericLimbs(column)) == value.numeric)
        }
    }

    @Test func `ten thousand random numbers of every length come back`() async throws {
        var random = SystemRandomNumberGenerator()
        let numbers = (0..<10_000).map { index in
            var limbs: [UInt64] = (0..<4).map { $0 * 64 < index % 257 ? random.next() : 0 }
            if index % 64 != 0 { limbs[min(index % 257 / 64, 3)] >>= UInt64(64 - index % 64) }
            return PostgresNumeric(limbs: (limbs[0], limbs[1], limbs[2], limbs[3]))
        }
        let rows = try await makeClient().query(
            "SELECT n, n::text::numeric AS again FROM unnest(\(numbers)) WITH ORDINALITY AS t(n, i) ORDER BY i")
        #expect(try rows.map { try PostgresNumeric(limbs: $0.numericLimbs("n")) } == numbers)
        #expect(try rows.map { try PostgresNumeric(limbs: $0.numericLimbs("again")) } == numbers)
    }

    @Test(arguments: [
        "-1", "0.5", "1.0001", "'NaN'::numeric", "'Infinity'::numeric", "'-Infinity'::numeric", "2::numeric ^ 256",
        "1e80", "1e-80", "1e1000", "-1::int",
    ])
    func `what is no unsigned 256-bit integer is refused`(_ sql: String) async throws {
        let row = try await makeClient().query("SELECT \(unsafe: sql)").single()
        #expect(throws: PostgresError.self) { try row.numericLimbs(0) }
    }
}
