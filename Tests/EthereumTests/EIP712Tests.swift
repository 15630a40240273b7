import Ethereum
import Testing

/// Hashes that independent implementations produced for the protocol's own structs, and the EIP's example.
@Suite struct EIP712Tests {
    static let contract = address("0x1111111111111111111111111111111111111111")
    static let writer = address("0x2222222222222222222222222222222222222222")
    static let domain = EIP712Domain(
        name: "OptionsProtocol", version: "1", chainId: 84532, verifyingContract: contract)
    static let offerHash = word("0x8aa1af9441d1215a42d93e65ea42bade78c56c78db6f933a1ab795094443aed8")
    /// The fields of the first vector as ABI words.
    static let offer: [Bytes32] = [
        ABI.word(writer), ABI.word(address("0x4200000000000000000000000000000000000006")),
        ABI.word(UInt256(1_000_000_000_000_000_000)), ABI.word(address("0x036CbD53842c5426634e7929541eC2318f3dCF7e")),
        ABI.word(true), ABI.word(UInt256(10_000_000)), ABI.word(UInt16(7)), ABI.word(UInt16(365)),
        ABI.word(UInt256(100_000_000_000_000_000)), ABI.word(UInt64(1_893_456_000)), .zero,
    ]

    static func address(_ text: String) -> Address { (try? Address.parse(text)) ?? .zero }
    static func word(_ text: String) -> Bytes32 { Bytes32(hex: text) ?? .zero }

    static func hash(_ words: [Bytes32]) -> Bytes32 {
        var encoder = ABIEncoder(capacity: words.count)
        for word in words { encoder.append(word) }
        return encoder.keccak
    }

    @Test(arguments: [
        (
            "OptionOffer(address writer,address underlying,uint256 collateralAmount,address stablecoin,bool isCall,"
                + "uint256 premiumPerDay,uint16 minDuration,uint16 maxDuration,uint256 minFillAmount,uint64 deadline,"
                + "bytes32 configHash)", "0x7b826144a8496046c651d545a7466be698d0b5814eab0ee737c87d379a60eef5"
        ),
        (
            "CancelOffers(bytes32[] offerHashes)",
            "0xcb6b14a83dcc8a8733e4ce42e43c8ab4af419ad7ae4b85c93a0c5c48bfe1c164"
        ),
        (
            "CancelAllOffers(address writer,uint64 issuedBefore)",
            "0x28da12828339b71e0ecfda9abbdf1bda6ee0a107cc324f0f71e0ebce13c66f42"
        ),
        (
            "SettlementTerms(uint256 tokenId,bytes32 orderHash,uint256 minBuyAmount,uint64 validTo)",
            "0xe96eab65672226fa02e9061dbb5b0a63139c0c7ab5647d6fe2d729a09fba4044"
        ),
        (GPv2.orderType, "0xd5a25ba2e97094ad7d83dc28a6572da797d6b3e7fc6663bd93efb789fc17e489"),
    ])
    func `types have their known hashes`(type: String, hash: String) {
        #expect(typeHash(type).hex == hash)
    }

    @Test func `the domain has its known type hash and separator`() {
        #expect(
            EIP712Domain.domainTypeHash.hex == "0x8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f")
        #expect(
            Self.domain.separator.hex == "0x8043d7e6a4870d92ad129fea86eb041f0805091496361045b9e786c11ffa3de0")
    }

    @Test func `an offer has its three known hashes`() {
        let type = Self.word("0x7b826144a8496046c651d545a7466be698d0b5814eab0ee737c87d379a60eef5")
        let structHash = Self.hash([type] + Self.offer)
        #expect(structHash.hex == "0xc1dcb761964c8937140423307231942606e58d71b6e2bd873e5cfe2f49fdcf34")
        #expect(Self.domain.digest(structHash: structHash) == Self.offerHash)
        #expect(
            Self.hash(Self.offer).hex == "0xa1f67380627b70e79b9daff7ab3f67ac9f9912f8c518eebf15363d6390ba9742")
    }

    @Test(arguments: [
        ([offerHash], "0xf8edc8223170996e7d5fdb737dae8128d7b5c0d836946a6a177c4fe674b0160b"),
        (
            [offerHash, word("0x" + String(repeating: "01", count: 32))],
            "0x40f88a4b5e8952e2625abdd37aa034307988d78743df29a0a00f02f891e08d92"
        ),
    ])
    func `a cancel of some offers has its known digest`(offers: [Bytes32], digest: String) {
        let structHash = Self.hash([typeHash("CancelOffers(bytes32[] offerHashes)"), Self.hash(offers)])
        #expect(Self.domain.digest(structHash: structHash).hex == digest)
    }

    @Test func `a cancel of all offers has its known digest`() {
        let structHash = Self.hash([
            typeHash("CancelAllOffers(address writer,uint64 issuedBefore)"), ABI.word(Self.writer),
            ABI.word(UInt64(1_893_456_000)),
        ])
        #expect(
            Self.domain.digest(structHash: structHash).hex
                == "0xff6356bf9a22bf4609fa993dedf4ca64954dbb0cd1d8517679b17f5d05655305")
    }

    @Test func `each part of a domain changes its separator`() {
        let others = [
            EIP712Domain(name: "OptionsProtocoI", version: "1", chainId: 84532, verifyingContract: Self.contract),
            EIP712Domain(name: "OptionsProtocol", version: "2", chainId: 84532, verifyingContract: Self.contract),
            EIP712Domain(name: "OptionsProtocol", version: "1", chainId: 1, verifyingContract: Self.contract),
            EIP712Domain(name: "OptionsProtocol", version: "1", chainId: 84532, verifyingContract: Self.writer),
            EIP712Domain(name: "OptionsProtocol1", version: "", chainId: 84532, verifyingContract: Self.contract),
        ]
        #expect(Set(others.map(\.separator) + [Self.domain.separator]).count == 6)
    }

    @Test func `the EIP's Mail is signed by the cow`() throws {
        let person = typeHash("Person(string name,address wallet)")
        func hashed(_ name: String, _ wallet: String) -> Bytes32 {
            Self.hash([person, Keccak256.hash(utf8: name), ABI.word(Self.address(wallet))])
        }
        let mail = Self.hash([
            typeHash("Mail(Person from,Person to,string contents)Person(string name,address wallet)"),
            hashed("Cow", "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"),
            hashed("Bob", "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"),
            Keccak256.hash(utf8: "Hello, Bob!"),
        ])
        let domain = EIP712Domain(
            name: "Ether Mail", version: "1", chainId: 1,
            verifyingContract: Self.address("0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"))
        let digest = domain.digest(structHash: mail)
        #expect(digest.hex == "0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2")
        let cow = try PrivateKey(bytes: Keccak256.hash(utf8: "cow").array)
        #expect(cow.address.checksummed == "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826")
        #expect(try cow.sign(digest: digest).recover(digest: digest) == cow.address)
        #expect(
            Hex.encode(cow.sign(digest: digest).bytes65)
                == "0x4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d"
                + "07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b915621c")
    }
}
