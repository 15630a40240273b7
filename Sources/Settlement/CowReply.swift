import Ethereum
import Market
import StrictJSON

/// What CoW answered, whatever it is, and what that means. The kinds of error are an open set: a kind nobody has heard of
/// is a refusal in CoW's own words.
struct CowReply {
    /// Values that the largest reply worth reading may hold.
    private static let mostValues = 20_000
    /// Characters of CoW's words that are kept.
    private static let longestWords = 500

    let status: Int
    let body: [UInt8]

    private var json: JSONValue? { try? JSONValue.parse(body, maxValues: Self.mostValues) }

    /// As the answer to a sent order.
    var sent: SendAnswer {
        switch status {
        case 200..<300:
            guard let text = json?.string, let uid = Hex.decode(Array(text), maxBytes: OrderUID.count),
                uid.count == OrderUID.count
            else { return .unclear("CoW answered \(status), but not with an order's id: \(shown)") }
            return .accepted(uid)
        case 400..<500 where !isMomentary:
            guard let error else { return .unclear("CoW answered \(status): \(shown)") }
            switch error.kind {
            case "DuplicatedOrder", "DuplicateOrder": return .duplicated
            case "InvalidEip1271Signature": return .notYetValid("\(error.kind): \(error.words)")
            default: return .refused(kind: error.kind, words: error.words)
            }
        default: return .unclear("CoW answered \(status): \(error.map { "\($0.kind): \($0.words)" } ?? shown)")
        }
    }

    /// As the answer to a look-up.
    func found(_ uid: OrderUID) -> LookUpAnswer {
        if status == 404 { return .notFound }
        guard (200..<300).contains(status), let order = json?.object,
            let text = order["uid"]?.string, let found = Hex.decode(Array(text), maxBytes: 256),
            let state = order["status"]?.string
        else { return .unclear("CoW answered \(status): \(error.map { "\($0.kind): \($0.words)" } ?? shown)") }
        guard found == uid.bytes else { return .foreign("CoW answered with \(Hex.encode(found))") }
        switch String(decoding: state, as: UTF8.self) {
        case "fulfilled":
            return .fulfilled(executedBuyAmount: order["executedBuyAmount"]?.string.flatMap { UInt256(decimal: $0) })
        case "cancelled": return .cancelled
        case "expired": return .expired
        default: return .open
        }
    }

    /// 408, 425 and 429 ask to come again, whatever the body says.
    private var isMomentary: Bool { [408, 425, 429].contains(status) }

    /// `{"errorType": …, "description": …}`.
    private var error: (kind: String, words: String)? {
        guard let object = json?.object, let kind = object["errorType"]?.string, !kind.isEmpty else { return nil }
        return (Self.plain(kind), Self.plain(object["description"]?.string ?? []))
    }

    /// The beginning of what came.
    private var shown: String { body.isEmpty ? "nothing" : Self.plain(body.prefix(120)) }

    /// Foreign text cut short and without what would steer a terminal or cannot be stored.
    private static func plain(_ text: ArraySlice<UInt8>) -> String {
        String(
            String.UnicodeScalarView(
                String(decoding: text, as: UTF8.self).unicodeScalars.prefix(longestWords).map {
                    $0.properties.generalCategory == .control ? " " : $0
                }))
    }
}
