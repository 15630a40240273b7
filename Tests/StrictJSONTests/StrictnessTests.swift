import StrictJSON
import Testing

@Suite struct StrictnessTests {
    typealias Refusal = (text: String, field: String, offset: Int, reason: JSONError.Reason)

    @Test(
        arguments: [Refusal]([
            ("", "", 0, .emptyBody), (" \t\r\n", "", 4, .emptyBody),
            ("\u{feff}{}", "", 0, .bom), ("{\u{feff}}", "", 1, .unexpectedByte),
            ("{} {}", "", 3, .trailingBytes), ("1 2", "", 2, .trailingBytes), ("{}\u{0}", "", 2, .trailingBytes),
            ("nul", "", 3, .unexpectedEnd), ("nulL", "", 3, .unexpectedByte), ("True", "", 0, .unexpectedByte),
            ("NaN", "", 0, .unexpectedByte), ("Infinity", "", 0, .unexpectedByte), ("-Infinity", "", 1, .badNumber),
            ("+5", "", 0, .unexpectedByte), ("01", "", 1, .badNumber), ("-01", "", 2, .badNumber),
            ("-", "", 1, .unexpectedEnd),
            ("1.", "", 2, .unexpectedEnd), ("1.e3", "", 2, .badNumber), (".5", "", 0, .unexpectedByte),
            ("1e", "", 2, .unexpectedEnd), ("1e+", "", 3, .unexpectedEnd), ("1ex", "", 2, .badNumber),
            ("0x10", "", 1, .trailingBytes),
            ("1_000", "", 1, .trailingBytes), ("٣", "", 0, .unexpectedByte),
            ("[1,]", "[1]", 3, .unexpectedByte), ("[,1]", "[0]", 1, .unexpectedByte), ("[1 2]", "", 3, .unexpectedByte),
            ("[1}", "", 2, .unexpectedByte), ("{\"a\":1]", "", 6, .unexpectedByte),
            ("{\"a\":1,}", "", 7, .unexpectedByte), ("{\"a\" 1}", "a", 5, .unexpectedByte),
            ("{a:1}", "", 1, .unexpectedByte),
            ("{'a':1}", "", 1, .unexpectedByte), ("{1:1}", "", 1, .unexpectedByte),
            ("{\"a\":}", "a", 5, .unexpectedByte),
            ("// c\n1", "", 0, .unexpectedByte), ("[1/**/]", "", 2, .unexpectedByte),
            ("\u{a0}1", "", 0, .unexpectedByte),
            ("\u{c}1", "", 0, .unexpectedByte),
            ("\"a", "", 2, .unexpectedEnd), ("\"a\\", "", 3, .unexpectedEnd), ("\"\\x41\"", "", 2, .badEscape),
            ("\"\\'\"", "", 2, .badEscape), ("\"\\U0041\"", "", 2, .badEscape), ("\"\\u00g1\"", "", 2, .badEscape),
            ("\"\\u+041\"", "", 2, .badEscape), ("\"\\u004\"", "", 2, .badEscape), ("\"\\u004", "", 2, .unexpectedEnd),
            ("\"a\nb\"", "", 2, .controlCharacter), ("\"\t\"", "", 1, .controlCharacter),
            ("\"\u{1f}\"", "", 1, .controlCharacter),
            ("\"\u{0}\"", "", 1, .nul), ("\"\\u0000\"", "", 2, .nul), ("{\"a\\u0000b\":1}", "", 4, .nul),
            ("\"\\ud800\"", "", 2, .loneSurrogate), ("\"\\udc00\"", "", 2, .loneSurrogate),
            ("\"\\ud800x\"", "", 2, .loneSurrogate),
            ("\"\\ud800\\n\"", "", 2, .loneSurrogate), ("\"\\ud800\\u0041\"", "", 2, .loneSurrogate),
            ("\"\\ud800\\ud800\"", "", 2, .loneSurrogate), ("\"\\udc00\\ud800\"", "", 2, .loneSurrogate),
            ("{\"offer\":{\"writer\":01}}", "offer.writer", 20, .badNumber),
            ("{\"offers\":[{},{},{},{\"signature\":nope}]}", "offers[3].signature", 34, .unexpectedByte),
            ("[[1],[1,+]]", "[1][1]", 8, .unexpectedByte),
        ]))
    func `what is not strict JSON is refused, naming the field and the place`(refusal: Refusal) {
        #expect(throws: JSONError(field: refusal.field, offset: refusal.offset, reason: refusal.reason)) {
            try JSONValue.parse(Array(refusal.text.utf8))
        }
        #expect(SlowJSON.parse(Array(refusal.text.utf8)) == nil || refusal.reason == .bom)
    }

    @Test(arguments: [
        (#"{"a":1,"a":1}"#, "a", 7), (#"{"a":1,"\u0061":2}"#, "a", 7), (#"{"\u0061":1,"b":{},"a":2}"#, "a", 19),
        (#"{"offer":{"writer":1,"x":2,"writer":3}}"#, "offer.writer", 27),
        (#"{"o":[{},{"k":{"d":1,"\u0064":1}}]}"#, "o[1].k.d", 21), (#"{"":1,"":2}"#, "", 6),
        (#"{"é":1,"\u00e9":2}"#, "é", 8), (#"{"😀":1,"\ud83d\ude00":2}"#, "😀", 10), (#"{"/":1,"\/":2}"#, "/", 7),
    ])
    func `a second equal key is refused at any depth and however it is written`(
        text: String, field: String, offset: Int
    ) {
        #expect(throws: JSONError(field: field, offset: offset, reason: .duplicateKey)) {
            try JSONValue.parse(Array(text.utf8))
        }
    }

    @Test func `keys that only look alike are two keys`() throws {
        let object = try #require(try JSONValue.parse(Array("{\"é\":1,\"e\u{301}\":2,\"E\":3,\"e\":4}".utf8)).object)
        #expect(object.members.count == 4)
    }

    @Test(
        arguments: [
            [0x80], [0xbf], [0xc0, 0x80], [0xc1, 0xbf], [0xc3], [0xc3, 0x28], [0xe0, 0x80, 0x80], [0xe0, 0x9f, 0xbf],
            [0xe2, 0x82],
            [0xe2, 0x28, 0xa1], [0xed, 0xa0, 0x80], [0xed, 0xbf, 0xbf], [0xf0, 0x80, 0x80, 0x80],
            [0xf0, 0x8f, 0xbf, 0xbf],
            [0xf0, 0x9f, 0x98], [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80],
            [0xfe], [0xff],
        ] as [[UInt8]])
    func `a string that is not UTF-8 is refused as value and as key`(bytes: [UInt8]) {
        let quoted = [UInt8(ascii: "\"")] + Array("plain ascii".utf8) + bytes + [UInt8(ascii: "\"")]
        let error = #expect(throws: JSONError.self) { try JSONValue.parse(quoted) }
        #expect(error?.reason == .invalidUTF8)
        #expect(throws: JSONError.self) { try JSONValue.parse([UInt8(ascii: "{")] + quoted + Array(":1}".utf8)) }
        #expect(throws: JSONError.self) { try JSONValue.parse(bytes) }
    }

    @Test func `every lead byte with each edge behind it is judged as Swift judges UTF-8`() {
        let seconds: [UInt8] = [0x21, 0x7f, 0x80, 0x81, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xe0, 0xff]
        for first in UInt8(0x80) ... .max {
            for second in seconds {
                for rest in [[], [0x80], [0xbf], [0x80, 0x80], [0xbf, 0xc0], [0x7f, 0x80]] as [[UInt8]] {
                    let text = [UInt8(ascii: "\""), first, second] + rest + [UInt8(ascii: "\"")]
                    let valid = String(validating: text, as: UTF8.self) != nil
                    if ((try? JSONValue.parse(text)) != nil) != valid { Issue.record("\(text)") }
                }
            }
        }
    }

    @Test func `sixteen levels are read and one more is refused where it opens`() throws {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let nested = { (depth: Int) in
                Array((String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)).utf8)
            }
            _ = try JSONValue.parse(nested(16))
            let error = #expect(throws: JSONError.self) { try JSONValue.parse(nested(17)) }
            #expect(error?.reason == .tooDeep)
            #expect(error?.offset == 16 * open.utf8.count)
            _ = try JSONValue.parse(nested(3), maxDepth: 3)
            #expect(throws: JSONError.self) { try JSONValue.parse(nested(3), maxDepth: 2) }
            _ = try JSONValue.parse(Array("[[],[],[[]],[]]".utf8), maxDepth: 3)
        }
        #expect(throws: JSONError.self) { try JSONValue.parse([UInt8](repeating: UInt8(ascii: "["), count: 1 << 20)) }
    }

    @Test func `the number of values has a limit`() throws {
        let list = Array("[1,[2],{\"a\":3}]".utf8)
        _ = try JSONValue.parse(list, maxValues: 6)
        let error = #expect(throws: JSONError.self) { try JSONValue.parse(list, maxValues: 5) }
        #expect(error?.reason == .tooManyValues)
        #expect(error?.field == "[2].a")
    }

    @Test(.timeLimit(.minutes(1)))
    func `a hundred thousand keys are told apart in linear time`() throws {
        let members = (0..<100_000).map { "\"key\($0)\":\($0)" }
        let object = try #require(try JSONValue.parse(Array("{\(members.joined(separator: ","))}".utf8)).object)
        #expect(object.members.count == 100_000)
        #expect(object["key99999"]?.number.map { Array($0) } == Array("99999".utf8))
        let twice = Array("{\(members.joined(separator: ",")),\"key77\":0}".utf8)
        #expect(throws: JSONError.self) { try JSONValue.parse(twice) }
    }

    @Test func `foreign keys are shortened and cleaned in errors`() {
        let long = String(repeating: "k", count: 1 << 20)
        let error = #expect(throws: JSONError.self) { try JSONValue.parse(Array("{\"\(long)\":x}".utf8)) }
        #expect(error?.field == String(repeating: "k", count: 64) + "…")
        let nasty = #expect(throws: JSONError.self) { try JSONValue.parse(Array(#"{"a\r\nb\u007f":x}"#.utf8)) }
        #expect(nasty?.field == "a??b?")
        #expect(error?.detail.contains("not allowed here") == true)
    }
}
