import Ethereum
import Market
import Testing

@Suite struct SettlementHashTests {
    /// protocol.md §9: the order that settles option 1 of the first vector's offer.
    private static let order = GPv2Order(
        sellToken: Samples.address("0x4200000000000000000000000000000000000006"),
        buyToken: Samples.address("0x036CbD53842c5426634e7929541eC2318f3dCF7e"), receiver: Samples.repeated(0x11),
        sellAmount: 1_000_000_000_000_000_000, buyAmount: 475_000_000, validTo: 1_893_459_600,
        appData: SettlementAppData.hash(tokenId: 1))

    /// `crates/model/src/order.rs::compute_order_uid` of github.com/cowprotocol/services, which has it from
    /// `test/GPv2Signing.test.ts` of github.com/cowprotocol/contracts.
    private static let published = GPv2Order(
        sellToken: Samples.repeated(1), buyToken: Samples.repeated(2), receiver: Samples.repeated(3),
        sellAmount: UInt256(limbs: 0x46dd_f979_7668_0000, 0x02, 0, 0), buyAmount: 0xb98b_c829_a6f9_0000, validTo: .max,
        appData: .zero,
        feeAmount: 0x0de0_b6b3_a764_0000)
    private static let publishedOwner = Samples.address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")

    @Test func `The order's type has its known hash`() {
        #expect(GPv2Order.typeHash.hex == "0xd5a25ba2e97094ad7d83dc28a6572da797d6b3e7fc6663bd93efb789fc17e489")
        #expect(
            SettlementTerms.typeHash.hex == "0xe96eab65672226fa02e9061dbb5b0a63139c0c7ab5647d6fe2d729a09fba4044")
    }

    @Test func `The settlement of the first vector's option has its known hashes`() {
        #expect(
            SettlementAppData.document(tokenId: 1)
                == #"{"version":"0.1.0","metadata":{"orderType":"options-settlement","tokenId":"1"}}"#)
        #expect(
            SettlementAppData.hash(tokenId: 1).hex
                == "0x4005b67ed05b6128a746a72f95b67845a1023f66a0ceb13bf201af9b634d8f95")
        let hash = Self.order.hash(in: GPv2Order.domain(chainId: 84532))
        #expect(hash.hex == "0x85ebd226588b657a5c9840f80ac237f76fee825ad6dfba9aef7d51f1ce7802ee")
        let uid = OrderUID(orderHash: hash, owner: Samples.repeated(0x11), validTo: Self.order.validTo)
        #expect(uid.hex == hash.hex + String(repeating: "11", count: 20) + "70dbe690")
        #expect(OrderUID(bytes: uid.bytes) == uid)
        #expect(OrderUID(hex: Array(uid.hex.utf8)) == uid)
        #expect(OrderUID(bytes: uid.bytes + [0]) == nil)
        #expect(OrderUID(hex: Array(uid.hex.utf8.dropLast(2))) == nil)

        let terms = SettlementTerms(tokenId: 1, orderHash: hash, minBuyAmount: 475_000_000, validTo: 1_893_459_600)
        #expect(
            terms.conditionsHash.hex == "0xc9e8127bb92d27486235bc5706ac040ebcfc1fb8cc347e49f56776c8c39bd5a8")
        #expect(
            terms.digest(Samples.vectors).hex == "0x0ab2424bd1d18cbb237c0609b404b81dd6f9fd653eadfcb96d9d73ce7b706532")
    }

    @Test func `An order of mainnet has its known hashes`() {
        let order = GPv2Order(
            sellToken: Samples.address("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"),
            buyToken: Samples.address("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"), receiver: .zero,
            sellAmount: 1_000_000_000_000_000_000, buyAmount: 2_500_000_000, validTo: 1_800_000_000,
            appData: Keccak256.hash(utf8: "{}"), partiallyFillable: true)
        #expect(order.structHash().hex == "0x2a552586525080ad0a4566ca064ab1aace25796df5482bd62ed5d70848b7a77f")
        #expect(
            order.hash(in: GPv2Order.domain(chainId: 1)).hex
                == "0xa999875e19f5c074a2935f5734c1f61acde2e489cb19934cf6c4231284813a26")
    }

    @Test func `The order that CoW's own tests hash has the uid that they expect`() {
        // The separator of their test chain is given, so the domain is not part of this vector.
        let separator = Samples.hash("0x74e0b11bd18120612556bae4578cfd3a254d7e2495f543c569a92ff5794d9b09")
        let hash = EIP712Domain.digest(domainSeparator: separator, structHash: Self.published.structHash())
        #expect(
            OrderUID(orderHash: hash, owner: Self.publishedOwner, validTo: .max).hex
                == "0x0e45d31fd31b28c26031cdd81b35a8938b2ccca2cc425fcf440fd3bfed1eede9"
                + "70997970c51812dc3a010c7d01b50e0d17dc79c8ffffffff")
    }

    /// Domain separators of the deployed contracts, and the digest of the same order under each as ethers'
    /// `TypedDataEncoder` computes it (the tests of the crate cowprotocol on docs.rs carry them).
    @Test(
        arguments: [
            (
                1, "0xc078f884a2676e1345748b1feace7b0abee5d00ecadb6e574dcdd109a63e8943",
                "0x8295b35c74972663a29a02be0fa8de8a157215b36938caa461fdf183e02cd82e"
            ),
            (
                100, "0x8f05589c4b810bc2f706854508d66d447cd971f8354a4bb0b3471ceb0a466bc7",
                "0x3dee66b2accacd71dd607b281d1485ef960c37beff85374f4b7c65eb05ed1252"
            ),
            (
                8453, "0xd72ffa789b6fae41254d0b5a13e6e1e92ed947ec6a251edf1cf0b6c02c257b4b",
                "0x28862a0c28aab4b8a4403fdf5cfd71686e7dd665db1469ec7f84bf45d1a3dd9b"
            ),
            (
                42161, "0x69d78e7a7cafcaf924483f99f65e8f4e303a99a446db7ab319f9d40e940bced2",
                "0xc5677211ea383a13f4d47c092fc48fb3a0a5ade451c82f19dff69a400080f34b"
            ),
            (
                11_155_111, "0xdaee378bd0eb30ddf479272accf91761e697bc00e067a268f95f1d2732ed230b",
                "0xd69c063b99b74a6690df5541787acc942828219a0ba12fded27eff853da8f6fd"
            ),
        ] as [(UInt64, String, String)])
    func `CoW's domain and an order in it have their known hashes`(chain: UInt64, separator: String, digest: String) {
        let domain = GPv2Order.domain(chainId: UInt256(chain))
        #expect(domain.separator.hex == separator)
        #expect(Self.published.hash(in: domain).hex == digest)
    }

    @Test func `Whether it may be filled in parts, and who receives, is in the hash`() {
        #expect(
            Self.published.structHash().hex == "0x7d9bf070168f9950003bdad00194ef63a5389dd0b594a1288407d551abf147d5")
        let partial = GPv2Order(
            sellToken: Samples.repeated(1), buyToken: Samples.repeated(2), receiver: Samples.repeated(3),
            sellAmount: Self.published.sellAmount, buyAmount: Self.published.buyAmount, validTo: .max, appData: .zero,
            feeAmount: Self.published.feeAmount, partiallyFillable: true)
        #expect(partial.structHash().hex == "0x4a7892b4e3cc787cc8dbb22afb249a52b144ae7aec066d2f41f521aa05c7388c")
        let own = GPv2Order(
            sellToken: Samples.repeated(1), buyToken: Samples.repeated(2), receiver: .zero,
            sellAmount: Self.published.sellAmount, buyAmount: Self.published.buyAmount, validTo: .max, appData: .zero,
            feeAmount: Self.published.feeAmount)
        #expect(own.structHash().hex == "0x5388e8a0f9cf9129fd0fd54d3192e502cf5519ee4316f0c77860bfc0c3f42994")
    }

    @Test(arguments: [0, 1, 31, 32, 33, 65, 4_096])
    func `The order's signature is the option and the holder's signature, as the ABI encodes them`(count: Int) {
        let signature = (0..<count).map { UInt8(truncatingIfNeeded: $0 + 1) }
        let encoded = OrderSignature.encode(tokenId: 7, takerSignature: signature)
        #expect(encoded.count % 32 == 0)
        #expect(encoded.count == 96 + (count + 31) / 32 * 32)
        #expect(Bytes32(bytes: encoded[0..<32]) == ABI.word(UInt64(7)))
        #expect(Bytes32(bytes: encoded[32..<64]) == ABI.word(UInt64(64)))
        #expect(Bytes32(bytes: encoded[64..<96]) == ABI.word(UInt64(count)))
        #expect(Array(encoded[96..<(96 + count)]) == signature)
        #expect(encoded[(96 + count)...].allSatisfy { $0 == 0 })
    }
}
