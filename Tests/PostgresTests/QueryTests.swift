import Postgres
import Testing

@Suite("SQL with bound values")
struct QueryTests {
    @Test func `values become numbered placeholders`() {
        let query: Query = "SELECT \(1), \("x'; DROP TABLE t; --") FROM t"
        #expect(query.sql == "SELECT $1, $2 FROM t")
        #expect(query.parameterCount == 2)
        #expect("\(query)" == query.sql)
    }

    @Test func `queries are spliced into queries and renumbered`() async throws {
        let filter: Query = "a = \(Int64(2)) AND b = \("z")"
        let column = "c"
        let query: Query =
            "SELECT \(unsafe: column), \(Int64(9)) AS n FROM (VALUES (2::bigint, 'z', 3::bigint)) AS v(a, b, c) WHERE \(filter) AND c > \(Int64(1))"
        #expect(query.sql.hasSuffix("WHERE a = $2 AND b = $3 AND c > $4"))
        let row = try await makeClient().query(query).single()
        #expect(try row.int64("c") == 3)
        #expect(try row.int64("n") == 9)
    }

    @Test func `a spliced NULL stays NULL`() async throws {
        let inner: Query = "\(Int64?.none)::bigint IS NULL AND \("ü") = 'ü'"
        #expect(try await makeClient().query("SELECT \(inner)").single().bool(0))
    }

    @Test func `hostile text is a value`() async throws {
        let hostile = "'; DROP TABLE offers; -- \\ \" $1 %s \u{202E}"
        #expect(try await makeClient().query("SELECT \(hostile)").single().text(0) == hostile)
    }
}
