import Ethereum
import Market
import Testing

@testable import Settlement

@Suite struct CowReplyTests {
    private static let uid = OrderUID(
        orderHash: Keccak256.hash(utf8: "order"), owner: Address(bytes: [UInt8](repeating: 1, count: 20)) ?? .zero,
        validTo: 7)

    private static func reply(_ status: Int, _ body: String) -> CowReply {
        CowReply(status: status, body: Array(body.utf8))
    }

    private static func name(_ answer: SendAnswer) -> String {
        switch answer {
        case .accepted(let bytes): bytes == uid.bytes ? "accepted" : "accepted another"
        case .duplicated: "duplicated"
        case .notYetValid: "not yet"
        case .refused(let kind, let words): "refused \(kind): \(words)"
        case .unclear: "unclear"
        }
    }

    @Test(arguments: [
        (201, "\"UID\"", "accepted"), (200, "\"UID\"", "accepted"),
        (201, "\"0x" + String(repeating: "ab", count: 56) + "\"", "accepted another"),
        (201, "\"0xabcd\"", "unclear"), (201, "{\"uid\": \"UID\"}", "unclear"), (201, "", "unclear"),
        (200, "<html>", "unclear"), (201, "\"UID\" ", "accepted"), (201, "\"UID\"x", "unclear"),
        (400, #"{"errorType":"DuplicatedOrder","description":"order already exists"}"#, "duplicated"),
        (400, #"{"errorType":"InvalidEip1271Signature","description":"no"}"#, "not yet"),
        (
            400, #"{"errorType":"TooManyLimitOrders","description":"Too many limit orders"}"#,
            "refused TooManyLimitOrders: Too many limit orders"
        ),
        (403, #"{"errorType":"Forbidden","description":"deny-listed"}"#, "refused Forbidden: deny-listed"),
        (400, #"{"errorType":"NobodyHeardOfIt"}"#, "refused NobodyHeardOfIt: "),
        (400, #"{"errorType":"Odd","description":"a\u001b[31mb"}"#, "refused Odd: a [31mb"),
        (400, "{\"description\":\"no kind\"}", "unclear"), (400, "Bad Request", "unclear"),
        (429, #"{"errorType":"TooManyRequests","description":""}"#, "unclear"),
        (500, #"{"errorType":"InternalServerError","description":""}"#, "unclear"),
        (503, "", "unclear"), (302, "\"UID\"", "unclear"), (100, "", "unclear"),
    ])
    func `What CoW says of a sent order`(status: Int, body: String, expected: String) {
        let text = body.replacing("UID", with: Self.uid.hex)
        #expect(Self.name(Self.reply(status, text).sent) == expected)
    }

    @Test(arguments: [
        (200, #"{"uid":"UID","status":"open"}"#, LookUpAnswer.open),
        (200, #"{"uid":"UID","status":"presignaturePending"}"#, .open),
        (200, #"{"uid":"UID","status":"neverHeardOf"}"#, .open),
        (200, #"{"uid":"UID","status":"fulfilled","executedBuyAmount":"42"}"#, .fulfilled(executedBuyAmount: 42)),
        (200, #"{"uid":"UID","status":"fulfilled","executedBuyAmount":"4e2"}"#, .fulfilled(executedBuyAmount: nil)),
        (200, #"{"uid":"UID","status":"cancelled"}"#, .cancelled),
        (200, #"{"uid":"UID","status":"expired"}"#, .expired),
        (404, #"{"errorType":"NotFound","description":"Order was not found"}"#, .notFound), (404, "<html>", .notFound),
        (200, #"{"uid":"0x01","status":"fulfilled"}"#, .foreign("CoW answered with 0x01")),
    ])
    func `What CoW says of an order it is asked for`(status: Int, body: String, expected: LookUpAnswer) {
        #expect(Self.reply(status, body.replacing("UID", with: Self.uid.hex)).found(Self.uid) == expected)
    }

    @Test(arguments: [
        (200, #"{"uid":"UID"}"#), (200, #"{"status":"fulfilled"}"#), (200, "[]"), (200, "<html>"), (500, ""),
        (302, #"{"uid":"UID","status":"fulfilled"}"#),
        (200, #"{"uid":"UID","uid":"UID","status":"fulfilled"}"#),
    ])
    func `What says nothing is unclear`(status: Int, body: String) {
        let answer = Self.reply(status, body.replacing("UID", with: Self.uid.hex)).found(Self.uid)
        guard case .unclear = answer else {
            Issue.record("\(answer)")
            return
        }
    }
}
