import Ethereum
import Market
import Testing

/// Verifying: what the writer signed passes, and no single field can be changed afterwards.
@Suite struct SignedOfferTests {
    static let offer = Samples.offer(
        writer: Samples.key.address, deadline: 1_893_456_789, configHash: Samples.word(0x5c))

    static func refused(_ draft: Draft, _ deployment: Deployment = Samples.deployment) -> Rejection? {
        refusal { () throws(Rejection) in
            _ = try SignedOffer.verify(draft, deployment: deployment, diagnosing: false)
        }
    }

    @Test func `what the writer signed passes in one form`() throws {
        let draft = Samples.draft(Self.offer)
        let signed = try SignedOffer.verify(draft, deployment: Samples.deployment)
        let compact = try Signature(parsing: draft.signature).compact64
        #expect(signed.hashes == Samples.deployment.hashes(Self.offer))
        #expect(signed.signature == draft.signature)
        #expect(
            try SignedOffer.verify(Draft(offer: Self.offer, signature: compact), deployment: Samples.deployment)
                == signed)
    }

    @Test func `every single bit of every field matters`() throws {
        let signature = Samples.draft(Self.offer).signature
        var changed = 0
        for index in 0..<11 {
            for bit in stride(from: 0, to: 256, by: index % 2 == 0 ? 5 : 7) {
                guard let other = Self.flipping(Self.offer, field: index, bit: bit) else { continue }
                let refused = Self.refused(Draft(offer: other, signature: signature))
                #expect(refused?.kind == .signature)
                #expect(refused?.findings?.expected == other.writer)
                changed += 1
            }
        }
        #expect(changed > 200)
    }

    @Test func `another chain or contract is another signature`() {
        let draft = Samples.draft(Self.offer)
        let elsewhere = [
            Deployment(chainId: 42162, verifyingContract: Samples.deployment.verifyingContract),
            Deployment(chainId: 42161, verifyingContract: Samples.repeated(1)), Samples.vectors,
        ]
        for deployment in elsewhere { #expect(Self.refused(draft, deployment)?.code == "signature_mismatch") }
    }

    @Test func `what was computed is told`() {
        let draft = Samples.draft(Self.offer, key: Samples.key(0x77))
        let refused = Self.refused(draft)
        let hashes = Samples.deployment.hashes(Self.offer)
        #expect(refused?.field == "signature")
        #expect(
            refused?.findings
                == SignatureFindings(
                    domainSeparator: Samples.deployment.domainSeparator, structHash: hashes.structHash,
                    digest: hashes.offerHash, recovered: Samples.key(0x77).address, expected: Self.offer.writer,
                    diagnosis: []))
    }

    @Test func `no signature of any length or content ends the process`() {
        var random = SplitMix(state: 3)
        let good = Samples.draft(Self.offer).signature
        for length in 0...140 {
            let refused = Self.refused(Draft(offer: Self.offer, signature: random.bytes(length + 8).suffix(length)))
            #expect(refused?.kind == .signature)
        }
        for last in UInt8.min...UInt8.max where ![good[64], good[64] - 27].contains(last) {
            #expect(Self.refused(Draft(offer: Self.offer, signature: good[..<64] + [last]))?.kind == .signature)
        }
    }

    /// The offer with one bit of one field changed; nil when the field is not that wide.
    static func flipping(_ offer: Offer, field: Int, bit: Int) -> Offer? {
        func flip(_ value: UInt256) -> UInt256 { UInt256(flip(value.bigEndian)) }
        func flip(_ word: Bytes32) -> Bytes32 {
            var bytes = word.array
            bytes[31 - bit / 8] ^= 1 << UInt8(bit % 8)
            return Bytes32(bytes: bytes) ?? word
        }
        func flip(_ address: Address) -> Address { Address(word: flip(address.word)) ?? address }
        let widths = [160, 160, 256, 160, 1, 256, 16, 16, 256, 64, 256]
        guard bit < widths[field] else { return nil }
        return Offer(
            writer: field == 0 ? flip(offer.writer) : offer.writer,
            underlying: field == 1 ? flip(offer.underlying) : offer.underlying,
            collateralAmount: field == 2 ? flip(offer.collateralAmount) : offer.collateralAmount,
            stablecoin: field == 3 ? flip(offer.stablecoin) : offer.stablecoin,
            isCall: field == 4 ? !offer.isCall : offer.isCall,
            premiumPerDay: field == 5 ? flip(offer.premiumPerDay) : offer.premiumPerDay,
            minDuration: field == 6 ? offer.minDuration ^ (1 << UInt16(bit)) : offer.minDuration,
            maxDuration: field == 7 ? offer.maxDuration ^ (1 << UInt16(bit)) : offer.maxDuration,
            minFillAmount: field == 8 ? flip(offer.minFillAmount) : offer.minFillAmount,
            deadline: field == 9 ? offer.deadline ^ (1 << UInt64(bit)) : offer.deadline,
            configHash: field == 10 ? flip(offer.configHash) : offer.configHash)
    }
}
