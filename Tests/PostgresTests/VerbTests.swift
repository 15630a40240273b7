import Testing

@testable import Postgres

@Suite("What a statement does to its transaction")
struct VerbTests {
    @Test(arguments: [
        ("COMMIT", Verb.commit), ("  commit;", .commit), ("End", .commit), ("COMMIT AND CHAIN", .commit),
        ("BEGIN ISOLATION LEVEL SERIALIZABLE", .begin), ("start transaction", .begin), ("ROLLBACK", .other),
        ("commitment", .other), ("SELECT 'COMMIT'", .other), ("", .other), ("(SELECT 1)", .other),
        ("-- why\nCOMMIT", .commit), ("/* a /* b */ c */ -- d\n\tCOMMIT", .commit), ("/* COMMIT", .other),
        ("-- COMMIT", .other), ("/*/ */ COMMIT", .commit), ("- COMMIT", .other),
    ])
    func `told by its first word`(sql: String, verb: Verb) {
        #expect(Query(unsafe: sql).verb == verb)
    }
}
