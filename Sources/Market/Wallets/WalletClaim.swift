public import Ethereum

/// What a contract wallet is asked: whether it signed a digest, by these bytes.
public struct WalletClaim: Sendable, Hashable {
    /// The wallet.
    public let wallet: Address
    /// What was signed.
    public let digest: Bytes32
    /// The signature, 0…4096 bytes that only the wallet understands.
    public let signature: [UInt8]

    /// A claim that nobody has looked at.
    public init(wallet: Address, digest: Bytes32, signature: [UInt8]) {
        self.wallet = wallet
        self.digest = digest
        self.signature = signature
    }

    /// Whether the address signed with its own key, which needs no asking. Costs a recovery.
    public var isPlain: Bool {
        (try? Signature(parsing: signature).recover(digest: digest)) == wallet
    }
}

/// A claim that its wallet affirmed.
public struct WalletApproval: Sendable, Hashable {
    /// What it was asked.
    public let claim: WalletClaim

    /// For whoever asks the chain, and nobody else.
    @_spi(Chain)
    public init(_ claim: WalletClaim) {
        self.claim = claim
    }
}
