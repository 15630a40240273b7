import Ethereum
import Market
import StrictJSON
import Testing

/// Reading: one body that is accepted, and every way to break it, each with its code and its field by name.
@Suite struct OfferBodyTests {
    static let good = """
        {"offer":{"writer":"0x2222222222222222222222222222222222222222",\
        "underlying":"0x4200000000000000000000000000000000000006","collateralAmount":"1000000000000000000",\
        "stablecoin":"0x036CbD53842c5426634e7929541eC2318f3dCF7e","isCall":true,"premiumPerDay":"10000000",\
        "minDuration":7,"maxDuration":365,"minFillAmount":"100000000000000000","deadline":1893456000,\
        "configHash":"0x0000000000000000000000000000000000000000000000000000000000000000"},"signature":"0x1b"}
        """

    static func parse(_ text: String) throws(Rejection) -> Draft {
        try Draft.parse(Array(text.utf8))
    }

    /// The good body with one piece of its text replaced.
    static func replacing(_ old: String, _ new: String) -> String {
        precondition(good.contains(old), "\(old) is not in the body")
        return good.replacing(old, with: new)
    }

    @Test func `a good body is read`() throws {
        let draft = try Self.parse(Self.good)
        #expect(draft.offer == Samples.offer)
        #expect(draft.signature == [0x1b])
    }

    @Test(arguments: [
        ("\"minDuration\":7", "\"minDuration\":\"7\""), ("1893456000", "\"1893456000\""),
        ("\"10000000\"", "10000000"),
        ("0x036CbD53842c5426634e7929541eC2318f3dCF7e", "0x036cbd53842c5426634e7929541ec2318f3dcf7e"),
        ("0x036CbD53842c5426634e7929541eC2318f3dCF7e", "0x036CBD53842C5426634E7929541EC2318F3DCF7E"),
        ("\"writer\"", "\"\\u0077riter\""), ("{\"offer\"", " {\n\t\"offer\" "),
    ])
    func `the same offer in another spelling is read`(old: String, new: String) throws {
        #expect(try Self.parse(Self.replacing(old, new)).offer == Samples.offer)
    }

    @Test func `fields may come in any order`() throws {
        let body = try JSONValue.parse(Array(Self.good.utf8))
        var json = JSONWriter()
        json.beginObject()
        for member in try #require(body.object).members.reversed() {
            json.key(member.key)
            if let object = member.value.object {
                json.beginObject()
                for field in object.members.reversed() {
                    json.key(field.key)
                    json.value(field.value)
                }
                json.endObject()
            } else {
                json.value(member.value)
            }
        }
        json.endObject()
        #expect(try Draft.parse(json.bytes).offer == Samples.offer)
    }

    @Test(arguments: [
        ("1000000000000000000\"", "1000000000000000000 \"", "collateralAmount", "invalid_integer"),
        ("\"1000000000000000000\"", "\"-0\"", "collateralAmount", "invalid_integer"),
        ("\"1000000000000000000\"", "-0", "collateralAmount", "invalid_integer"),
        ("\"1000000000000000000\"", "1.0", "collateralAmount", "invalid_integer"),
        ("\"1000000000000000000\"", "1e3", "collateralAmount", "invalid_integer"),
        ("\"1000000000000000000\"", "9007199254740992", "collateralAmount", "integer_not_exact"),
        ("\"1000000000000000000\"", "{}", "collateralAmount", "invalid_type"),
        ("\"10000000\"", "\"1e7\"", "premiumPerDay", "invalid_integer"),
        ("\"10000000\"", "\"+5\"", "premiumPerDay", "invalid_integer"),
        ("\"10000000\"", "\"０\"", "premiumPerDay", "invalid_integer"),
        ("\"minDuration\":7", "\"minDuration\":7.0", "minDuration", "invalid_integer"),
        ("\"minDuration\":7", "\"minDuration\":true", "minDuration", "invalid_type"),
        ("\"minDuration\":7", "\"minDuration\":65536", "minDuration", "integer_out_of_range"),
        ("\"maxDuration\":365", "\"maxDuration\":\"99999999999999999999999\"", "maxDuration", "integer_out_of_range"),
        ("\"maxDuration\":365", "\"maxDuration\":null", "maxDuration", "invalid_type"),
        ("1893456000", "\"18446744073709551616\"", "deadline", "integer_out_of_range"),
        ("1893456000", "18446744073709551616", "deadline", "integer_out_of_range"),
        ("1893456000", "18446744073709551615", "deadline", "integer_not_exact"),
        ("1893456000", "-1", "deadline", "invalid_integer"),
        ("true", "1", "isCall", "invalid_type"), ("true", "\"true\"", "isCall", "invalid_type"),
        ("0x036CbD53", "0x036cbD53", "stablecoin", "invalid_checksum"),
        ("0x036CbD53", "036CbD53", "stablecoin", "invalid_address"),
        ("0x036CbD53", "0X036CbD53", "stablecoin", "invalid_address"),
        ("0x036CbD53", "0x036CbD5", "stablecoin", "invalid_address"),
        (
            "0x4200000000000000000000000000000000000006\"", "0x420000000000000000000000000000000000000600\"",
            "underlying", "invalid_address"
        ),
        ("\"0x4200000000000000000000000000000000000006\"", "6", "underlying", "invalid_type"),
        ("0x0000", "0x+000", "configHash", "invalid_hex"), ("0x0000", "0x000", "configHash", "invalid_hex"),
        ("0x0000", "0x00000", "configHash", "invalid_hex"),
        ("\"0x1b\"", "\"0x1\"", "signature", "invalid_hex"), ("\"0x1b\"", "\"1b\"", "signature", "invalid_hex"),
        ("\"0x1b\"", "\"0x1g\"", "signature", "invalid_hex"), ("\"0x1b\"", "\"\"", "signature", "invalid_hex"),
        ("\"0x1b\"", "\"0x 1\"", "signature", "invalid_hex"), ("\"0x1b\"", "27", "signature", "invalid_type"),
        ("\"isCall\":true,", "", "isCall", "missing_field"),
        (",\"signature\":\"0x1b\"", "", "signature", "missing_field"),
        ("\"isCall\":true,", "\"iscall\":true,", "iscall", "unknown_field"),
        ("\"isCall\":true,", "\"isCall\":true,\"nonce\":1,", "nonce", "unknown_field"),
        ("\"signature\"", "\"chainId\":1,\"signature\"", "chainId", "unknown_field"),
        ("\"isCall\":true,", "\"isCall\":true,\"isCall\":true,", "isCall", "duplicate_field"),
        ("\"isCall\":true,", "\"isCall\":true,\"isCal\\u006c\":false,", "isCall", "duplicate_field"),
        ("\"signature\"", "\"signature\":\"0x\",\"signature\"", "signature", "duplicate_field"),
        ("\"10000000\"", "\"1\\u0000\"", "premiumPerDay", "invalid_json"),
        ("\"10000000\"", "\"\\ud800\"", "premiumPerDay", "invalid_json"),
        ("\"10000000\"", "NaN", "premiumPerDay", "invalid_json"),
        ("\"10000000\"", "+5", "premiumPerDay", "invalid_json"),
        ("\"10000000\"", "01", "premiumPerDay", "invalid_json"),
    ])
    func `a broken body is refused by code and field`(old: String, new: String, field: String, code: String) {
        let refused = refusal { () throws(Rejection) in _ = try Self.parse(Self.replacing(old, new)) }
        #expect(refused?.kind == .malformed)
        #expect(refused?.code == code)
        #expect(refused?.field == field)
    }

    @Test(arguments: [
        ("", "invalid_json"), ("{}", "missing_field"), ("[]", "invalid_type"), ("null", "invalid_type"),
        ("\u{feff}{}", "invalid_json"), ("{\"offer\":{},\"signature\":\"0x\"} x", "invalid_json"),
        ("{\"offer\":[],\"signature\":\"0x\"}", "invalid_type"),
        ("{\"offer\":{},\"signature\":\"0x\"}", "missing_field"),
        (String(repeating: "[", count: 10_000), "invalid_json"),
    ])
    func `what is no body at all is refused`(text: String, code: String) {
        #expect(refusal { () throws(Rejection) in _ = try Self.parse(text) }?.code == code)
    }

    @Test func `a foreign key is shown short and clean`() {
        let key = "\\u001b[31m" + String(repeating: "k", count: 200)
        let refused = refusal { () throws(Rejection) in
            _ = try Self.parse(Self.replacing("\"isCall\":true,", "\"isCall\":true,\"\(key)\":1,"))
        }
        #expect(refused?.code == "unknown_field")
        #expect(refused?.field?.utf8.count == 67)
        #expect(refused?.detail.utf8.allSatisfy { $0 >= 0x20 } == true)
    }

    @Test(arguments: [(0, nil), (65, nil), (4096, nil), (4097, "signature_too_long")] as [(Int, String?)])
    func `signatures of up to 4096 bytes are read`(count: Int, code: String?) {
        let hex = Hex.encode(Array(repeating: 0xab, count: count))
        let refused = refusal { () throws(Rejection) in _ = try Self.parse(Self.replacing("\"0x1b\"", "\"\(hex)\"")) }
        #expect(refused?.code == code)
    }

    @Test func `no body of random bytes or of a changed byte ends the process`() {
        var random = SplitMix(state: 1)
        let good = Array(Self.good.utf8)
        var accepted = 0
        for _ in 0..<4_000 {
            var body = good
            for _ in 0...(random.next() % 3) {
                body[Int(random.next() % UInt64(body.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            if random.next() % 4 == 0 { body.removeLast(Int(random.next() % UInt64(body.count))) }
            if (try? Draft.parse(body)) != nil { accepted += 1 }
        }
        #expect(accepted < 2_000)
    }
}
