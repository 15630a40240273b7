import Ethereum
import Market
import StrictJSON
import Testing

/// Cancels: the protocol's vectors, reading, verifying, and the stored text.
@Suite struct CancelTests {
    static let now: UInt64 = 1_893_456_000
    static let vector = Samples.hash("0x8aa1af9441d1215a42d93e65ea42bade78c56c78db6f933a1ab795094443aed8")
    static let vectorSignature =
        "0x63aec5b954000556ec2ccc203d30c546293b61fadfaba7767f371e91dfde5bfc"
        + "1f03f5f3a38f2755eedc86b1e04bd433dd6fc0a22bd7f0d6360b3ce82852dc191b"

    static func body(_ message: String, signature: String = "0x", more: String = "") -> [UInt8] {
        Array("{\"message\":\(message),\"signature\":\"\(signature)\"\(more)}".utf8)
    }

    static func verify(_ body: [UInt8], _ deployment: Deployment = Samples.vectors) throws(Rejection) -> VerifiedCancel
    {
        try VerifiedCancel.verify(try CancelBody.parse(body), deployment: deployment, now: now)
    }

    static func signed(_ message: CancelMessage, writer: Address? = nil, key: PrivateKey = Samples.key) -> CancelDraft {
        CancelDraft(
            message: message, signature: key.sign(digest: message.digest(Samples.vectors)).bytes65, writer: writer)
    }

    static func refused(_ draft: CancelDraft) -> Rejection? {
        refusal { () throws(Rejection) in _ = try VerifiedCancel.verify(draft, deployment: Samples.vectors, now: now) }
    }

    @Test func `the vectors have their hashes`() {
        #expect(
            CancelMessage.offersTypeHash.hex == "0xcb6b14a83dcc8a8733e4ce42e43c8ab4af419ad7ae4b85c93a0c5c48bfe1c164")
        #expect(CancelMessage.allTypeHash.hex == "0x28da12828339b71e0ecfda9abbdf1bda6ee0a107cc324f0f71e0ebce13c66f42")
        #expect(
            CancelMessage.offers([Self.vector, Samples.word(1)]).digest(Samples.vectors).hex
                == "0x40f88a4b5e8952e2625abdd37aa034307988d78743df29a0a00f02f891e08d92")
        #expect(
            CancelMessage.offers([Self.vector]).digest(Samples.vectors).hex
                == "0xf8edc8223170996e7d5fdb737dae8128d7b5c0d836946a6a177c4fe674b0160b")
        #expect(
            CancelMessage.all(writer: Samples.repeated(0x22), issuedBefore: 1_893_456_000).digest(Samples.vectors).hex
                == "0xff6356bf9a22bf4609fa993dedf4ca64954dbb0cd1d8517679b17f5d05655305")
    }

    @Test func `the vector's signature is its signer's`() throws {
        let message = "{\"offerHashes\":[\"\(Self.vector)\",\"\(Samples.word(1))\"]}"
        let cancel = try Self.verify(Self.body(message, signature: Self.vectorSignature))
        #expect(cancel.signer == Samples.address("0x1563915e194D8CfBA1943570603F7606A3115508"))
        #expect(cancel.message == .offers([Self.vector, Samples.word(1)]))
        #expect(Hex.encode(cancel.signature) == Self.vectorSignature)
        #expect(cancel.signer == Samples.key.address)
    }

    @Test(arguments: [
        ("{}", "invalid_message", "message"), ("[]", "invalid_type", "message"),
        ("{\"offerHashes\":[]}", "invalid_hash_count", "offerHashes"),
        ("{\"offerHashes\":{}}", "invalid_type", "offerHashes"),
        ("{\"offerHashes\":[1]}", "invalid_type", "offerHashes"),
        ("{\"offerHashes\":[\"0x01\"]}", "invalid_hex", "offerHashes"),
        ("{\"offerHashes\":[\"\(vector)\",\"\(vector)\"]}", "duplicate_hash", "offerHashes"),
        (
            "{\"offerHashes\":[\"\(vector)\"],\"writer\":\"0x2222222222222222222222222222222222222222\"}",
            "invalid_message", "message"
        ),
        ("{\"writer\":\"0x2222222222222222222222222222222222222222\"}", "missing_field", "issuedBefore"),
        ("{\"issuedBefore\":1}", "missing_field", "writer"),
        ("{\"issuedBefore\":1,\"until\":2}", "unknown_field", "until"),
        (
            "{\"writer\":\"0x2222222222222222222222222222222222222222\",\"issuedBefore\":1e3}", "invalid_integer",
            "issuedBefore"
        ),
        (
            "{\"writer\":\"0x2222222222222222222222222222222222222222\",\"issuedBefore\":1893456061}",
            "issued_before_too_late", "issuedBefore"
        ),
        (
            "{\"writer\":\"0x2222222222222222222222222222222222222222\",\"issuedBefore\":\"18446744073709551615\"}",
            "issued_before_too_late", "issuedBefore"
        ),
        ("{\"writer\":\"0x0000000000000000000000000000000000000000\",\"issuedBefore\":1}", "zero_address", "writer"),
    ])
    func `a broken message is refused by code and field`(message: String, code: String, field: String) {
        let refused = refusal { () throws(Rejection) in _ = try Self.verify(Self.body(message)) }
        #expect(refused?.kind == .malformed)
        #expect(refused?.code == code)
        #expect(refused?.field == field)
    }

    @Test(arguments: [(1, nil), (500, nil), (501, "invalid_hash_count")] as [(Int, String?)])
    func `one to five hundred hashes are read`(count: Int, code: String?) {
        let hashes = (0..<count).map { "\"\(UInt256(UInt64($0)).bigEndian)\"" }.joined(separator: ",")
        let refused = refusal { () throws(Rejection) in
            _ = try CancelBody.parse(Self.body("{\"offerHashes\":[\(hashes)]}"))
        }
        #expect(refused?.code == code)
    }

    @Test func `the signer must be who is named`() {
        let (own, other) = (Samples.key.address, Samples.repeated(9))
        let offers = CancelMessage.offers([Self.vector])
        #expect(Self.refused(Self.signed(offers)) == nil)
        #expect(Self.refused(Self.signed(offers, writer: own)) == nil)
        #expect(Self.refused(Self.signed(offers, writer: other))?.code == "signature_mismatch")
        #expect(Self.refused(Self.signed(offers, writer: .zero))?.code == "zero_address")
        let all = CancelMessage.all(writer: own, issuedBefore: Self.now + 60)
        #expect(Self.refused(Self.signed(all)) == nil)
        #expect(Self.refused(Self.signed(all, writer: own)) == nil)
        #expect(Self.refused(Self.signed(all, writer: other))?.findings?.expected == other)
        #expect(Self.refused(Self.signed(all, key: Samples.key(0x23)))?.code == "signature_mismatch")
    }

    @Test func `a signature's form counts for cancels as for offers`() {
        let good = Self.signed(.offers([Self.vector]))
        for (signature, code) in [
            (good.signature[..<64] + [29], "signature_v"), (good.signature + [0], "signature_length"),
            (Array(repeating: 0, count: 64) + [27], "signature_range"),
        ] {
            let draft = CancelDraft(message: good.message, signature: Array(signature))
            #expect(Self.refused(draft)?.code == code)
            #expect(Self.refused(draft)?.kind == .signature)
        }
    }

    @Test func `naming another's offer says in which domain it would have matched`() throws {
        let message = CancelMessage.offers([Self.vector])
        let mainnet = Deployment(chainId: 1, verifyingContract: Samples.vectors.verifyingContract)
        let draft = CancelDraft(message: message, signature: Samples.key.sign(digest: message.digest(mainnet)).bytes65)
        let cancel = try VerifiedCancel.verify(draft, deployment: Samples.vectors, now: Self.now)
        #expect(cancel.signer != Samples.key.address)
        let refused = cancel.refusal(writer: Samples.key.address, of: Self.vector, deployment: Samples.vectors)
        #expect(refused.code == "signature_mismatch")
        #expect(refused.findings?.recovered == cancel.signer)
        #expect(refused.findings?.diagnosis == ["matches if chainId = 1"])
    }

    @Test(arguments: [
        (
            CancelMessage.offers([vector, Samples.word(1)]),
            "{\"offerHashes\":[\"0x8aa1af9441d1215a42d93e65ea42bade78c56c78db6f933a1ab795094443aed8\","
                + "\"0x0101010101010101010101010101010101010101010101010101010101010101\"]}"
        ),
        (
            .all(writer: Samples.key.address, issuedBefore: 1_893_456_000),
            "{\"issuedBefore\":1893456000,\"writer\":\"0x1563915e194D8CfBA1943570603F7606A3115508\"}"
        ),
        (
            .all(writer: Samples.key.address, issuedBefore: .max),
            "{\"issuedBefore\":\"18446744073709551615\",\"writer\":\"0x1563915e194D8CfBA1943570603F7606A3115508\"}"
        ),
    ])
    func `the stored text is canonical and reads back`(message: CancelMessage, text: String) throws {
        #expect(message.canonicalJSON == Array(text.utf8))
        #expect(try CancelMessage.parse(message.canonicalJSON) == message)
    }
}
