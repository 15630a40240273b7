import Ethereum
import Market
import StrictJSON
import Testing

/// Fixtures/mistakes.jsonl: for each mistake the doctor knows, a body that eth-account signed with that mistake.
@Suite struct SignatureDoctorTests {
    static let lines = Samples.lines("mistakes.jsonl")

    @Test func `every line was read`() {
        #expect(Self.lines.count == 72)
    }

    @Test(arguments: Self.lines.indices)
    func `says what the signature was made over`(index: Int) throws {
        let line = Self.lines[index]
        let body = try #require(line["body"])
        let refused = refusal { () throws(Rejection) in
            if line.text("kind") == "offer" {
                _ = try SignedOffer.verify(try OfferBody.read(body), deployment: Samples.deployment)
            } else {
                _ = try VerifiedCancel.verify(
                    try CancelBody.read(body), deployment: Samples.deployment, now: Samples.now)
            }
        }
        let findings = try #require(refused?.findings)
        #expect(findings.diagnosis == [line.text("diagnosis")])
        #expect(findings.domainSeparator == Samples.deployment.domainSeparator)
        #expect(findings.digest == Samples.deployment.digest(structHash: findings.structHash))
    }

    @Test func `a stranger's signature matches nothing`() {
        let draft = Samples.draft(Samples.offer(writer: Samples.key.address), key: Samples.key(0x23))
        let refused = refusal { () throws(Rejection) in
            _ = try SignedOffer.verify(draft, deployment: Samples.deployment)
        }
        #expect(refused?.code == "signature_mismatch")
        #expect(refused?.findings?.diagnosis == [])
        #expect(refused?.findings?.recovered == Samples.key(0x23).address)
        #expect(refused?.findings?.expected == Samples.key.address)
    }

    @Test func `a high s names the signer of its twin`() throws {
        let line = try #require(Self.lines.first { $0.text("diagnosis")?.contains("low-s twin") == true })
        let draft = try OfferBody.read(try #require(line["body"]))
        let refused = refusal { () throws(Rejection) in
            _ = try SignedOffer.verify(draft, deployment: Samples.deployment)
        }
        #expect(refused?.code == "signature_high_s")
        #expect(refused?.findings?.recovered == draft.offer.writer)
    }

    @Test func `no signature is worth more than the work allowed`() {
        // The last mistake that is tried is a deadline in milliseconds; it must still be within the bound.
        let writer = Samples.offer(writer: Samples.key.address)
        let meant = Samples.offer(writer: Samples.key.address, deadline: writer.deadline * 1000)
        let draft = Draft(offer: writer, signature: Samples.draft(meant).signature)
        let refused = refusal { () throws(Rejection) in
            _ = try SignedOffer.verify(draft, deployment: Samples.deployment)
        }
        #expect(refused?.findings?.diagnosis == ["matches if deadline = \(meant.deadline) (milliseconds)"])
    }
}
