import Ethereum
import Foundation
import StrictJSON
import Testing

/// Fixtures/eth_account.jsonl: what eth-account signed, read, hashed and recovered here.
@Suite struct EthAccountTests {
    static let lines: [JSONObject] = {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures/eth_account.jsonl").path
        let bytes = FileManager.default.contents(atPath: path).map(Array.init) ?? []
        return bytes.split(separator: UInt8(ascii: "\n")).compactMap { try? JSONValue.parse(Array($0)).object }
    }()

    static func lines(of kind: StaticString) -> [JSONObject] {
        lines.filter { $0["kind"]?.string?.isEqual(to: kind) == true }
    }

    @Test func `every line was read`() {
        #expect(Self.lines.count == 401)
        #expect(Self.lines(of: "offer").count == 120)
        #expect(Self.lines(of: "digest").count == 200)
        #expect(Self.lines(of: "message").count == 80)
    }

    @Test func `offers have the same hashes`() throws {
        for line in Self.lines(of: "offer") {
            let offer = try #require(line["offer"]?.object)
            let words = try Self.words(of: offer)
            let type = EIP712Tests.word("0x7b826144a8496046c651d545a7466be698d0b5814eab0ee737c87d379a60eef5")
            let domain = EIP712Domain(
                name: "OptionsProtocol", version: "1", chainId: try Self.number(line, "chainId"),
                verifyingContract: try Self.address(line, "verifyingContract"))
            let structHash = EIP712Tests.hash([type] + words)
            #expect(domain.separator == (try Self.hash(line, "domainSeparator")))
            #expect(structHash == (try Self.hash(line, "structHash")))
            #expect(domain.digest(structHash: structHash) == (try Self.hash(line, "digest")))
            #expect(EIP712Tests.hash(words) == (try Self.hash(line, "encodedHash")))
        }
    }

    @Test(arguments: ["offer", "digest", "message"])
    func `signatures name the same signer`(kind: String) throws {
        for line in Self.lines where line["kind"]?.string?.elementsEqual(kind.utf8) == true {
            let bytes = try Self.bytes(line, "signature")
            let signature = try Signature(parsing: bytes)
            let digest = try Self.hash(line, "digest")
            #expect(signature.bytes65 == bytes)
            #expect(try signature.recover(digest: digest) == (try Self.address(line, "signer")))
        }
    }

    @Test func `the same keys give the same signatures`() throws {
        for line in Self.lines(of: "digest") {
            let key = try PrivateKey(bytes: try Self.bytes(line, "privateKey"))
            let signature = key.sign(digest: try Self.hash(line, "digest"))
            #expect(Hex.encode(signature.bytes65).utf8.elementsEqual(try Self.text(line, "signature")))
            #expect(key.address == (try Self.address(line, "signer")))
        }
    }

    @Test func `messages have the same digests`() throws {
        for line in Self.lines(of: "message") {
            let message = try Self.bytes(line, "message")
            #expect(EIP191.digest(message: message) == (try Self.hash(line, "digest")))
        }
    }

    @Test func `a digest is signed as a message of 32 bytes`() {
        let digest = typeHash("x")
        #expect(EIP191.digest(ofDigest: digest) == EIP191.digest(message: digest.array))
        #expect(
            EIP191.digest(ofDigest: digest)
                == Keccak256.hash(Array("\u{19}Ethereum Signed Message:\n32".utf8) + digest.array))
    }

    static func words(of offer: JSONObject) throws -> [Bytes32] {
        [
            ABI.word(try address(offer, "writer")), ABI.word(try address(offer, "underlying")),
            ABI.word(try number(offer, "collateralAmount")), ABI.word(try address(offer, "stablecoin")),
            ABI.word(try #require(offer["isCall"]?.bool as Bool?)), ABI.word(try number(offer, "premiumPerDay")),
            ABI.word(try number(offer, "minDuration")), ABI.word(try number(offer, "maxDuration")),
            ABI.word(try number(offer, "minFillAmount")), ABI.word(try number(offer, "deadline")),
            try hash(offer, "configHash"),
        ]
    }

    static func address(_ object: JSONObject, _ key: StaticString) throws -> Address {
        try Address.parse(try text(object, key))
    }

    static func hash(_ object: JSONObject, _ key: StaticString) throws -> Bytes32 {
        let text = try text(object, key)
        return try #require(Bytes32(hexBytes: text))
    }

    static func bytes(_ object: JSONObject, _ key: StaticString) throws -> [UInt8] {
        let text = try text(object, key)
        return try #require(Hex.decode(text))
    }

    static func number(_ object: JSONObject, _ key: StaticString) throws -> UInt256 {
        let digits = object[key]?.number ?? object[key]?.string
        return try #require(UInt256(decimal: digits ?? []))
    }

    static func text(_ object: JSONObject, _ key: StaticString) throws -> ArraySlice<UInt8> {
        try #require(object[key]?.string)
    }
}
