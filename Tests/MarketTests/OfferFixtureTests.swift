import Ethereum
import Market
import StrictJSON
import Testing

/// Fixtures/offers.jsonl: what eth-account signed is accepted, and each broken variant is refused with its own code.
@Suite struct OfferFixtureTests {
    static let lines = Samples.lines("offers.jsonl")

    /// The way of a body through reading, rules and verification.
    static func accept(_ body: [UInt8], diagnosing: Bool = false) throws(Rejection) -> SignedOffer {
        let draft = try Draft.parse(body)
        try OfferRules().check(draft.offer, now: Samples.now)
        return try SignedOffer.verify(draft, deployment: Samples.deployment, diagnosing: diagnosing)
    }

    @Test func `every line was read`() {
        #expect(Self.lines.count == 356)
        #expect(Self.lines.filter { $0.text("kind") == "good" }.count == 40)
    }

    @Test func `good offers are accepted with the same hashes`() throws {
        for line in Self.lines where line.text("kind") == "good" {
            let signed = try Self.accept(Samples.bytes(try #require(line["body"])))
            #expect(Samples.deployment.domainSeparator.hex == line.text("domainSeparator"))
            #expect(signed.hashes.structHash.hex == line.text("structHash"))
            #expect(signed.hashes.offerHash.hex == line.text("offerHash"))
            #expect(signed.encodedHash.hex == line.text("encodedHash"))
            #expect(Hex.encode(signed.signature) == line["body"]?.object?.text("signature"))
        }
    }

    @Test func `every variant is accepted or refused as it should be`() throws {
        for line in Self.lines {
            let body = try #require(line["body"])
            let expected = try #require(line["expect"]?.array).map { String(decoding: $0.string ?? [], as: UTF8.self) }
            let refused = refusal { () throws(Rejection) in _ = try Self.accept(Samples.bytes(body)) }
            #expect(expected.contains(refused?.code ?? "accept"), "\(line.text("kind") ?? "") \(refused?.detail ?? "")")
            if let refused { #expect(refused.kind == (refused.code.isVerdict ? .signature : .malformed)) }
        }
    }

    @Test func `other encodings are stored in the one form`() throws {
        for kind in ["v_0_1", "eip2098", "uppercase_hex"] {
            for line in Self.lines where line.text("kind") == kind {
                let signed = try Self.accept(Samples.bytes(try #require(line["body"])))
                #expect(signed.signature.count == 65)
                #expect([27, 28].contains(signed.signature[64]))
                #expect(
                    try Signature(parsing: signed.signature).recover(digest: signed.hashes.offerHash)
                        == signed.offer.writer)
            }
        }
    }
}

extension String {
    /// Whether the code is a judgement of well-formed signature bytes.
    fileprivate var isVerdict: Bool { hasPrefix("signature_") && self != "signature_too_long" }
}
