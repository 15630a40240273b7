import Ethereum
import Testing

/// CoW Protocol's order as the GPv2Settlement contract hashes it.
enum GPv2 {
    static let orderType =
        "Order(address sellToken,address buyToken,address receiver,uint256 sellAmount,uint256 buyAmount,uint32 validTo,"
        + "bytes32 appData,uint256 feeAmount,string kind,bool partiallyFillable,string sellTokenBalance,"
        + "string buyTokenBalance)"

    static func domain(chainId: UInt256) -> EIP712Domain {
        EIP712Domain(
            name: "Gnosis Protocol", version: "v2", chainId: chainId,
            verifyingContract: EIP712Tests.address("0x9008D19f58AAbD9eD0D60971565AA8510560ab41"))
    }

    static func structHash(
        sell: Address, buy: Address, receiver: Address, amounts: (sell: UInt64, buy: UInt64), validTo: UInt32,
        appData: Bytes32, partiallyFillable: Bool
    ) -> Bytes32 {
        let erc20 = Keccak256.hash(utf8: "erc20")
        return EIP712Tests.hash([
            typeHash(orderType), ABI.word(sell), ABI.word(buy), ABI.word(receiver), ABI.word(amounts.sell),
            ABI.word(amounts.buy), ABI.word(validTo), appData, .zero, Keccak256.hash(utf8: "sell"),
            ABI.word(partiallyFillable), erc20, erc20,
        ])
    }
}

@Suite struct SettlementVectorTests {
    @Test func `a GPv2 order has its known hashes`() {
        let structHash = GPv2.structHash(
            sell: EIP712Tests.address("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"),
            buy: EIP712Tests.address("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"), receiver: .zero,
            amounts: (1_000_000_000_000_000_000, 2_500_000_000), validTo: 1_800_000_000,
            appData: Keccak256.hash(utf8: "{}"), partiallyFillable: true)
        #expect(structHash.hex == "0x2a552586525080ad0a4566ca064ab1aace25796df5482bd62ed5d70848b7a77f")
        #expect(
            GPv2.domain(chainId: 1).digest(structHash: structHash).hex
                == "0xa999875e19f5c074a2935f5734c1f61acde2e489cb19934cf6c4231284813a26")
    }

    @Test func `the first offer's settlement has its known hashes`() {
        let appData = Keccak256.hash(
            utf8: #"{"version":"0.1.0","metadata":{"orderType":"options-settlement","tokenId":"1"}}"#)
        #expect(appData.hex == "0x4005b67ed05b6128a746a72f95b67845a1023f66a0ceb13bf201af9b634d8f95")
        let order = GPv2.structHash(
            sell: EIP712Tests.address("0x4200000000000000000000000000000000000006"),
            buy: EIP712Tests.address("0x036CbD53842c5426634e7929541eC2318f3dCF7e"), receiver: EIP712Tests.contract,
            amounts: (1_000_000_000_000_000_000, 475_000_000), validTo: 1_893_459_600, appData: appData,
            partiallyFillable: false)
        let orderHash = GPv2.domain(chainId: 84532).digest(structHash: order)
        #expect(orderHash.hex == "0x85ebd226588b657a5c9840f80ac237f76fee825ad6dfba9aef7d51f1ce7802ee")
        let terms = [ABI.word(UInt64(1)), orderHash, ABI.word(UInt64(475_000_000)), ABI.word(UInt64(1_893_459_600))]
        #expect(
            EIP712Tests.hash(terms).hex == "0xc9e8127bb92d27486235bc5706ac040ebcfc1fb8cc347e49f56776c8c39bd5a8")
        let type = typeHash("SettlementTerms(uint256 tokenId,bytes32 orderHash,uint256 minBuyAmount,uint64 validTo)")
        #expect(
            EIP712Tests.domain.digest(structHash: EIP712Tests.hash([type] + terms)).hex
                == "0x0ab2424bd1d18cbb237c0609b404b81dd6f9fd653eadfcb96d9d73ce7b706532")
    }

    @Test(arguments: [
        (
            "OptionTaken(uint256,bytes32,address,uint256,uint256,uint256)",
            "0x151aea2aa4710bfcaabd8f1e97a454282f679091c1534f93f39763cb38b83cc0"
        ),
        (
            "OptionSettled(uint256,uint256,address)",
            "0x3ee19ac869b98b8bb6888e61dbe1865f972b049d151da07a24b1c08a04d431ee"
        ),
        (
            "SettlementInitiated(uint256,bytes32,uint256)",
            "0xe2b2b202296ee6c3beeef9b8383e1fa853cbabbf05bc16e744da6de6a6758e5f"
        ),
        ("SettlementApproved(uint256,address)", "0x7f89b61c53062fb158619c7b66552eabdfb0e1d37c439a62c2d2b5a657bcea93"),
        (
            "SettlementExecuted(uint256,uint256,address)",
            "0xe02baf69c03d84b374a9ab2a17552f6dfc9298f0486c5f62c3d59116d16ed810"
        ),
        ("OfferCancelled(bytes32,address)", "0x71452125ef8fc453ad578ac435d03568465f10677a9b0edfa96a5da9c5cd2619"),
        ("Transfer(address,address,uint256)", "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"),
    ])
    func `events have their known topics`(event: String, topic: String) {
        #expect(typeHash(event).hex == topic)
    }

    @Test func `EIP-1271's magic value is its function's selector`() {
        #expect(typeHash("isValidSignature(bytes32,bytes)").hex.hasPrefix("0x1626ba7e"))
    }
}
