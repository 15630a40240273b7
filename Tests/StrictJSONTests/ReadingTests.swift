import StrictJSON
import Testing

@Suite struct ReadingTests {
    static let offer = """
        {"offer":{"writer":"0x1563915e194D8CfBA1943570603F7606A3115508","collateralAmount":"1000000000000000000",\
        "isCall":true,"minDuration":7,"tags":["caf\\u00e9","日本","\\ud83d\\ude00",null,-0,1e3]},"signature":"0x63ae"}
        """

    @Test func `a body is read as it was sent`() throws {
        let root = try #require(try JSONValue.parse(Array(Self.offer.utf8)).object)
        #expect(root.members.map { String(decoding: $0.key, as: UTF8.self) } == ["offer", "signature"])
        let offer = try #require(root["offer"]?.object)
        #expect(offer["isCall"]?.bool == true)
        #expect(offer["minDuration"]?.number?.isEqual(to: "7") == true)
        #expect(offer["collateralAmount"]?.string?.isEqual(to: "1000000000000000000") == true)
        #expect(offer["nothing"] == nil)
        let tags = try #require(offer["tags"]?.array)
        #expect(tags.prefix(3).map { $0.string.map(Array.init) } == ["café", "日本", "😀"].map { Array($0.utf8) })
        #expect(tags[3].isNull)
        // Numbers keep their own characters: what a field takes is its own business.
        #expect(tags.suffix(2).map { $0.number.map(Array.init) } == ["-0", "1e3"].map { Array($0.utf8) })
    }

    @Test func `a value of one kind is no other`() throws {
        let values = try #require(try JSONValue.parse(Array(#"[null,true,1,"s",[],{}]"#.utf8)).array)
        for (index, value) in values.enumerated() {
            let kinds = [
                value.isNull, value.bool != nil, value.number != nil, value.string != nil, value.array != nil,
                value.object != nil,
            ]
            #expect(kinds == (0..<6).map { $0 == index })
        }
    }

    @Test func `the first unknown key is found`() throws {
        let object = try #require(try JSONValue.parse(Array(#"{"a":1,"\u0078":2,"b":3,"y":4}"#.utf8)).object)
        #expect(object.firstKey(notIn: ["a", "b"]).map(Array.init) == Array("x".utf8))
        #expect(object.firstKey(notIn: ["a", "b", "x", "y", "z"]) == nil)
        #expect(object.firstKey(notIn: ["b", "x", "y"]).map(Array.init) == Array("a".utf8))
    }

    @Test(arguments: [
        (#"{}"#, true), (#"{"a":1}"#, true), (#"{"a":1,"premiumPerDay":2}"#, true),
        (#"{"a":1,"premiumPerDay":2,"a key of more than 16 bytes":3}"#, true),
        (#"{"a":1,"premiumPerDay":2,"a key of more than 16 Bytes":3}"#, false), (#"{"premiumPerDay":2,"a":1}"#, false),
        (#"{"a":1,"premiumPerDay":2,"a key of more than 16 bytes":3,"b":4}"#, false), (#"{"b":1}"#, false),
    ])
    func `keys in the usual order are known by their places`(text: String, follows: Bool) throws {
        let object = try #require(try JSONValue.parse(Array(text.utf8)).object)
        #expect(object.follows(["a", "premiumPerDay", "a key of more than 16 bytes"]) == follows)
    }

    /// Keys that agree in length, first eight bytes or last eight.
    @Test func `keys are told apart by every byte`() throws {
        for length in [1, 7, 8, 9, 15, 16, 17, 24, 40] {
            let keys = (0..<length).map { place in String((0..<length).map { $0 == place ? "B" : "A" }) }
            let text = "{" + keys.enumerated().map { "\"\($1)\":\($0)" }.joined(separator: ",") + "}"
            let object = try #require(try JSONValue.parse(Array(text.utf8)).object)
            #expect(
                object.members.map { Int(String(decoding: $0.value.number ?? [], as: UTF8.self)) } == Array(0..<length))
            for key in keys {
                let twice = text.dropLast() + ",\"\(key)\":0}"
                #expect(throws: JSONError.self) { try JSONValue.parse(Array(twice.utf8)) }
            }
        }
    }

    @Test func `a body cut anywhere is refused`() {
        let bytes = Array(Self.offer.utf8)
        for count in bytes.indices {
            #expect(throws: JSONError.self) { try JSONValue.parse(Array(bytes[..<count])) }
        }
    }

    @Test(arguments: [7, 1 << 20])
    func `strings of any length are read`(count: Int) throws {
        let plain = [UInt8](repeating: UInt8(ascii: "x"), count: count)
        let quote = [UInt8(ascii: "\"")]
        #expect(try JSONValue.parse(quote + plain + quote).string.map(Array.init) == plain)
        let escaped = Array(repeatElement(Array("\\u00e9".utf8), count: count / 7).joined())
        #expect(try JSONValue.parse(quote + escaped + quote).string?.count == count / 7 * 2)
    }

    @Test(arguments: Array(UInt64(1)...8))
    func `random documents say what they were made of, and once more after being written`(seed: UInt64) throws {
        var random = RandomJSON(state: seed)
        for _ in 0..<80 {
            let (text, value) = random.document()
            let read = try JSONValue.parse(Array(text.utf8))
            if PlainJSON(read) != value { Issue.record("\(text) was read differently") }
            var writer = JSONWriter()
            writer.value(read)
            if PlainJSON(try JSONValue.parse(writer.bytes)) != value { Issue.record("\(text) was written differently") }
        }
    }

    @Test(arguments: Array(UInt64(1)...8))
    func `broken documents are accepted or refused as by the slow reference`(seed: UInt64) {
        var random = RandomJSON(state: seed &* 4711)
        let spice =
            Array("\"\\{}[]:,+-.eE019 \n\tu0ntrf/\u{e9}\u{20ac}".utf8) + [0, 0x1f, 0x7f, 0x80, 0xc0, 0xed, 0xf4, 0xff]
        for _ in 0..<40 {
            let bytes = Array(random.document(depth: 2).text.utf8)
            for _ in 0..<10 {
                var broken = bytes
                for _ in 0...random.next() % 3 {
                    let place = Int(random.next() % UInt64(broken.count + 1))
                    switch random.next() % 3 {
                    case 0 where place < broken.count: broken.remove(at: place)
                    case 1 where place < broken.count: broken[place] = spice.randomElement(using: &random) ?? 0
                    default: broken.insert(spice.randomElement(using: &random) ?? 0, at: place)
                    }
                }
                let slow = broken.starts(with: [0xef, 0xbb, 0xbf]) ? nil : SlowJSON.parse(broken)
                if (try? JSONValue.parse(broken)).map(PlainJSON.init) != slow {
                    Issue.record("\(String(decoding: broken, as: UTF8.self)) \(broken)")
                }
            }
        }
    }
}
