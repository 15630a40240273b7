public import Ethereum

/// The two hashes that verifying an offer computes. The third that look-ups and chain events may name it by,
/// `Offer.encodedHash()`, is computed where it is needed: verifying does without it.
public struct OfferHashes: Sendable, Hashable {
    /// The signed digest, this service's id of the offer.
    public let offerHash: Bytes32
    /// EIP-712 `hashStruct`.
    public let structHash: Bytes32

    /// Hashes as computed or stored.
    public init(offerHash: Bytes32, structHash: Bytes32) {
        self.offerHash = offerHash
        self.structHash = structHash
    }
}

extension Offer {
    /// The EIP-712 type that is signed.
    public static let type =
        "OptionOffer(address writer,address underlying,uint256 collateralAmount,address stablecoin,bool isCall,"
        + "uint256 premiumPerDay,uint16 minDuration,uint16 maxDuration,uint256 minFillAmount,uint64 deadline,"
        + "bytes32 configHash)"

    /// keccak256 of `type`.
    public static let typeHash = Ethereum.typeHash(type)

    /// EIP-712 `hashStruct`: keccak256(typeHash ‖ the eleven words).
    public func structHash() -> Bytes32 {
        var hash = Keccak256()
        hash.update(Self.typeHash)
        absorb(into: &hash)
        return hash.finalize()
    }

    /// keccak256 of `abi.encode` of the eleven fields, 352 bytes.
    public func encodedHash() -> Bytes32 {
        var hash = Keccak256()
        absorb(into: &hash)
        return hash.finalize()
    }

    private func absorb(into hash: inout Keccak256) {
        hash.update(ABI.word(writer))
        hash.update(ABI.word(underlying))
        hash.update(ABI.word(collateralAmount))
        hash.update(ABI.word(stablecoin))
        hash.update(ABI.word(isCall))
        hash.update(ABI.word(premiumPerDay))
        hash.update(ABI.word(minDuration))
        hash.update(ABI.word(maxDuration))
        hash.update(ABI.word(minFillAmount))
        hash.update(ABI.word(deadline))
        hash.update(ABI.word(configHash))
    }
}
