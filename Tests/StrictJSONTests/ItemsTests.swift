import Testing

@testable import StrictJSON

@Suite struct ItemsTests {
    private func read(_ text: String) throws(JSONError) -> [Result<JSONValue, JSONError>]? {
        try JSONValue.parseItems(of: "offers", in: Array(text.utf8))
    }

    @Test(arguments: [
        (#"{"a":1,"a":2}"#, "offers[1].a", JSONError.Reason.duplicateKey),
        (#"{"a":{"b":[1,2,{"c":1,"c":[]}]}}"#, "offers[1].a.b[2].c", .duplicateKey),
        (#""\u0000]""#, "offers[1]", .nul), (#"{"a\ud800":"]}"}"#, "offers[1]", .loneSurrogate),
        ("01", "offers[1]", .unexpectedByte), (#"{"a":"\"]","a":0}"#, "offers[1].a", .duplicateKey),
        (#""\q""#, "offers[1]", .badEscape), ("nul", "offers[1]", .unexpectedByte),
    ])
    func `What is wrong in one item is that item's alone`(item: String, field: String, reason: JSONError.Reason) throws
    {
        for space in ["", " ", "\n\t"] {
            let items = try #require(
                try read(#"{"offers":\#(space)[{"a":1},\#(space)\#(item)\#(space),[]\#(space)]}\#(space)"#))
            #expect(items.count == 3)
            #expect("\(try items[0].get())" == "\(try JSONValue.parse(Array(#"{"a":1}"#.utf8)))")
            #expect("\(try items[2].get())" == "\(JSONValue.array([]))")
            guard case .failure(let error) = items[1] else {
                Issue.record("\(items[1])")
                continue
            }
            #expect(error.field == field)
            if item != "01" { #expect(error.reason == reason) }
        }
    }

    @Test(arguments: [
        "", " ", "\u{feff}{}", #"{"offers":[]}x"#, #"{"offers":[1,]}"#, #"{"offers":[1 2]}"#, #"{"offers":["#,
        #"{"offers":["a"#, #"{"offers":[{"a":1,"a":"\"#, #"{"offers":[{"a":1,"a":1]"#, #"{"offers"[]}"#,
    ])
    func `What is broken around the items is refused`(text: String) {
        #expect(throws: JSONError.self) { try read(text) }
    }

    @Test(arguments: [
        "1", "[]", "{}", #"{"other":[]}"#, #"{"offers":{}}"#, #"{"offers":[],"other":1}"#, #"{"offers":null}"#,
    ])
    func `Another value has no items`(text: String) throws {
        #expect(try read(text) == nil)
    }

    @Test func `Whole items are read as they are alone, and cut texts never trap`() throws {
        var random = RandomJSON(state: 7)
        for _ in 0..<100 {
            let texts = (0..<random.next() % 4).map { _ in random.document().text }
            let whole = #"{"offers":["# + texts.joined(separator: ",") + "]}"
            let items = try #require(try read(whole))
            let alone = try texts.map { text in try JSONValue.parse(Array(text.utf8)) }
            #expect("\(try items.map { try $0.get() })" == "\(alone)")
            let bytes = Array(whole.utf8)
            for _ in 0..<20 {
                let end = Int(random.next() % UInt64(bytes.count))
                _ = try? JSONValue.parseItems(of: "offers", in: Array(bytes[..<end]))
            }
        }
    }
}
