public import Ethereum

/// The one contract on the one chain that a running service serves; from configuration, never from a request.
public struct Deployment: Sendable, Hashable {
    /// The signing domain's name.
    public static let domainName = "OptionsProtocol"
    /// The signing domain's version.
    public static let domainVersion = "1"

    /// The EIP-155 chain id.
    public let chainId: UInt256
    /// The protocol contract.
    public let verifyingContract: Address
    /// The EIP-712 domain of both.
    public let domain: EIP712Domain
    /// `hashStruct` of the domain.
    public let domainSeparator: Bytes32

    /// A deployment of the protocol.
    public init(chainId: UInt256, verifyingContract: Address) {
        self.chainId = chainId
        self.verifyingContract = verifyingContract
        domain = EIP712Domain(
            name: Self.domainName, version: Self.domainVersion, chainId: chainId, verifyingContract: verifyingContract)
        domainSeparator = domain.separator
    }

    /// What the writer of an offer signs, and the offer's id.
    public func digest(_ offer: Offer) -> Bytes32 {
        digest(structHash: offer.structHash())
    }

    /// What is signed here for a struct.
    public func digest(structHash: Bytes32) -> Bytes32 {
        EIP712Domain.digest(domainSeparator: domainSeparator, structHash: structHash)
    }

    /// The hashes under which an offer is signed.
    public func hashes(_ offer: Offer) -> OfferHashes {
        let structHash = offer.structHash()
        return OfferHashes(
            offerHash: digest(structHash: structHash), structHash: structHash)
    }
}
