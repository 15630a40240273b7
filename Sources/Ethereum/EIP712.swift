/// The EIP-712 domain of a contract: who the signature is for.
public struct EIP712Domain: Sendable, Hashable {
    /// The signing domain's name.
    public let name: String
    /// The signing domain's version.
    public let version: String
    /// The EIP-155 chain id.
    public let chainId: UInt256
    /// The contract that will check the signature.
    public let verifyingContract: Address
    /// `hashStruct` of the domain.
    public let separator: Bytes32

    /// keccak256 of `EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)`.
    public static let domainTypeHash = typeHash(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")

    /// A domain of these four fields.
    public init(name: String, version: String, chainId: UInt256, verifyingContract: Address) {
        self.name = name
        self.version = version
        self.chainId = chainId
        self.verifyingContract = verifyingContract
        var hash = Keccak256()
        hash.update(Self.domainTypeHash)
        hash.update(Keccak256.hash(utf8: name))
        hash.update(Keccak256.hash(utf8: version))
        hash.update(ABI.word(chainId))
        hash.update(ABI.word(verifyingContract))
        separator = hash.finalize()
    }

    /// What is signed: keccak256(0x1901 ‖ domain separator ‖ struct hash).
    public static func digest(domainSeparator: Bytes32, structHash: Bytes32) -> Bytes32 {
        var hash = Keccak256()
        hash.update([0x19, 0x01])
        hash.update(domainSeparator)
        hash.update(structHash)
        return hash.finalize()
    }

    /// What is signed in this domain for a struct.
    public func digest(structHash: Bytes32) -> Bytes32 {
        Self.digest(domainSeparator: separator, structHash: structHash)
    }
}
