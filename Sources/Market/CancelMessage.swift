public import Ethereum

/// What a writer signs to cancel.
public enum CancelMessage: Sendable, Hashable {
    /// These offers, 1…500 of them, no two equal.
    case offers([Bytes32])
    /// Every offer of the writer that was accepted before a moment, in unix seconds.
    case all(writer: Address, issuedBefore: UInt64)

    /// The most hashes in one message.
    public static let maxOffers = 500
    /// The EIP-712 type of a cancel by hashes.
    public static let offersType = "CancelOffers(bytes32[] offerHashes)"
    /// The EIP-712 type of a cancel by time.
    public static let allType = "CancelAllOffers(address writer,uint64 issuedBefore)"
    /// keccak256 of `offersType`.
    public static let offersTypeHash = typeHash(offersType)
    /// keccak256 of `allType`.
    public static let allTypeHash = typeHash(allType)

    /// EIP-712 `hashStruct`; an array hashes as keccak256 of its words.
    public var structHash: Bytes32 {
        var hash = Keccak256()
        switch self {
        case .offers(let hashes):
            var list = Keccak256()
            for offerHash in hashes { list.update(offerHash) }
            hash.update(Self.offersTypeHash)
            hash.update(list.finalize())
        case .all(let writer, let issuedBefore):
            hash.update(Self.allTypeHash)
            hash.update(ABI.word(writer))
            hash.update(ABI.word(issuedBefore))
        }
        return hash.finalize()
    }

    /// What is signed in a deployment.
    public func digest(_ deployment: Deployment) -> Bytes32 {
        deployment.digest(structHash: structHash)
    }

    /// The writer that the message itself names.
    public var writer: Address? {
        if case .all(let writer, _) = self { writer } else { nil }
    }
}
