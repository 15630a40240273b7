/// SplitMix64 (Steele, Lea, Flood 2014): random documents that are the same in every run.
struct RandomJSON: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A valid document and what it says, written with random space and a random choice of escapes.
    mutating func document(depth: Int = 4) -> (text: String, value: PlainJSON) {
        let (text, value) = value(depth)
        return (space() + text + space(), value)
    }

    private mutating func value(_ depth: Int) -> (String, PlainJSON) {
        switch next() % (depth > 0 ? 9 : 6) {
        case 0: return ("null", .null)
        case 1: return Bool.random(using: &self) ? ("true", .bool(true)) : ("false", .bool(false))
        case 2, 3:
            let number = number()
            return (number, .number(number))
        case 4, 5:
            let (text, bytes) = string()
            return (text, .string(bytes))
        case 6:
            let elements = (0..<next() % 5).map { _ in value(depth - 1) }
            return (list("[", elements.map(\.0), "]"), .array(elements.map(\.1)))
        default:
            var members: [(text: String, member: PlainJSON.Member)] = []
            for _ in 0..<next() % 24 {
                let (text, key) = string()
                guard !members.contains(where: { $0.member.key == key }) else { continue }
                let (valueText, value) = value(depth - 1)
                members.append((text + space() + ":" + space() + valueText, .init(key: key, value: value)))
            }
            return (list("{", members.map(\.text), "}"), .object(members.map(\.member)))
        }
    }

    private mutating func list(_ open: String, _ items: [String], _ close: String) -> String {
        open + space() + items.map { $0 + space() }.joined(separator: "," + space()) + close
    }

    private mutating func space() -> String {
        guard next() % 4 == 0 else { return "" }
        return (0..<next() % 3).map { _ in [" ", "\t", "\n", "\r"].randomElement(using: &self) ?? "" }.joined()
    }

    private mutating func number() -> String {
        let digits = { (random: inout RandomJSON) in
            (0...random.next() % 25).map { _ in "\(random.next() % 10)" }.joined()
        }
        var text = next() % 3 == 0 ? "-" : ""
        text += next() % 4 == 0 ? "0" : "\(1 + next() % 9)" + digits(&self)
        if next() % 4 == 0 { text += "." + digits(&self) }
        if next() % 4 == 0 { text += (["e", "E", "e+", "E-"].randomElement(using: &self) ?? "e") + digits(&self) }
        return text
    }

    private mutating func string() -> (text: String, bytes: [UInt8]) {
        var (text, plain) = ("\"", "")
        for _ in 0..<next() % 14 {
            let scalar = scalar()
            plain.unicodeScalars.append(scalar)
            text += written(scalar)
        }
        return (text + "\"", Array(plain.utf8))
    }

    private mutating func scalar() -> Unicode.Scalar {
        switch next() % 8 {
        case 0: Unicode.Scalar(1 + UInt8(next() % 0x1f))
        case 1: ["\"", "\\", "/", "\u{7f}", "\u{80}", "\u{7ff}", "\u{800}"].randomElement(using: &self) ?? "x"
        case 2:
            ["\u{ffff}", "\u{10000}", "\u{10ffff}", "\u{d7ff}", "\u{e000}", "\u{feff}"].randomElement(using: &self)
                ?? "x"
        case 3: Unicode.Scalar(UInt32(next() % 0x11_0000)) ?? "é"
        default: Unicode.Scalar(UInt8(0x61 + next() % 26))
        }
    }

    private mutating func written(_ scalar: Unicode.Scalar) -> String {
        let short: [Unicode.Scalar: String] = [
            "\"": "\\\"", "\\": "\\\\", "/": "\\/", "\u{8}": "\\b", "\u{c}": "\\f", "\n": "\\n", "\r": "\\r",
            "\t": "\\t",
        ]
        if let escape = short[scalar], next() % 2 == 0 { return escape }
        if scalar.value >= 0x20, scalar != "\"", scalar != "\\", next() % 3 != 0 { return String(scalar) }
        return Character(scalar).utf16.map { unit in
            let hex = String(unit, radix: 16, uppercase: Bool.random(using: &self))
            return "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        }.joined()
    }
}
