import StrictJSON
import Testing

@Suite struct WriterTests {
    @Test func `commas come by themselves`() {
        var json = JSONWriter()
        json.beginObject()
        json.key("a")
        json.integer(-7)
        json.key("list")
        json.beginArray()
        json.bool(true)
        json.null()
        json.beginArray()
        json.endArray()
        json.beginObject()
        json.endObject()
        json.string("x")
        json.endArray()
        json.key(Array("k\"".utf8)[...])
        json.bool(false)
        json.key("n" as String)
        json.integer(UInt64.max)
        json.key("hex")
        json.ascii { $0.append(contentsOf: "0xab".utf8) }
        json.key("raw")
        json.raw(Array("[1]".utf8))
        json.key("end")
        json.string("static" as StaticString)
        json.endObject()
        #expect(
            String(decoding: json.bytes, as: UTF8.self)
                == #"{"a":-7,"list":[true,null,[],{},"x"],"k\"":false,"n":18446744073709551615,"hex":"0xab","raw":[1],"end":"static"}"#
        )
    }

    @Test(arguments: [
        ("", #""""#), ("plain", #""plain""#), ("\"\\/", #""\"\\/""#), ("\u{8}\u{c}\n\r\t", #""\b\f\n\r\t""#),
        ("\u{0}\u{1}\u{1f} \u{7f}", "\"\\u0000\\u0001\\u001f \u{7f}\""), ("é日😀\u{2028}", "\"é日😀\u{2028}\""),
        ("a\"é\"b", #""a\"é\"b""#),
    ])
    func `strings are escaped where JSON asks for it and nowhere else`(text: String, json: String) {
        var writer = JSONWriter()
        writer.string(text)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == json)
        var second = JSONWriter()
        second.string(Array(text.utf8))
        #expect(second.bytes == writer.bytes)
    }

    @Test func `bytes that are not UTF-8 become replacement characters`() throws {
        var writer = JSONWriter()
        writer.string([0x61, 0xff, 0x22, 0xc3, 0x62])
        #expect(String(decoding: writer.bytes, as: UTF8.self) == "\"a\u{fffd}\\\"\u{fffd}b\"")
        _ = try JSONValue.parse(writer.bytes)
    }

    @Test func `every scalar but NUL is written and read back`() throws {
        for value in stride(from: UInt32(1), through: 0x10ffff, by: 7) {
            guard let scalar = Unicode.Scalar(value) else { continue }
            var writer = JSONWriter()
            writer.string(String(scalar))
            let read = try JSONValue.parse(writer.bytes).string
            if read.map(Array.init) != Array(String(scalar).utf8) { Issue.record("U+\(String(value, radix: 16))") }
        }
    }
}
