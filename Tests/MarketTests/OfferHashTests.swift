import Ethereum
import Market
import Testing

/// The three hashes of an offer: the protocol's vector, and a slow encoder that knows nothing of the fast one.
@Suite struct OfferHashTests {
    @Test func `the first vector has its hashes`() {
        let hashes = Samples.vectors.hashes(Samples.offer)
        #expect(Offer.typeHash.hex == "0x7b826144a8496046c651d545a7466be698d0b5814eab0ee737c87d379a60eef5")
        #expect(
            Samples.vectors.domainSeparator.hex == "0x8043d7e6a4870d92ad129fea86eb041f0805091496361045b9e786c11ffa3de0")
        #expect(hashes.structHash.hex == "0xc1dcb761964c8937140423307231942606e58d71b6e2bd873e5cfe2f49fdcf34")
        #expect(hashes.offerHash.hex == "0x8aa1af9441d1215a42d93e65ea42bade78c56c78db6f933a1ab795094443aed8")
        #expect(Samples.offer.encodedHash().hex == "0xa1f67380627b70e79b9daff7ab3f67ac9f9912f8c518eebf15363d6390ba9742")
        #expect(Samples.vectors.digest(Samples.offer) == hashes.offerHash)
    }

    @Test func `a call locks the underlying and a put the stablecoin`() {
        #expect(Samples.offer(isCall: true).collateralToken == Samples.offer.underlying)
        #expect(Samples.offer(isCall: false).collateralToken == Samples.offer.stablecoin)
        #expect(Samples.offer(isCall: true).side == .call)
        #expect(Samples.offer(isCall: false).side == .put)
    }

    /// A debug build hashes a tenth as fast: it takes fewer offers.
    private static let perSeed = {
        #if DEBUG
            1_250
        #else
            25_000
        #endif
    }()

    @Test(arguments: 0..<16)
    func `random offers hash as the slow encoder says`(seed: Int) {
        var random = SplitMix(state: UInt64(seed))
        var wrong: [Offer] = []
        for _ in 0..<Self.perSeed {
            let offer = SlowEncoder.randomOffer(&random)
            let words = SlowEncoder.encode(offer)
            let same =
                words.count == 352 && offer.encodedHash() == Keccak256.hash(words)
                && offer.structHash() == Keccak256.hash(SlowEncoder.typeHash + words)
            if !same { wrong.append(offer) }
        }
        #expect(wrong.isEmpty)
    }
}

/// `abi.encode` of an offer, byte by byte from the specification.
enum SlowEncoder {
    static let typeHash = Keccak256.hash(
        utf8: "OptionOffer(address writer,address underlying,uint256 collateralAmount,address stablecoin,bool isCall,"
            + "uint256 premiumPerDay,uint16 minDuration,uint16 maxDuration,uint256 minFillAmount,uint64 deadline,"
            + "bytes32 configHash)"
    ).array

    static func encode(_ offer: Offer) -> [UInt8] {
        address(offer.writer) + address(offer.underlying) + number(offer.collateralAmount) + address(offer.stablecoin)
            + number(UInt256(offer.isCall ? 1 : 0)) + number(offer.premiumPerDay)
            + number(UInt256(UInt64(offer.minDuration))) + number(UInt256(UInt64(offer.maxDuration)))
            + number(offer.minFillAmount) + number(UInt256(offer.deadline)) + offer.configHash.array
    }

    static func randomOffer(_ random: inout SplitMix) -> Offer {
        Offer(
            writer: address(&random), underlying: address(&random), collateralAmount: number(&random),
            stablecoin: address(&random), isCall: random.next() & 1 == 0, premiumPerDay: number(&random),
            minDuration: UInt16(truncatingIfNeeded: random.next()),
            maxDuration: UInt16(truncatingIfNeeded: random.next()), minFillAmount: number(&random),
            deadline: random.next(), configHash: number(&random).bigEndian)
    }

    private static func address(_ address: Address) -> [UInt8] {
        Array(repeating: 0, count: 12) + address.array
    }

    /// 32 bytes, most significant first, each byte cut from its limb.
    private static func number(_ value: UInt256) -> [UInt8] {
        let limbs = [value.limbs.3, value.limbs.2, value.limbs.1, value.limbs.0]
        return (0..<32).map { UInt8(truncatingIfNeeded: limbs[$0 / 8] >> UInt64((7 - $0 % 8) * 8)) }
    }

    private static func address(_ random: inout SplitMix) -> Address {
        Address(bytes: random.bytes(20).prefix(20)) ?? .zero
    }

    /// Of a random width, so that every length of number occurs.
    private static func number(_ random: inout SplitMix) -> UInt256 {
        let width = Int(random.next() % 257)
        let bytes = random.bytes(32)
        let kept = (0..<32).map { index in
            let bits = max(0, min(8, width - (31 - index) * 8))
            return bytes[index] & UInt8(truncatingIfNeeded: (1 << bits) - 1)
        }
        return Bytes32(bytes: kept).map { UInt256($0) } ?? .zero
    }
}
