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

    @Test(arguments: [
        (0.1, "0.1"), (100, "100"), (-0.0, "-0"), (3.1e-78, "3.1e-78"), (1e22, "1e+22"),
        (1.0 / 3, "0.3333333333333333"),
        (Double.greatestFiniteMagnitude, "1.7976931348623157e+308"), (.infinity, "null"), (.nan, "null"),
    ])
    func `doubles are written by their shortest text and read back the same`(value: Double, expected: String) throws {
        var json = JSONWriter()
        json.double(value)
        #expect(String(decoding: json.bytes, as: UTF8.self) == expected)
        if value.isFinite { #expect(try JSONValue.parse(json.bytes).double?.bitPattern == value.bitPattern) }
    }

    @Test(arguments: [("1e3", 1_000), ("-2.5E-3", -0.0025), ("12", 12), ("1e999", .infinity)])
    func `numbers read as doubles`(text: String, expected: Double) throws {
        #expect(try JSONValue.parse(Array(text.utf8)).double == expected)
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
