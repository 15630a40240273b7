import Market
import StrictJSON
import Testing

@Suite struct ProductDraftTests {
    private static let ladder = """
        {"type":"submitContract","requestId":"r","token":"demo","productType":"LuckyLadder",\
        "rungsE8":["100","200"],"durationMs":60000,"payoffE8":"500"}
        """
    private static let catcher = """
        {"token":"demo","productType":"MomentumCatcher","targetMovementE8":"100","mode":"path","durationMs":"1000",\
        "payoffE8":"500"}
        """

    private static func read(_ text: String) throws -> ProductDraft {
        let draft = try ProductDraft.read(try #require(try JSONValue.parse(Array(text.utf8)).object))
        try ProductRules().check(draft)
        return draft
    }

    @Test func `both products are read`() throws {
        let ladder = try Self.read(Self.ladder)
        #expect(ladder.bet == .luckyLadder(rungsE8: [100, 200]))
        #expect(ladder.token == "demo")
        #expect(ladder.durationMillis == 60_000)
        #expect(ladder.payoffE8 == 500)
        #expect(try Self.read(Self.catcher).bet == .momentumCatcher(targetE8: 100, mode: .path))
        let withoutMode = Self.catcher.replacing("\"mode\":\"path\",", with: "")
        #expect(try Self.read(withoutMode).bet == .momentumCatcher(targetE8: 100, mode: .net))
    }

    @Test(arguments: [
        ("[\"100\",\"200\"]", "[]", "invalid_rung_count", "rungsE8"),
        ("[\"100\",\"200\"]", "[\"100\",\"100\"]", "duplicate_rung", "rungsE8"),
        ("[\"100\",\"200\"]", "[\"200\",\"100\"]", "rungs_not_ascending", "rungsE8"),
        ("[\"100\",\"200\"]", "[\"0\",\"100\"]", "invalid_price", "rungsE8"),
        ("[\"100\",\"200\"]", "[\"4611686018427387905\"]", "invalid_price", "rungsE8"),
        ("[\"100\",\"200\"]", "[\"9223372036854775808\"]", "integer_out_of_range", "rungsE8"),
        ("[\"100\",\"200\"]", "[\"1.5\"]", "invalid_integer", "rungsE8"),
        ("[\"100\",\"200\"]", "[true]", "invalid_type", "rungsE8"),
        ("[\"100\",\"200\"]", "\"100\"", "invalid_type", "rungsE8"),
        ("\"rungsE8\":[\"100\",\"200\"],", "", "missing_field", "rungsE8"),
        ("\"LuckyLadder\"", "\"Lucky\"", "invalid_product_type", "productType"),
        ("\"LuckyLadder\"", "7", "invalid_type", "productType"),
        ("60000", "999", "invalid_duration", "durationMs"),
        ("60000", "3600001", "invalid_duration", "durationMs"),
        ("60000", "-1", "invalid_integer", "durationMs"),
        ("60000", "1e4", "invalid_integer", "durationMs"),
        ("60000", "null", "invalid_type", "durationMs"),
        ("\"500\"", "\"0\"", "invalid_payoff", "payoffE8"),
        ("\"500\"", "\"9223372036854775808\"", "integer_out_of_range", "payoffE8"),
        (",\"payoffE8\":\"500\"", "", "missing_field", "payoffE8"),
        ("\"demo\"", "5", "invalid_type", "token"),
        ("\"demo\"", "\"\"", "invalid_type", "token"),
        ("submitContract", "subscribe", "invalid_type", "type"),
        ("\"durationMs\"", "\"duration\"", "unknown_field", "duration"),
        ("\"rungsE8\"", "\"mode\":\"net\",\"rungsE8\"", "unknown_field", "mode"),
    ])
    func `each broken field of a ladder is named`(old: String, new: String, code: String, field: String) throws {
        Self.expect(code, field) { try Self.read(Self.ladder.replacing(old, with: new)) }
    }

    @Test(arguments: [
        ("\"100\"", "\"0\"", "invalid_target", "targetMovementE8"),
        ("\"100\"", "\"9223372036854775808\"", "integer_out_of_range", "targetMovementE8"),
        ("\"path\"", "\"up\"", "invalid_mode", "mode"),
        ("\"path\"", "null", "invalid_mode", "mode"),
        ("\"mode\"", "\"rungsE8\":[\"1\"],\"mode\"", "unknown_field", "rungsE8"),
    ])
    func `each broken field of a catcher is named`(old: String, new: String, code: String, field: String) throws {
        Self.expect(code, field) { try Self.read(Self.catcher.replacing(old, with: new)) }
    }

    @Test func `a ladder has at most as many rungs as the rules allow`() throws {
        let rungs = (1...101).map { "\"\($0)\"" }
        _ = try Self.read(Self.ladder.replacing("\"100\",\"200\"", with: rungs.dropLast().joined(separator: ",")))
        Self.expect("invalid_rung_count", "rungsE8") {
            try Self.read(Self.ladder.replacing("\"100\",\"200\"", with: rungs.joined(separator: ",")))
        }
    }

    private static func expect(_ code: String, _ field: String, _ body: () throws -> ProductDraft) {
        let error = #expect(throws: Rejection.self) { try body() }
        #expect(error?.code == code)
        #expect(error?.field == field)
        #expect(error?.kind == .malformed)
    }
}
