public import Ethereum

/// What the holder of an option signs to have its collateral sold: EIP-712 in the deployment's own domain.
public struct SettlementTerms: Sendable, Hashable {
    /// The EIP-712 type that is signed.
    public static let type =
        "SettlementTerms(uint256 tokenId,bytes32 orderHash,uint256 minBuyAmount,uint64 validTo)"
    /// keccak256 of `type`.
    public static let typeHash = Ethereum.typeHash(type)

    /// The option.
    public let tokenId: UInt256
    /// The digest of the order that sells the collateral.
    public let orderHash: Bytes32
    /// The least that the sale must bring, in the stablecoin's smallest unit.
    public let minBuyAmount: UInt256
    /// Unix seconds, the last at which the order can fill.
    public let validTo: UInt64

    /// Terms of their fields.
    public init(tokenId: UInt256, orderHash: Bytes32, minBuyAmount: UInt256, validTo: UInt64) {
        self.tokenId = tokenId
        self.orderHash = orderHash
        self.minBuyAmount = minBuyAmount
        self.validTo = validTo
    }

    /// keccak256 of `abi.encode` of the four fields: the name of these terms.
    public var conditionsHash: Bytes32 {
        var hash = Keccak256()
        absorb(into: &hash)
        return hash.finalize()
    }

    /// EIP-712 `hashStruct`.
    public var structHash: Bytes32 {
        var hash = Keccak256()
        hash.update(Self.typeHash)
        absorb(into: &hash)
        return hash.finalize()
    }

    /// What is signed in a deployment.
    public func digest(_ deployment: Deployment) -> Bytes32 { deployment.digest(structHash: structHash) }

    /// Checks that the holder signed these terms, by the rules that every signature here is under.
    /// - Throws: 422 with what was computed.
    /// - Parameter diagnosing: whether a refusal says what the signature does match; that costs up to 6 ms of one core.
    /// - Returns: the signature as it is stored: `r ‖ s ‖ v`, 65 bytes, v 27 or 28.
    public func verify(
        _ signature: [UInt8], holder: Address, deployment: Deployment, diagnosing: Bool = true
    ) throws(Rejection) -> [UInt8] {
        let structHash = structHash
        let check = SignatureCheck(
            message: .settlement(self), structHash: structHash, digest: deployment.digest(structHash: structHash),
            expected: holder, deployment: deployment, diagnosing: diagnosing)
        return try check.recover(signature).0.bytes65
    }

    private func absorb(into hash: inout Keccak256) {
        hash.update(ABI.word(tokenId))
        hash.update(orderHash)
        hash.update(ABI.word(minBuyAmount))
        hash.update(ABI.word(validTo))
    }
}

/// The document behind a settlement order's `appData`; CoW is sent it in full and keeps its hash in the order.
public enum SettlementAppData {
    /// The document's bytes: exactly these, for they are hashed.
    public static func document(tokenId: UInt256) -> String {
        #"{"version":"0.1.0","metadata":{"orderType":"options-settlement","tokenId":""#
            + tokenId.decimalString + #""}}"#
    }

    /// keccak256 of the document.
    public static func hash(tokenId: UInt256) -> Bytes32 { Keccak256.hash(utf8: document(tokenId: tokenId)) }
}

/// The order's own signature, which the protocol contract checks by EIP-1271.
public enum OrderSignature {
    /// `abi.encode(uint256 tokenId, bytes takerSignature)`, without the owner's prefix: so it goes to CoW's API.
    public static func encode(tokenId: UInt256, takerSignature: [UInt8]) -> [UInt8] {
        var encoder = ABIEncoder(capacity: 4 + takerSignature.count / 32)
        encoder.append(ABI.word(tokenId))
        encoder.append(ABI.word(UInt64(64)))
        encoder.append(ABI.word(UInt64(takerSignature.count)))
        let padding = [UInt8](repeating: 0, count: (32 - takerSignature.count % 32) % 32)
        return encoder.bytes + takerSignature + padding
    }

}
