import StrictJSON

/// JSON as a plain tree, to compare two readers' results.
indirect enum PlainJSON: Equatable {
    case null
    case bool(Bool)
    case number(String)
    case string([UInt8])
    case array([PlainJSON])
    case object([Member])

    struct Member: Equatable {
        let key: [UInt8]
        let value: PlainJSON
    }

    init(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .number(let text): self = .number(String(decoding: text, as: UTF8.self))
        case .string(let bytes): self = .string(Array(bytes))
        case .array(let values): self = .array(values.map(PlainJSON.init))
        case .object(let object):
            self = .object(object.members.map { Member(key: Array($0.key), value: PlainJSON($0.value)) })
        }
    }
}

/// The independent reference: the same rules written for clearness over whole Unicode scalars, with Swift's own UTF-8
/// validation in front. Nil means refused.
struct SlowJSON {
    private var rest: ArraySlice<Unicode.Scalar>

    static func parse(_ bytes: [UInt8], maxDepth: Int = 16) -> PlainJSON? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var reader = SlowJSON(rest: ArraySlice(text.unicodeScalars))
        reader.space()
        guard let value = reader.value(maxDepth) else { return nil }
        reader.space()
        return reader.rest.isEmpty ? value : nil
    }

    private mutating func space() { rest = rest.drop { " \t\n\r".unicodeScalars.contains($0) } }

    private mutating func take(_ text: String) -> Bool {
        guard rest.starts(with: text.unicodeScalars) else { return false }
        rest = rest.dropFirst(text.unicodeScalars.count)
        return true
    }

    private mutating func value(_ depth: Int) -> PlainJSON? {
        if take("null") { return .null }
        if take("true") { return .bool(true) }
        if take("false") { return .bool(false) }
        if rest.first == "\"" { return string().map { .string(Array(String($0).utf8)) } }
        if rest.first == "[" || rest.first == "{" { return depth > 0 ? collection(depth - 1) : nil }
        return number()
    }

    private mutating func collection(_ depth: Int) -> PlainJSON? {
        let isObject = rest.first == "{"
        let end = isObject ? "}" : "]"
        rest = rest.dropFirst()
        space()
        var elements: [PlainJSON] = []
        var members: [PlainJSON.Member] = []
        var first = true
        while !take(end) {
            if !first {
                guard take(",") else { return nil }
                space()
            }
            first = false
            var key: [UInt8] = []
            if isObject {
                guard rest.first == "\"", let text = string() else { return nil }
                key = Array(String(text).utf8)
                space()
                guard take(":"), !members.contains(where: { $0.key == key }) else { return nil }
                space()
            }
            guard let value = value(depth) else { return nil }
            elements.append(value)
            members.append(.init(key: key, value: value))
            space()
        }
        return isObject ? .object(members) : .array(elements)
    }

    private mutating func number() -> PlainJSON? {
        let token = String(String.UnicodeScalarView(rest.prefix { "+-.0123456789eE".unicodeScalars.contains($0) }))
        guard token.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/) != nil else { return nil }
        rest = rest.dropFirst(token.unicodeScalars.count)
        return .number(token)
    }

    private mutating func string() -> String.UnicodeScalarView? {
        var text = String.UnicodeScalarView()
        rest = rest.dropFirst()
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\"": return text
            case "\\":
                guard let unescaped = escape() else { return nil }
                text.append(unescaped)
            case "\u{0}"..<"\u{20}": return nil
            default: text.append(scalar)
            }
        }
        return nil
    }

    private mutating func escape() -> Unicode.Scalar? {
        let simple: [Unicode.Scalar: Unicode.Scalar] = [
            "\"": "\"", "\\": "\\", "/": "/", "b": "\u{8}", "f": "\u{c}", "n": "\n", "r": "\r", "t": "\t",
        ]
        guard let letter = rest.popFirst() else { return nil }
        guard letter == "u" else { return simple[letter] }
        guard let unit = codeUnit(), unit != 0 else { return nil }
        if !(0xd800...0xdfff).contains(unit) { return Unicode.Scalar(unit) }
        guard unit < 0xdc00, take("\\u"), let low = codeUnit(), (0xdc00...0xdfff).contains(low) else { return nil }
        return Unicode.Scalar(0x10000 + (unit - 0xd800) * 0x400 + (low - 0xdc00))
    }

    private mutating func codeUnit() -> UInt32? {
        let digits = rest.prefix(4)
        rest = rest.dropFirst(4)
        guard digits.count == 4, digits.allSatisfy({ $0.isASCII && Character($0).isHexDigit }) else { return nil }
        return UInt32(String(String.UnicodeScalarView(digits)), radix: 16)
    }
}
